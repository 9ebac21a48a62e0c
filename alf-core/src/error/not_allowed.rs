//! A request that alf did not send (X2, X3).

use std::fmt;

use crate::Origin;

/// alf did not send a request, because the request's origin must not get the token.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request{} was not sent: {reason}", to(.origin))]
pub struct NotAllowed {
    origin: Origin,
    reason: NotAllowedReason,
}

/// Why alf did not send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAllowedReason {
    /// The URL uses plain `http`, and its host is not loopback
    /// ([RFC 6750 §5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3)).
    #[error("a token is not sent over plain http; use https, or set allow_insecure_http")]
    InsecureHttp,
    /// The URL is relative, or its scheme is neither `http` nor `https`.
    #[error(
        "its URL is not an absolute https or http URL; add https:// and the host, or set the base_uri of alf-tower's layer"
    )]
    UnsupportedScheme,
    /// The origin is not one of `allowed_origins`.
    #[error("its origin is not in allowed_origins; add the origin if it may get the token")]
    OriginNotAllowed,
}

impl NotAllowed {
    /// Returns the error for a request to this origin. It is for adapters.
    pub fn new(origin: Origin, reason: NotAllowedReason) -> Self {
        Self { origin, reason }
    }

    /// Returns the origin of the request's URL.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns why the request was not sent.
    pub fn reason(&self) -> NotAllowedReason {
        self.reason
    }
}

/// With the whole text, since `main` prints the `Debug` of an error that it returns.
impl fmt::Debug for NotAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NotAllowed")
            .field("message", &self.to_string())
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// A relative URL has no origin.
fn to(origin: &Origin) -> String {
    if origin.as_ref().host().is_empty() {
        String::new()
    } else {
        format!(" to {origin}")
    }
}
