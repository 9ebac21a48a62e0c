//! The errors of token requests, as alf's errors.

use std::error::Error as StdError;
use std::io;

use alf_core::{ExchangeError, ExchangeErrorKind};

/// X1: without the URL, whose query may hold a secret.
pub(crate) fn failure(error: reqwest::Error) -> ExchangeError {
    if error.is_redirect() {
        // What lies beneath may be another reqwest error, which shows a URL.
        return ExchangeErrorKind::Redirected.into();
    }
    let kind = if error.is_timeout() {
        ExchangeErrorKind::Timeout
    } else if error.is_connect() && has_bad_certificate(&error) {
        ExchangeErrorKind::Certificate
    } else if error.is_connect() {
        ExchangeErrorKind::Connect
    } else {
        ExchangeErrorKind::Exchange
    };
    ExchangeError::new(kind, error.without_url())
}

fn has_bad_certificate(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(error) = next {
        if is_of_rustls(error) || is_of_openssl(error) {
            return true;
        }
        // `source()` of an `io::Error` skips the error that it wraps.
        let wrapped = error.downcast_ref::<io::Error>();
        next = match wrapped.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    false
}

#[cfg(any(feature = "rustls", feature = "rustls-no-provider"))]
fn is_of_rustls(error: &(dyn StdError + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(rustls::Error::InvalidCertificate(_))
    )
}

#[cfg(not(any(feature = "rustls", feature = "rustls-no-provider")))]
fn is_of_rustls(_: &(dyn StdError + 'static)) -> bool {
    false
}

/// native-tls has no codes. This is OpenSSL's text; those of Windows and macOS are not told from other failures.
fn is_of_openssl(error: &(dyn StdError + 'static)) -> bool {
    error.to_string().contains("certificate verify failed")
}
