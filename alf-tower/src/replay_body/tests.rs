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

#[test]
fn p3_a_copy_has_the_length_of_its_body() {
    let mut body = ReplayBody::new(pieces(&["a piece", "another"]));
    let content = body.keep(1000).unwrap();
    pollster::block_on(body.collect()).unwrap();
    let mut replay = pin!(content.replay::<Empty<Bytes>>().unwrap());
    assert_eq!(replay.size_hint().exact(), Some(14));
    pollster::block_on(replay.frame()).unwrap().unwrap();
    assert_eq!(replay.size_hint().exact(), Some(7));
    assert!(!replay.is_end_stream());
    pollster::block_on(replay.frame()).unwrap().unwrap();
    assert!(replay.is_end_stream());
    assert!(pollster::block_on(replay.frame()).is_none());
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
