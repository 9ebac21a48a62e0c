//! What goes over the wire and what comes back, as bytes: no clock, no socket, nothing async.

pub(crate) mod challenge;
pub(crate) mod metadata;
mod redact;
pub(crate) mod retry_after;
pub(crate) mod token_request;
pub(crate) mod token_response;

pub(crate) use redact::Redactor;

use http::StatusCode;

/// B1: which statuses of the authorization server may pass by themselves.
pub(crate) fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}
