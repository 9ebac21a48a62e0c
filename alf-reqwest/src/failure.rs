//! The errors of token requests, as alf's errors.

use alf_core::{ExchangeError, ExchangeErrorKind};

/// X1: without the URL, whose query may hold a secret.
pub(crate) fn failure(error: reqwest::Error) -> ExchangeError {
    if error.is_redirect() {
        // What lies beneath may be another reqwest error, which shows a URL.
        return ExchangeErrorKind::Redirected.into();
    }
    let kind = if error.is_timeout() {
        ExchangeErrorKind::Timeout
    } else if error.is_connect() {
        ExchangeErrorKind::Connect
    } else {
        ExchangeErrorKind::Exchange
    };
    ExchangeError::new(kind, error.without_url())
}
