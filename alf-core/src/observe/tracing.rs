//! Events of `tracing`, under the target `alf` (L2 to L4).

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::{FormattedDuration, format_duration, format_rfc3339_millis};
use tracing::field::{DisplayValue, display};

use crate::{Moment, Origin};

use super::{Event, EventContext, Observer, TokenTarget};

/// Writes alf's events as events of [`tracing`](https://docs.rs/tracing), under the target `alf`.
///
/// | level | events |
/// | --- | --- |
/// | `ERROR` | an acquisition failed, and needs a change to succeed |
/// | `WARN` | what may pass: an acquisition failed or was aborted, an attempt failed, a token was rejected and is renewed, a request was not sent |
/// | `INFO` | a token, new or unchanged; a 401 that stays although the token was renewed, at most once a minute for each origin |
/// | `DEBUG` | all others |
///
/// Every event has `client_id` and `token_endpoint`. Times are RFC 3339, durations such as `16m 40s`. A
/// value that is not known is left out.
#[derive(Debug, Default)]
pub struct TracingObserver {
    /// The origins whose 401 was logged at `INFO` within the last minute.
    logged: Mutex<Vec<(Option<Origin>, Moment)>>,
}

impl TracingObserver {
    /// Returns the observer.
    pub const fn new() -> Self {
        Self {
            logged: Mutex::new(Vec::new()),
        }
    }

    /// L3: an API rejects renewed tokens too.
    fn still_rejected(
        &self,
        context: &EventContext<'_>,
        target: TokenTarget<'_>,
        generation: u64,
        origin: Option<&Origin>,
        message: &str,
    ) {
        let is_first = self.is_first_in_a_minute(origin, context.now);
        let origin = origin.map(display);
        if is_first {
            log!(info, context, token_target = %target, generation, origin, "{message}");
        } else {
            log!(debug, context, token_target = %target, generation, origin, "{message}");
        }
    }

    fn is_first_in_a_minute(&self, origin: Option<&Origin>, now: Moment) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|(_, at)| now.saturating_since(*at) < A_MINUTE);
        let is_known = logged.iter().any(|(known, _)| known.as_ref() == origin);
        let is_first = !is_known && logged.len() < MOST_LOGGED;
        if is_first {
            logged.push((origin.cloned(), now));
        }
        is_first
    }
}

impl Observer for TracingObserver {
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>) {
        match event {
            Event::AcquisitionStarted {
                target,
                acquisition,
            } => log!(debug, context, token_target = %target, acquisition, "requesting a token"),
            Event::IssuerDiscovered { issuer, .. } => {
                log!(debug, context, issuer, "the metadata was read");
            }
            Event::AttemptFailed {
                target,
                acquisition,
                error,
                pause,
            } => {
                let pause = plain(*pause);
                let message = "the token request failed and is tried again";
                log!(warn, context, token_target = %target, acquisition, %error, pause, "{message}");
            }
            Event::TokenObtained {
                target,
                acquisition,
                generation,
                expires_in,
            }
            | Event::TokenUnchanged {
                target,
                acquisition,
                generation,
                expires_in,
            } => {
                let is_new = matches!(event, Event::TokenObtained { .. });
                let message = if is_new {
                    "got a token"
                } else {
                    "got the same token again"
                };
                let expires_in = expires_in.map(plain);
                log!(info, context, token_target = %target, acquisition, generation, expires_in, "{message}");
            }
            Event::AcquisitionFailed {
                target,
                acquisition,
                error,
            } => {
                let retry_at = error.retry_at().and_then(rfc_3339);
                if error.is_transient() {
                    log!(warn, context, token_target = %target, acquisition, %error, retry_at, "got no token");
                } else {
                    log!(error, context, token_target = %target, acquisition, %error, retry_at, "got no token");
                }
            }
            Event::AcquisitionAborted {
                target,
                acquisition,
            } => {
                let message = "the token request was stopped without a result";
                log!(warn, context, token_target = %target, acquisition, "{message}");
            }
            Event::TokenRejected {
                target,
                generation,
                origin,
            } => {
                let origin = origin.map(display);
                log!(warn, context, token_target = %target, generation, origin, "the token was rejected");
            }
            Event::RejectionReturned {
                target,
                generation,
                origin,
            } => {
                let message = "the API rejects renewed tokens too: its answer is returned";
                self.still_rejected(context, *target, *generation, *origin, message);
            }
            Event::Replayed {
                target,
                generation,
                origin,
                rejected: true,
                ..
            } => {
                let message = "the request was replayed and rejected again: the answer is returned";
                self.still_rejected(context, *target, *generation, Some(*origin), message);
            }
            Event::Replayed {
                target,
                generation,
                origin,
                status,
                rejected: false,
            } => {
                let status = status.as_u16();
                log!(debug, context, token_target = %target, generation, %origin, status, "the request was replayed");
            }
            Event::RequestNotAllowed { error } => {
                log!(warn, context, %error, "the request was not sent");
            }
        }
    }
}

/// L1: an event with what all of a client have.
macro_rules! log {
    ($level:ident, $context:ident, $($fields:tt)+) => {
        tracing::$level!(
            target: "alf",
            client_id = $context.client_id,
            token_endpoint = $context.token_endpoint,
            $($fields)+
        )
    };
}
use log;

/// L4: as the settings take it, in whole milliseconds.
fn plain(duration: Duration) -> DisplayValue<FormattedDuration> {
    let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    display(format_duration(Duration::from_millis(milliseconds)))
}

/// L4. `None` for a time before 1970 or after the year 9999, which a wrong clock may have.
fn rfc_3339(time: SystemTime) -> Option<String> {
    time.duration_since(UNIX_EPOCH).ok()?;
    let mut text = String::new();
    write!(text, "{}", format_rfc3339_millis(time)).ok()?;
    Some(text)
}

const A_MINUTE: Duration = Duration::from_secs(60);
/// X5: an application may call any number of APIs.
const MOST_LOGGED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::START + Duration::from_secs(seconds)
    }

    #[test]
    fn l3_each_origin_is_logged_once_a_minute_and_at_most_64_are() {
        let observer = TracingObserver::new();
        let origins = (0..100).map(|n| format!("https://api-{n}.example").parse().unwrap());
        let origins: Vec<http::Uri> = origins.collect();
        let origins: Vec<Origin> = origins
            .iter()
            .map(|uri| crate::OriginRef::of(uri).unwrap().to_origin())
            .collect();
        for (seconds, expected) in [(0, 64), (1, 0), (59, 0), (60, 64)] {
            let is_first = |origin| observer.is_first_in_a_minute(Some(origin), at(seconds));
            let logged = origins.iter().filter(|origin| is_first(origin)).count();
            assert_eq!(logged, expected, "{seconds}");
        }
        assert!(!observer.is_first_in_a_minute(None, at(100)));
        assert!(observer.is_first_in_a_minute(None, at(120)));
        assert!(!observer.is_first_in_a_minute(None, at(179)));
    }

    #[test]
    fn l4_times_and_durations_are_plain() {
        let expected = [
            (0, "0s"),
            (412, "412ms"),
            (1_000_000, "16m 40s"),
            (3_599_999, "59m 59s 999ms"),
        ];
        for (milliseconds, text) in expected {
            let shown = plain(Duration::from_millis(milliseconds));
            assert_eq!(format!("{shown:?}"), text);
        }
        plain(Duration::MAX);
        let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        assert_eq!(rfc_3339(time).unwrap(), "2023-11-14T22:13:20.123Z");
        assert_eq!(rfc_3339(UNIX_EPOCH - Duration::from_secs(1)), None);
        assert_eq!(rfc_3339(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
    }
}
