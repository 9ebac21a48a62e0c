//! A body that is kept while it is sent, up to a limit, so that it can be sent once more (R4).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::kept_body::KeptBody;

pin_project! {
    /// The body of the requests that [`AuthorizationLayer`](crate::AuthorizationLayer) sends to the service under it.
    ///
    /// It passes on the frames of the caller's body `B` as they come. It also keeps them, up to the layer's
    /// [`replay_limit`](crate::AuthorizationLayer::replay_limit), until the response arrives. The body of a replay consists of the
    /// frames that were kept.
    #[derive(Debug)]
    pub struct ReplayBody<B> {
        #[pin]
        source: Source<B>,
    }
}

pin_project! {
    #[project = SourceProjection]
    #[derive(Debug)]
    enum Source<B> {
        /// The caller's body, and where its frames are kept.
        Original {
            #[pin]
            body: B,
            kept: Option<Arc<KeptBody>>,
        },
        /// A body that was kept whole, and how many of its frames were sent.
        Copy {
            kept: Arc<KeptBody>,
            sent: usize,
        },
        Empty,
    }
}

/// What is kept of a body.
#[derive(Debug)]
pub(crate) enum Content {
    Empty,
    /// Its frames, while they are sent.
    Frames(Arc<KeptBody>),
}

impl<B: Body> ReplayBody<B> {
    pub(crate) fn new(body: B) -> Self {
        Self::of(Source::Original { body, kept: None })
    }

    /// Keeps this body from now on. `None` if it is longer than `limit` bytes.
    pub(crate) fn keep(&mut self, limit: usize) -> Option<Content> {
        match &mut self.source {
            Source::Empty => Some(Content::Empty),
            Source::Original { body, .. } if body.is_end_stream() => Some(Content::Empty),
            Source::Original { body, kept } => {
                let least = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
                if limit == 0 || least > limit {
                    return None;
                }
                let kept = kept.insert(Arc::new(KeptBody::new(limit)));
                Some(Content::Frames(Arc::clone(kept)))
            }
            Source::Copy { kept, .. } => Some(Content::Frames(Arc::clone(kept))),
        }
    }

    fn of(source: Source<B>) -> Self {
        Self { source }
    }
}

impl Content {
    /// Returns a body with this content. `None` if it is longer than the limit, or was not sent to its end.
    pub(crate) fn replay<B: Body>(&self) -> Option<ReplayBody<B>> {
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

impl<B: Body> Body for ReplayBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let (mut body, kept) = match self.project().source.project() {
            SourceProjection::Original { body, kept } => (body, kept),
            SourceProjection::Copy { kept, sent } => {
                let frame = kept.frame(*sent);
                *sent = sent.saturating_add(1);
                return Poll::Ready(frame.map(Ok));
            }
            SourceProjection::Empty => return Poll::Ready(None),
        };
        let frame = ready!(body.as_mut().poll_frame(context));
        let frame = frame.map(|frame| frame.map(|frame| frame.map_data(bytes)));
        // The other owner is dropped when the response has arrived, unless the response is a 401.
        let wanted = kept.take().filter(|kept| Arc::strong_count(kept) > 1);
        *kept = wanted.filter(|kept| kept.goes_on(frame.as_ref(), || body.is_end_stream()));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Original { body, .. } => body.is_end_stream(),
            Source::Copy { kept, sent } => kept.ends_after(*sent),
            Source::Empty => true,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Original { body, .. } => body.size_hint(),
            Source::Copy { kept, sent } => kept.size_hint(*sent),
            Source::Empty => SizeHint::with_exact(0),
        }
    }
}

/// Without a copy, if the data is `Bytes`.
fn bytes(mut data: impl Buf) -> Bytes {
    data.copy_to_bytes(data.remaining())
}

#[cfg(test)]
mod tests;
