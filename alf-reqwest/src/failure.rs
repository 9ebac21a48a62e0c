//! Why a token request failed, in alf's words.

use alf_core::{TransportError, TransportErrorKind};

/// X1: without the URL, whose query may hold a secret.
pub(crate) fn failure(error: reqwest::Error) -> TransportError {
    if error.is_redirect() {
        // What lies beneath may be another reqwest error, which shows a URL.
        return TransportErrorKind::Redirected.into();
    }
    let kind = if error.is_timeout() {
        TransportErrorKind::Timeout
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else {
        TransportErrorKind::Exchange
    };
    TransportError::new(kind, error.without_url())
}
