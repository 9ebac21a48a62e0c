//! What a response of the authorization server that is not a success means (B1).

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};

use crate::machine::Failure;

/// By the status. A date in `Retry-After` is relative to `wall_clock`.
pub(crate) fn failure(response: &Response<Bytes>, wall_clock: SystemTime) -> Failure {
    let retry_after = retry_after(response.headers(), wall_clock);
    if may_pass(response.status()) {
        Failure::Transient { retry_after }
    } else {
        Failure::Permanent { retry_after }
    }
}

pub(crate) fn may_pass(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

/// How long the server asks the client to wait, in seconds or until a date (RFC 9110 §10.2.3); zero if
/// it does not, or if the value is not valid.
fn retry_after(headers: &HeaderMap, wall_clock: SystemTime) -> Duration {
    headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| parse(value.trim(), wall_clock))
        .unwrap_or(Duration::ZERO)
}

fn parse(value: &str, wall_clock: SystemTime) -> Option<Duration> {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit mean a very long time, which the caller limits.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(wall_clock).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn b1_retry_after_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // 08:49:37
        for (value, seconds) in [
            ("7", 7),
            (" 7 ", 7),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
            ("99999999999999999999999", u64::MAX),
            ("-1", 0),
            ("1.5", 0),
            ("soon", 0),
            ("", 0),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(value))]);
            assert_eq!(
                retry_after(&headers, now),
                Duration::from_secs(seconds),
                "{value:?}"
            );
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), Duration::ZERO);
    }
}
