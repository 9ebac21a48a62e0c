use std::convert::Infallible;
use std::pin::pin;

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, Empty, Full, StreamBody};

use super::*;

/// A body of these frames, whose length is not known.
fn stream(
    frames: impl IntoIterator<Item = Frame<Bytes>>,
) -> impl Body<Data = Bytes, Error = Infallible> {
    let frames: Vec<_> = frames.into_iter().map(Ok).collect();
    StreamBody::new(futures_util::stream::iter(frames))
}

fn pieces(pieces: &[&'static str]) -> impl Body<Data = Bytes, Error = Infallible> {
    let frames = pieces
        .iter()
        .map(|piece| Frame::data(Bytes::from_static(piece.as_bytes())));
    stream(frames.collect::<Vec<_>>())
}

fn data(data: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(data.as_bytes()))
}

/// A body whose frames come later.
fn channel() -> (UnboundedSender<Arrived>, UnboundedReceiver<Arrived>) {
    futures_channel::mpsc::unbounded()
}

type Arrived = Result<Frame<Bytes>, Infallible>;

/// Keeps a body while it is sent, and returns what a replay would send.
fn sent_and_replayed<B>(body: B, limit: usize) -> Option<Bytes>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let mut body = ReplayBody::new(body);
    let content = body.keep(limit)?;
    pollster::block_on(body.collect()).unwrap();
    let replay = content.replay::<Empty<Bytes>>()?;
    Some(pollster::block_on(replay.collect()).unwrap().to_bytes())
}

#[test]
fn r4_a_body_up_to_the_limit_is_replayed() {
    let long = "long".repeat(25);
    for (body, limit) in [
        (Full::new(Bytes::from(long.clone())).boxed(), 100),
        (Full::new(Bytes::from(long.clone())).boxed(), usize::MAX),
        (
            pieces(&["a piece, ", "another, ", "", "the last"]).boxed(),
            1000,
        ),
        (stream([]).boxed(), 1),
        (Empty::new().boxed(), 0),
    ] {
        let expected = sent_and_replayed(body, limit);
        assert!(expected.is_some(), "with the limit {limit}");
    }
    let replayed = sent_and_replayed(pieces(&["a piece, ", "another, ", "", "the last"]), 1000);
    assert_eq!(replayed.unwrap(), "a piece, another, the last");
}

#[test]
fn r4_a_longer_body_is_not_kept() {
    let known = Full::new(Bytes::from("long".repeat(25)));
    assert!(ReplayBody::new(known).keep(99).is_none());
    let long: Vec<_> = std::iter::repeat_n("twenty bytes of data", 6).collect();
    assert_eq!(sent_and_replayed(pieces(&long), 100), None);
    assert_eq!(sent_and_replayed(pieces(&["a piece"]), 0), None);
    // Each costs some memory, however short it is.
    let short: Vec<_> = std::iter::repeat_n("-", 1000).collect();
    assert_eq!(sent_and_replayed(pieces(&short), 2000), None);
}

#[test]
fn r4_a_body_that_is_there_at_once_needs_not_be_sent() {
    let mut body = ReplayBody::new(pieces(&["a piece, ", "another"]));
    let content = body.keep(1000).unwrap();
    for body in [content.replay::<Empty<Bytes>>(), content.replay()] {
        let replayed = pollster::block_on(body.unwrap().collect()).unwrap();
        assert_eq!(replayed.to_bytes(), "a piece, another");
    }
    let sent = pollster::block_on(body.collect()).unwrap();
    assert_eq!(sent.to_bytes(), "a piece, another");
}

#[test]
fn r4_a_body_that_has_not_ended_is_not_replayed() {
    let (sender, receiver) = channel();
    sender.unbounded_send(Ok(data("a piece, "))).unwrap();
    let mut body = ReplayBody::new(StreamBody::new(receiver));
    let content = body.keep(1000).unwrap();
    assert!(content.replay::<Empty<Bytes>>().is_none());
    sender.unbounded_send(Ok(data("another"))).unwrap();
    let mut body = pin!(body);
    for expected in ["a piece, ", "another"] {
        let frame = pollster::block_on(body.frame()).unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), expected);
        // A stream has not ended before it says so.
        assert!(content.replay::<Empty<Bytes>>().is_none());
    }
    drop(sender);
    assert!(pollster::block_on(body.frame()).is_none());
    let replay = content.replay::<Empty<Bytes>>().unwrap();
    let replayed = pollster::block_on(replay.collect()).unwrap();
    assert_eq!(replayed.to_bytes(), "a piece, another");
}

#[test]
fn r4_a_body_has_ended_with_its_trailers() {
    let (sender, receiver) = channel();
    let mut body = ReplayBody::new(StreamBody::new(receiver));
    let content = body.keep(1000).unwrap();
    sender.unbounded_send(Ok(data("a piece"))).unwrap();
    let trailers = Frame::trailers(HeaderMap::new());
    sender.unbounded_send(Ok(trailers)).unwrap();
    let mut body = pin!(body);
    for _ in 0..2 {
        assert!(content.replay::<Empty<Bytes>>().is_none());
        pollster::block_on(body.frame()).unwrap().unwrap();
    }
    assert!(content.replay::<Empty<Bytes>>().is_some());
}

#[test]
fn p3_a_body_that_was_read_ahead_is_sent_whole() {
    // Longer than the limit, whose length is not known, and whose length is known but not reached.
    let long: Vec<_> = std::iter::repeat_n("twenty bytes of data", 6).collect();
    let mut body = ReplayBody::new(pieces(&long));
    let content = body.keep(100).unwrap();
    let sent = pollster::block_on(body.collect()).unwrap();
    assert_eq!(sent.to_bytes(), long.concat());
    assert!(content.replay::<Empty<Bytes>>().is_none());

    let (sender, receiver) = channel();
    sender.unbounded_send(Ok(data("a piece"))).unwrap();
    let mut body = ReplayBody::new(StreamBody::new(receiver));
    let _content = body.keep(1000).unwrap();
    assert_eq!(body.size_hint().lower(), 7);
    assert!(!body.is_end_stream());
    drop(sender);
}

#[test]
fn r4_a_body_that_broke_is_not_replayed() {
    let frames = [
        Ok(Frame::data(Bytes::from_static(b"a piece"))),
        Err("broken"),
    ];
    let mut body = ReplayBody::new(StreamBody::new(futures_util::stream::iter(frames)));
    let content = body.keep(1000).unwrap();
    let error = pollster::block_on(body.collect()).unwrap_err();
    assert_eq!(error.to_string(), "broken");
    assert!(content.replay::<Empty<Bytes>>().is_none());
}

#[test]
fn r4_trailers_are_replayed() {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("1"));
    let frames = [
        Frame::data(Bytes::from_static(b"a piece")),
        Frame::trailers(trailers.clone()),
    ];
    let mut body = ReplayBody::new(stream(frames));
    let content = body.keep(1000).unwrap();
    pollster::block_on(body.collect()).unwrap();
    let replay = content.replay::<Empty<Bytes>>().unwrap();
    assert!(!replay.is_end_stream());
    let replayed = pollster::block_on(replay.collect()).unwrap();
    assert_eq!(replayed.trailers(), Some(&trailers));
    assert_eq!(replayed.to_bytes(), "a piece");
}

/// A body that says that it has this length.
struct OfLength<B>(u64, B);

impl<B: Body + Unpin> Body for OfLength<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.1).poll_frame(context));
        let data = frame
            .as_ref()
            .and_then(|frame| frame.as_ref().ok()?.data_ref());
        self.0 -= data.map_or(0, Buf::remaining) as u64;
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0)
    }
}

#[test]
fn p3_a_copy_has_the_length_of_its_body() {
    let mut body = ReplayBody::new(OfLength(14, pieces(&["a piece", "another"])));
    let content = body.keep(1000).unwrap();
    let mut replay = pin!(content.replay::<Empty<Bytes>>().unwrap());
    assert_eq!(body.size_hint().exact(), Some(14));
    assert_eq!(replay.size_hint().exact(), Some(14));
    pollster::block_on(replay.frame()).unwrap().unwrap();
    assert_eq!(replay.size_hint().exact(), Some(7));
    assert!(!replay.is_end_stream());
    pollster::block_on(replay.frame()).unwrap().unwrap();
    assert!(replay.is_end_stream());
    assert!(pollster::block_on(replay.frame()).is_none());
}

#[test]
fn p3_a_length_that_the_body_does_not_say_is_not_said() {
    // HTTP/1.1 sends trailers only if the length is not known.
    let trailers = HeaderMap::from_iter([(http::header::ETAG, HeaderValue::from_static("1"))]);
    for frames in [vec![data("a piece"), Frame::trailers(trailers)], vec![]] {
        let mut body = ReplayBody::new(stream(frames));
        let content = body.keep(1000).unwrap();
        for body in [
            body.boxed(),
            content.replay::<Empty<Bytes>>().unwrap().boxed(),
        ] {
            assert_eq!(body.size_hint().exact(), None);
            assert!(!body.is_end_stream());
        }
    }
}

#[test]
fn p3_a_body_that_is_shorter_than_it_says_is_not_completed() {
    // So an HTTP client returns an error, as without the layer.
    for (sent, left) in [(&["a piece"][..], 7), (&[], 14)] {
        let mut body = ReplayBody::new(OfLength(14, pieces(sent)));
        let _content = body.keep(1000).unwrap();
        let mut body = pin!(body);
        for _ in sent {
            pollster::block_on(body.frame()).unwrap().unwrap();
        }
        assert!(!body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(left));
    }
}

#[test]
fn p3_a_frame_is_passed_on_before_the_next_exists() {
    let (sender, receiver) = channel();
    let mut body = ReplayBody::new(StreamBody::new(receiver));
    let content = body.keep(1000).unwrap();
    let mut body = pin!(body);
    let mut task = Context::from_waker(Waker::noop());
    assert!(body.as_mut().poll_frame(&mut task).is_pending());
    for piece in ["one", "two"] {
        sender.unbounded_send(Ok(data(piece))).unwrap();
        let Poll::Ready(Some(Ok(frame))) = body.as_mut().poll_frame(&mut task) else {
            panic!("expected the frame");
        };
        assert_eq!(frame.into_data().unwrap(), piece);
        assert!(body.as_mut().poll_frame(&mut task).is_pending());
    }
    drop(content);
}

#[test]
fn p3_nothing_is_kept_once_the_response_is_accepted() {
    let (sender, receiver) = channel();
    let mut body = ReplayBody::new(StreamBody::new(receiver));
    let content = body.keep(1000).unwrap();
    let mut body = pin!(body);
    let data = Bytes::from(vec![0; 100]);
    sender
        .unbounded_send(Ok(Frame::data(data.clone())))
        .unwrap();
    pollster::block_on(body.frame()).unwrap().unwrap();
    assert!(!data.is_unique());
    drop(content);
    sender
        .unbounded_send(Ok(Frame::data(data.clone())))
        .unwrap();
    pollster::block_on(body.frame()).unwrap().unwrap();
    assert!(data.is_unique());
}
