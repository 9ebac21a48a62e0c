//! A body that is kept while it is sent, up to a limit, so that it can be sent once more (R4).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::error::BoxError;
use crate::kept_body::{KeptBody, NotKept};

pin_project! {
    /// The body of the requests that [`AuthorizationLayer`](crate::AuthorizationLayer) sends to the service under it.
    ///
    /// It passes on the frames of the caller's body `B` as they come, and holds none back. It keeps a copy of them, up to the
    /// layer's [`replay_limit`](crate::AuthorizationLayer::replay_limit), until the response arrives. The body of a replay is
    /// that copy.
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
        /// What was kept of a body, and how many of its frames were sent.
        Copy {
            kept: Arc<KeptBody>,
            sent: usize,
        },
        Empty,
    }
}

impl<B: Body> ReplayBody<B> {
    pub(crate) fn new(body: B) -> Self {
        Self::of(Source::Original { body, kept: None })
    }

    /// Returns a body with the same content. Of a caller's body it has the content once that was sent, so it must itself be
    /// copied before it is sent. `None` if the body is longer than `limit` bytes, or was not sent to its end.
    pub(crate) fn try_clone(&mut self, limit: usize) -> Option<Self> {
        match &mut self.source {
            Source::Empty => Some(Self::of(Source::Empty)),
            Source::Original { body, .. } if body.is_end_stream() => Some(Self::of(Source::Empty)),
            Source::Original { body, kept } => {
                let may_fit = usize::try_from(body.size_hint().lower()).is_ok_and(|l| l <= limit);
                if limit == 0 || !may_fit {
                    return None;
                }
                let kept = kept.insert(Arc::new(KeptBody::new(limit)));
                Some(Self::copy(kept))
            }
            Source::Copy { kept, .. } => kept.is_whole().then(|| Self::copy(kept)),
        }
    }

    fn copy(kept: &Arc<KeptBody>) -> Self {
        Self::of(Source::Copy {
            kept: Arc::clone(kept),
            sent: 0,
        })
    }

    fn of(source: Source<B>) -> Self {
        Self { source }
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
        let (mut body, kept) = match self.project().source.project() {
            SourceProjection::Original { body, kept } => (body, kept),
            SourceProjection::Copy { kept, sent } => {
                let frame = kept.frame(*sent);
                *sent = sent.saturating_add(1);
                return Poll::Ready(frame.map_err(NotKept::into).transpose());
            }
            SourceProjection::Empty => return Poll::Ready(None),
        };
        let frame = ready!(body.as_mut().poll_frame(context));
        let frame = frame.map(|frame| frame.map_err(Into::into).map(|frame| frame.map_data(bytes)));
        // The copy is dropped when the response has arrived, unless the response is a 401.
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
