//! What a response of the authorization server that is not a success means (B1).

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::machine::Failure;

/// By the status. A date in `Retry-After` is relative to `wall_clock` if the response has no `Date`.
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

/// How long the server asks the client to wait, in seconds or until a date (RFC 9110 §10.2.3); zero if it does not, or if no
/// line of the header is valid.
fn retry_after(headers: &HeaderMap, wall_clock: SystemTime) -> Duration {
    // By the server's own clock, if it tells the time: it may differ from this one.
    let answered_at = headers.get(DATE).and_then(date).unwrap_or(wall_clock);
    let lines = headers.get_all(RETRY_AFTER).iter();
    let mut asked = lines.filter_map(|value| {
        seconds(value.to_str().ok()?.trim()).or_else(|| {
            let left = date(value)?.duration_since(answered_at);
            Some(left.unwrap_or(Duration::ZERO))
        })
    });
    asked.next().unwrap_or(Duration::ZERO)
}

/// Some servers send a fraction.
fn seconds(value: &str) -> Option<Duration> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    // More digits than fit mean a very long time, which the caller limits.
    let seconds: u64 = whole.parse().unwrap_or(u64::MAX);
    let rounded_up = fraction.contains(|digit| digit != '0');
    Some(Duration::from_secs(
        seconds.saturating_add(rounded_up.into()),
    ))
}

pub(super) fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    /// Ten minutes ahead of the client's clock.
    const SERVER_TIME: &str = "Sun, 06 Nov 1994 08:59:37 GMT";

    fn asked(lines: &[(HeaderName, &'static str)]) -> Duration {
        let wall_clock = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // 08:49:37
        let lines = lines.iter().cloned();
        let lines = lines.map(|(name, value)| (name, HeaderValue::from_static(value)));
        retry_after(&lines.collect(), wall_clock)
    }

    #[test]
    fn b1_retry_after_is_seconds_rounded_up_or_a_date() {
        for (value, seconds) in [
            ("7", 7),
            (" 7 ", 7),
            ("299.997", 300),
            ("1.0", 1),
            ("0.001", 1),
            ("0.0", 0),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10),
            ("Sun, 06 Nov 1994 08:49:27 GMT", 0),
            ("99999999999999999999999", u64::MAX),
            ("99999999999999999999999.9", u64::MAX),
            ("-1", 0),
            ("1.2.3", 0),
            ("1,5", 0),
            ("1e3", 0),
            (".", 0),
            ("soon", 0),
            ("", 0),
        ] {
            let asked = asked(&[(RETRY_AFTER, value)]);
            assert_eq!(asked, Duration::from_secs(seconds), "{value:?}");
        }
        assert_eq!(asked(&[]), Duration::ZERO);
    }

    #[test]
    fn b1_first_readable_retry_after_counts() {
        for lines in [["soon", "7"], ["", "7"], ["7", "9"], ["-1", "7.0"]] {
            let asked = asked(&lines.map(|value| (RETRY_AFTER, value)));
            assert_eq!(asked, Duration::from_secs(7), "{lines:?}");
        }
    }

    #[test]
    fn b1_retry_after_that_is_a_date_is_measured_against_the_answers_own_date() {
        for (retry_after, date, seconds) in [
            ("Sun, 06 Nov 1994 08:59:47 GMT", SERVER_TIME, 10),
            ("Sun, 06 Nov 1994 08:59:27 GMT", SERVER_TIME, 0),
            ("7", SERVER_TIME, 7),
            // Without such a date the own clock has to do.
            ("Sun, 06 Nov 1994 08:49:47 GMT", "today", 10),
        ] {
            let asked = asked(&[(RETRY_AFTER, retry_after), (DATE, date)]);
            assert_eq!(asked, Duration::from_secs(seconds), "{retry_after} {date}");
        }
    }
}
