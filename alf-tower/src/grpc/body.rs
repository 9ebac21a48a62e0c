//! The body of a response, whose trailers contain the status of its call.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use alf_core::{OriginRef, Token};
use http::Uri;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::settings::Settings;

use super::status::is_unauthenticated;

pin_project! {
    /// The body of the responses of [`GrpcAuthorization`](crate::GrpcAuthorization).
    ///
    /// It passes on what it reads. If the trailers say `UNAUTHENTICATED`, it renews the token for the next call.
    #[derive(Debug)]
    pub struct GrpcBody<R> {
        #[pin]
        body: R,
        sent: Option<SentToken>,
    }
}

/// Which token was sent where.
#[derive(Debug)]
pub(super) struct SentToken {
    pub(super) settings: Arc<Settings>,
    pub(super) token: Token,
    pub(super) uri: Uri,
}

impl<R> GrpcBody<R> {
    pub(super) fn new(body: R, sent: Option<SentToken>) -> Self {
        Self { body, sent }
    }
}

impl SentToken {
    fn reject(self) {
        let origin = OriginRef::of(self.settings.checked_uri(&self.uri));
        let origin = origin.unwrap_or(OriginRef::NOWHERE).to_origin();
        self.settings.tokens.reject_by(&self.token, &origin);
    }
}

impl<R: Body> Body for GrpcBody<R> {
    type Data = R::Data;
    type Error = R::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<R::Data>, R::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(context));
        let trailers = match &frame {
            Some(Ok(frame)) => frame.trailers_ref(),
            Some(Err(_)) | None => None,
        };
        let rejects = trailers.is_some_and(is_unauthenticated);
        if let Some(sent) = this.sent.take_if(|_| rejects) {
            sent.reject();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
