//! Events of `tracing`, under the target `alf` (L2 to L4).

use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use humantime::{FormattedDuration, format_duration, format_rfc3339_millis};
use tracing::field::{DisplayValue, display};

use crate::{Moment, Origin};

use super::{Event, EventContext, Observer};

/// Writes alf's events as events of [`tracing`](https://docs.rs/tracing), under the target `alf`.
///
/// Needs the feature `tracing`.
///
/// | level | events |
/// | --- | --- |
/// | `ERROR` | an acquisition failed, and does not succeed without a change |
/// | `WARN` | an acquisition failed but may succeed later, an acquisition was aborted, an attempt failed, a rejected token is renewed, a request was not sent, a usable token was evicted (once a minute), the token store failed |
/// | `INFO` | a token was obtained; an API rejects the renewed token too, at most once a minute for each origin; the token store is used again |
/// | `DEBUG` | all others |
///
/// Every event has `client_id`, `token_endpoint` and `token_target`. Times are in RFC 3339, durations are
/// like `16m 40s`. A value that is not known is left out. The event of a replay has `http.request.resend_count`, as in
/// OpenTelemetry.
#[derive(Debug, Default)]
pub struct TracingObserver {
    /// When the eviction of a usable token was logged at `WARN`.
    eviction_logged: Mutex<Option<Moment>>,
    /// The origins whose 401 was logged at `INFO` within the last minute.
    logged: Mutex<Vec<(Option<Origin>, Moment)>>,
}

impl TracingObserver {
    /// Returns the observer.
    pub const fn new() -> Self {
        Self {
            eviction_logged: Mutex::new(None),
            logged: Mutex::new(Vec::new()),
        }
    }

    /// L3: an API rejects renewed tokens too.
    fn still_rejected(
        &self,
        context: &EventContext<'_>,
        generation: u64,
        origin: Option<&Origin>,
        resend_count: Option<u32>,
        message: &str,
    ) {
        let is_first = self.is_first_in_a_minute(origin, context.now);
        let origin = origin.map(display);
        if is_first {
            log!(
                info,
                context,
                generation,
                origin,
                http.request.resend_count = resend_count,
                "{message}"
            );
        } else {
            log!(
                debug,
                context,
                generation,
                origin,
                http.request.resend_count = resend_count,
                "{message}"
            );
        }
    }

    fn evicted(&self, context: &EventContext<'_>, had_usable_token: bool) {
        if had_usable_token && self.is_first_eviction_in_a_minute(context.now) {
            log!(
                warn,
                context,
                "a usable token was evicted; raise max_targets"
            );
        } else {
            log!(debug, context, had_usable_token, "a token was evicted");
        }
    }

    fn is_first_eviction_in_a_minute(&self, now: Moment) -> bool {
        let logged = self.eviction_logged.lock();
        let mut logged = logged.unwrap_or_else(PoisonError::into_inner);
        let is_first = logged.is_none_or(|at| A_MINUTE <= now.saturating_since(at));
        if is_first {
            *logged = Some(now);
        }
        is_first
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
    #[expect(clippy::too_many_lines, reason = "an arm for each event")]
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>) {
        match event {
            Event::AcquisitionStarted { acquisition } => {
                log!(debug, context, acquisition, "requesting a token");
            }
            Event::IssuerDiscovered { issuer, .. } => {
                log!(debug, context, issuer, "the metadata was read");
            }
            Event::AttemptFailed {
                acquisition,
                error,
                pause,
                ..
            } => {
                let pause = plain(*pause);
                let message = "the token request failed; alf tries again";
                log!(warn, context, acquisition, %error, pause, "{message}");
            }
            Event::TokenObtained {
                acquisition,
                generation,
                is_new,
                expires_in,
                ..
            } => {
                let message = if *is_new {
                    "got a token"
                } else {
                    "got the same token again"
                };
                let expires_in = expires_in.map(plain);
                log!(
                    info,
                    context,
                    acquisition,
                    generation,
                    expires_in,
                    "{message}"
                );
            }
            Event::AcquisitionFailed {
                acquisition, error, ..
            } => {
                let retry_at = error.retry_at().and_then(rfc_3339);
                if error.is_transient() {
                    log!(warn, context, acquisition, %error, retry_at, "got no token");
                } else {
                    log!(error, context, acquisition, %error, retry_at, "got no token");
                }
            }
            Event::TargetEvicted { had_usable_token } => self.evicted(context, *had_usable_token),
            Event::AcquisitionAborted { acquisition } => {
                let message = "the token request was stopped without a result";
                log!(warn, context, acquisition, "{message}");
            }
            Event::TokenRejected { generation, origin } => {
                let origin = origin.map(display);
                log!(
                    warn,
                    context,
                    generation,
                    origin,
                    "an API rejected the token; alf renews it"
                );
            }
            Event::PreviousTokenUsed {
                generation,
                rejected,
                origin,
            } => {
                let origin = origin.map(display);
                let message = "an API rejected a new token; alf uses the previous one for a moment";
                log!(debug, context, generation, rejected, origin, "{message}");
            }
            Event::RejectionReturned { generation, origin } => {
                let message = "the API rejects renewed tokens too: its answer is returned";
                self.still_rejected(context, *generation, *origin, None, message);
            }
            Event::Replayed {
                generation,
                origin,
                rejected: true,
                resend_count,
                ..
            } => {
                let message = "the request was replayed and rejected again; its answer is returned; check the scope, the audience and the API";
                let origin = Some(*origin);
                self.still_rejected(context, *generation, origin, Some(*resend_count), message);
            }
            Event::Replayed {
                generation,
                origin,
                status,
                rejected: false,
                resend_count,
            } => {
                let status = status.as_u16();
                let message = "the request was replayed";
                log!(debug, context, generation, %origin, status, http.request.resend_count = resend_count, "{message}");
            }
            #[cfg(feature = "store")]
            Event::TokenTaken {
                acquisition,
                number,
                age,
            } => {
                let age = plain(*age);
                let message = "another instance obtained the token";
                log!(debug, context, acquisition, number, age, "{message}");
            }
            #[cfg(feature = "store")]
            Event::LeaseTaken {
                acquisition,
                number,
            } => {
                let message = "this instance requests the token for all instances";
                log!(debug, context, acquisition, number, "{message}");
            }
            #[cfg(feature = "store")]
            Event::LeaseConflict {
                acquisition,
                number,
            } => {
                let message = "another instance requests the token";
                log!(debug, context, acquisition, number, "{message}");
            }
            #[cfg(feature = "store")]
            Event::AcquisitionPostponed { acquisition } => {
                let message = "the token is renewed later, because the token store failed";
                log!(debug, context, acquisition, "{message}");
            }
            #[cfg(feature = "store")]
            Event::StoreFailed { error } => {
                let message = "the token store failed; tokens are obtained without it";
                log!(warn, context, %error, "{message}");
            }
            #[cfg(feature = "store")]
            Event::StoreRecovered {} => {
                log!(info, context, "the token store is used again");
            }
            Event::RequestNotAllowed { error } => {
                log!(warn, context, %error, "the request was not sent");
            }
        }
    }
}

/// L1: an event, with what it is about.
macro_rules! log {
    ($level:ident, $context:ident, $($fields:tt)+) => {
        tracing::$level!(
            target: "alf",
            client_id = $context.client_id,
            token_endpoint = $context.token_endpoint,
            token_target = %$context.target,
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
mod tests;
