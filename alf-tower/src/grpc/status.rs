//! Statuses of gRPC and those of HTTP, and alf's errors as statuses.

use std::sync::Arc;

use alf_core::{NotAllowed, TokenError};
use http::{HeaderMap, StatusCode};
use tonic::{Code, Status};

use crate::error::ServiceError;

/// Returns the status of a response as one of HTTP, if it has no messages: its headers have the status of the call then.
///
/// A status that says nothing about the token (R6) is one of a server in trouble, as over HTTP.
pub(super) fn http_status(status: StatusCode, headers: &HeaderMap) -> StatusCode {
    if status != StatusCode::OK {
        return status;
    }
    match code(headers) {
        Some(Code::Unauthenticated) => StatusCode::UNAUTHORIZED,
        Some(Code::ResourceExhausted) => StatusCode::TOO_MANY_REQUESTS,
        Some(Code::Unknown | Code::Internal | Code::DataLoss) => StatusCode::INTERNAL_SERVER_ERROR,
        Some(Code::Unavailable | Code::DeadlineExceeded) => StatusCode::SERVICE_UNAVAILABLE,
        Some(_) | None => status,
    }
}

/// Whether these trailers reject the token.
pub(super) fn is_unauthenticated(trailers: &HeaderMap) -> bool {
    code(trailers) == Some(Code::Unauthenticated)
}

fn code(headers: &HeaderMap) -> Option<Code> {
    let value = headers.get(GRPC_STATUS)?;
    Some(Code::from_bytes(value.as_bytes()))
}

/// An error of a call.
pub(super) struct FailedCall(Status);

impl FailedCall {
    pub(super) fn into_status(self) -> Status {
        self.0
    }
}

impl From<TokenError> for FailedCall {
    fn from(error: TokenError) -> Self {
        let code = if error.is_transient() {
            Code::Unavailable
        } else {
            Code::Unauthenticated
        };
        let mut status = Status::new(code, error.to_string());
        status.set_source(Arc::new(error));
        Self(status)
    }
}

/// gRPC has this code too for a call whose credentials may not go over its channel.
impl From<NotAllowed> for FailedCall {
    fn from(error: NotAllowed) -> Self {
        let mut status = Status::unauthenticated(error.to_string());
        status.set_source(Arc::new(error));
        Self(status)
    }
}

impl From<ServiceError> for FailedCall {
    fn from(error: ServiceError) -> Self {
        Self(Status::from_error(error.0))
    }
}

const GRPC_STATUS: &str = "grpc-status";

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn r1_of_the_statuses_of_grpc_only_unauthenticated_rejects() {
        let headers = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            HeaderMap::from_iter([(GRPC_STATUS.parse().unwrap(), value)])
        };
        for (value, status) in [
            ("0", 200),
            ("1", 200),
            ("7", 200),
            ("8", 429),
            ("13", 500),
            ("14", 503),
            ("16", 401),
            ("160", 500),
            ("", 500),
            ("sixteen", 500),
        ] {
            let seen = http_status(StatusCode::OK, &headers(value));
            assert_eq!(seen.as_u16(), status, "{value:?}");
            assert_eq!(
                is_unauthenticated(&headers(value)),
                status == 401,
                "{value:?}"
            );
        }
        for status in [401, 403, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(http_status(status, &headers("7")), status);
            assert_eq!(http_status(status, &HeaderMap::new()), status);
        }
    }
}
