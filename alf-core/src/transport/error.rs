//! Token requests without a response.

use std::error::Error as StdError;
use std::sync::Arc;

/// A token request did not get a response that could be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{kind}")]
pub struct ExchangeError {
    kind: ExchangeErrorKind,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// The kind of failure of a token request. It decides whether alf retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeErrorKind {
    /// There is no connection: DNS, TCP, TLS or the proxy failed, except for an invalid certificate. alf retries.
    #[error("no connection")]
    Connect,
    /// The certificate of the server (TLS) is not valid: its issuer is not known, it has expired, or it is for another name.
    /// alf does not retry. If the library does not tell this from other failures, use `Connect`.
    #[error("the server's certificate is not valid")]
    Certificate,
    /// A timeout of the HTTP library has passed. alf retries.
    #[error("timed out")]
    Timeout,
    /// The connection broke, or the response was not HTTP. alf retries.
    #[error("the connection broke")]
    Exchange,
    /// The answer is a redirect, which must not be followed. alf does not retry.
    #[error("redirected")]
    Redirected,
    /// The body of a 2xx is larger than allowed. alf does not retry.
    #[error("the answer is too large")]
    TooLarge,
}

impl ExchangeError {
    /// Returns an error of this kind. `source` is the library's error.
    ///
    /// Users log `source`, so it must not show the query of a URL, a header or a body.
    pub fn new(
        kind: ExchangeErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// Returns the kind of failure.
    pub fn kind(&self) -> ExchangeErrorKind {
        self.kind
    }

    pub(crate) fn into_source(self) -> Option<Arc<dyn StdError + Send + Sync>> {
        self.source
    }
}

/// Returns an error without a source.
impl From<ExchangeErrorKind> for ExchangeError {
    fn from(kind: ExchangeErrorKind) -> Self {
        Self { kind, source: None }
    }
}
