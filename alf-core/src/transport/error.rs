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

/// The kind of failure of an exchange, and so whether it is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeErrorKind {
    /// No connection: DNS, TCP, TLS, the proxy. Tried again.
    #[error("no connection")]
    Connect,
    /// The library's own time-out. Tried again.
    #[error("timed out")]
    Timeout,
    /// The connection broke, or the response was not HTTP. Tried again.
    #[error("the connection broke")]
    Exchange,
    /// A redirect, which must not be followed. Permanent.
    #[error("redirected")]
    Redirected,
    /// The body of a 2xx is larger than allowed. Permanent.
    #[error("the answer is too large")]
    TooLarge,
}

impl ExchangeError {
    /// An error of that kind; `source` is the library's error.
    ///
    /// `source` must not show a URL's query, a header or a body: users log it.
    pub fn new(
        kind: ExchangeErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(Arc::from(source.into())),
        }
    }

    /// The kind of failure.
    pub fn kind(&self) -> ExchangeErrorKind {
        self.kind
    }

    pub(crate) fn into_source(self) -> Option<Arc<dyn StdError + Send + Sync>> {
        self.source
    }
}

/// An error without a source.
impl From<ExchangeErrorKind> for ExchangeError {
    fn from(kind: ExchangeErrorKind) -> Self {
        Self { kind, source: None }
    }
}
