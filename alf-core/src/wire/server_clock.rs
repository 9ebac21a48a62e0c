//! How the clock of the authorization server differs from this machine's, by the `Date` of an answer (RFC 9110 §6.6.1).

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::DATE;

use super::failure::date;

/// Names the difference of the clocks if it is more than 5 s. The request was sent and the answer received at these times of
/// this machine's clock: the answer may be as old as the request.
pub(crate) fn clock_difference(
    headers: &HeaderMap,
    sent: SystemTime,
    received: SystemTime,
) -> Option<String> {
    let server = headers.get(DATE).and_then(date)?;
    let ahead = sent.duration_since(server).unwrap_or_default();
    let behind = server.duration_since(received).unwrap_or_default();
    let (difference, direction) = if ahead > behind {
        (ahead, "ahead of")
    } else {
        (behind, "behind")
    };
    // A `Date` has no fraction.
    let seconds = difference.as_secs();
    (seconds > TOLERATED.as_secs())
        .then(|| format!("this machine's clock is {seconds} s {direction} the server's"))
}

const TOLERATED: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn t2_a_date_between_the_request_and_its_answer_is_no_difference() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs_f64(seconds);
        let mut headers = HeaderMap::new();
        assert_eq!(clock_difference(&headers, at(0.0), at(0.0)), None);
        headers.insert(DATE, HeaderValue::from_static("now"));
        assert_eq!(clock_difference(&headers, at(0.0), at(0.0)), None);
        let date = HeaderValue::from_static("Thu, 01 Jan 1970 00:01:00 GMT");
        headers.insert(DATE, date);
        let clock = |difference| Some(format!("this machine's clock is {difference} the server's"));
        for (sent, received, expected) in [
            (60.0, 60.0, None),
            (40.0, 80.0, None),
            (65.9, 70.0, None),
            (66.0, 70.0, clock("6 s ahead of")),
            (50.0, 54.1, None),
            (50.0, 54.0, clock("6 s behind")),
            (0.0, 0.0, clock("60 s behind")),
        ] {
            let shown = clock_difference(&headers, at(sent), at(received));
            assert_eq!(shown, expected, "{sent} {received}");
        }
    }
}
