//! A body that is kept while it is sent, up to a limit, so that it can be sent once more (R4).

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::error::BoxError;
use crate::kept_body::KeptBody;

pin_project! {
    /// The body of the requests that [`AuthorizationLayer`](crate::AuthorizationLayer) sends to the service under it.
    ///
    /// It passes on the frames of the caller's body `B`: first those that were ready before the request was sent, then the others as
    /// they come. It also keeps them, up to the layer's [`replay_limit`](crate::AuthorizationLayer::replay_limit), until the response
    /// arrives. The body of a replay consists of the frames that were kept.
    pub struct ReplayBody<B> {
        #[pin]
        source: Source<B>,
    }
}

pin_project! {
    #[project = SourceProjection]
    enum Source<B> {
        /// The caller's body, which is not kept.
        Original {
            #[pin]
            body: B,
        },
        /// The caller's body, while it is kept.
        Recorded {
            recorded: Recorded<B>,
        },
        /// A body that was kept whole, and how many of its frames were sent.
        Copy {
            kept: Arc<KeptBody>,
            sent: usize,
        },
        Empty,
    }
}

struct Recorded<B> {
    body: Pin<Box<B>>,
    /// What was read before the request was sent.
    ahead: VecDeque<Result<Frame<Bytes>, BoxError>>,
    /// `None` if the remainder is not kept.
    kept: Option<Arc<KeptBody>>,
}

/// What is kept of a body.
#[derive(Debug)]
pub(crate) enum Content {
    Empty,
    /// Its frames, while they are sent.
    Frames(Arc<KeptBody>),
}

impl<B> ReplayBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    pub(crate) fn new(body: B) -> Self {
        Self::of(Source::Original { body })
    }

    /// Keeps this body from now on. `None` if it is known to be longer than `limit` bytes.
    ///
    /// It reads the frames that are ready: a server may reject the token before they are sent.
    pub(crate) fn keep(&mut self, limit: usize) -> Option<Content> {
        let body = match mem::replace(&mut self.source, Source::Empty) {
            Source::Original { body } => body,
            Source::Empty => return Some(Content::Empty),
            // A request is copied once.
            other @ (Source::Recorded { .. } | Source::Copy { .. }) => {
                self.source = other;
                return None;
            }
        };
        if body.is_end_stream() {
            return Some(Content::Empty);
        }
        let hint = body.size_hint();
        let least = usize::try_from(hint.lower()).unwrap_or(usize::MAX);
        if limit == 0 || least > limit {
            self.source = Source::Original { body };
            return None;
        }
        let kept = Arc::new(KeptBody::new(limit, hint.exact()));
        let recorded = Recorded::read_ahead(body, &kept);
        self.source = if kept.is_whole() {
            let kept = Arc::clone(&kept);
            Source::Copy { kept, sent: 0 }
        } else {
            Source::Recorded { recorded }
        };
        Some(Content::Frames(kept))
    }

    fn of(source: Source<B>) -> Self {
        Self { source }
    }
}

impl Content {
    /// Returns a body with this content. `None` if it is longer than the limit, or was not sent to its end.
    pub(crate) fn replay<B>(&self) -> Option<ReplayBody<B>>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        match self {
            Self::Empty => Some(ReplayBody::of(Source::Empty)),
            Self::Frames(kept) => kept.is_whole().then(|| {
                ReplayBody::of(Source::Copy {
                    kept: Arc::clone(kept),
                    sent: 0,
                })
            }),
        }
    }
}

impl<B> Body for ReplayBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.project().source.project() {
            SourceProjection::Original { body } => body.poll_frame(context).map(of_bytes),
            SourceProjection::Recorded { recorded } => recorded.poll_frame(context),
            SourceProjection::Copy { kept, sent } => {
                let frame = kept.frame(*sent);
                *sent = sent.saturating_add(1);
                Poll::Ready(frame.map(Ok))
            }
            SourceProjection::Empty => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Original { body } => body.is_end_stream(),
            Source::Recorded { recorded } => recorded.is_end_stream(),
            Source::Copy { kept, sent } => kept.ends_after(*sent),
            Source::Empty => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Original { body } => body.size_hint(),
            Source::Recorded { recorded } => recorded.size_hint(),
            Source::Copy { kept, sent } => kept.size_hint(*sent),
            Source::Empty => SizeHint::with_exact(0),
        }
    }
}

impl<B> Recorded<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    /// Reads until the body has ended, is longer than may be kept, or would have to be waited for.
    fn read_ahead(body: B, kept: &Arc<KeptBody>) -> Self {
        let mut body = Box::pin(body);
        let mut ahead = VecDeque::new();
        // The sender of the body polls it again.
        let mut context = Context::from_waker(Waker::noop());
        let mut goes_on = true;
        while goes_on {
            let Poll::Ready(frame) = body.as_mut().poll_frame(&mut context) else {
                break;
            };
            let frame = of_bytes(frame);
            goes_on = kept.goes_on(frame.as_ref(), || body.is_end_stream());
            ahead.extend(frame);
        }
        Self {
            body,
            ahead,
            kept: goes_on.then(|| Arc::clone(kept)),
        }
    }

    fn poll_frame(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(frame) = self.ahead.pop_front() {
            return Poll::Ready(Some(frame));
        }
        let frame = of_bytes(ready!(self.body.as_mut().poll_frame(context)));
        // The other owner is dropped when the response has arrived, unless the response is a 401.
        let wanted = self.kept.take().filter(|kept| Arc::strong_count(kept) > 1);
        let is_last = || self.body.is_end_stream();
        self.kept = wanted.filter(|kept| kept.goes_on(frame.as_ref(), is_last));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ahead.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let ahead = self.ahead.iter().flatten().filter_map(Frame::data_ref);
        let ahead = ahead.map(Bytes::len).sum::<usize>() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(ahead));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(ahead));
        }
        hint
    }
}

fn of_bytes<D: Buf, E: Into<BoxError>>(
    frame: Option<Result<Frame<D>, E>>,
) -> Option<Result<Frame<Bytes>, BoxError>> {
    let of_bytes = |frame: Frame<D>| frame.map_data(bytes);
    frame.map(|frame| frame.map(of_bytes).map_err(Into::into))
}

/// Without a copy, if the data is `Bytes`.
fn bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

impl<B> fmt::Debug for ReplayBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayBody").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
