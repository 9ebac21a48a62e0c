//! [`MetricsObserver`]: counts events with the crate `metrics` (L6).

use std::borrow::Cow;
#[cfg(feature = "store")]
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{
    Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::wire::token_response::is_registered_code;
use crate::{TokenError, TokenErrorKind};

use super::{Event, EventContext, Observer};

/// Counts alf's events with the crate [`metrics`](https://docs.rs/metrics), for Prometheus or OpenTelemetry, for example.
///
/// Needs the feature `metrics`.
///
/// | metric | type | labels | meaning |
/// | --- | --- | --- | --- |
/// | `alf.token.requests` | counter | `outcome`, `error.type` | attempts to obtain a token from the authorization server |
/// | `alf.token.request.duration` | histogram, seconds | `outcome` | how long they took |
/// | `alf.token.renewals` | counter | `outcome` | acquisitions that have ended, including the first |
/// | `alf.token.expires_in` | gauge, seconds | | the lifetime of the latest token |
/// | `alf.token.expires_at` | gauge, seconds | | when that token expires, as Unix time |
/// | `alf.replays` | counter | `outcome` | requests that were replayed after a 401 and got a response |
/// | `alf.rejections.returned` | counter | | 401s that were returned without a renewal (R6) |
/// | `alf.store.tokens.taken` | counter | | tokens that another instance obtained, from the token store |
/// | `alf.store.leases.taken` | counter | | leases that this instance took; each is one attempt for all instances |
/// | `alf.store.leases.conflicts` | counter | | leases that another instance took first |
/// | `alf.store.in_trouble` | gauge | | how many clients cannot use their token store |
///
/// The values of `outcome` are
///
/// - of requests: `success`, `failure`;
/// - of renewals: `success`, `unchanged` (the server issued the same token again), `failure`, `aborted`, `postponed` (the token store failed);
/// - of replays: `accepted`, `rejected` (the renewed token was rejected too).
///
/// `error.type` is the `error` of the authorization server's answer if it is a registered one, such as `invalid_client`. Otherwise
/// it is the status of the answer, such as `503`, or what failed: `timeout`, `connect`, `certificate`, `unreadable`, and so on.
///
/// No label names a client, a token target or an origin. If a program has several clients, give each observer its own label: see
/// [`with_labels`](Self::with_labels). If a client has several token targets, the gauges show the token that was obtained last,
/// whatever its target.
///
/// The metrics go to the recorder that is installed at the time of the event. Install it before you create the observer. Otherwise
/// descriptions and units are lost, and a counter first appears with 1 instead of 0. The metrics of the token store need the feature
/// `store`.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, MetricsObserver};
///
/// // Install a recorder first, such as that of metrics-exporter-prometheus.
/// Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .observer(MetricsObserver::new());
/// ```
///
/// With logs, use two observers:
///
#[cfg_attr(feature = "tracing", doc = "```")]
#[cfg_attr(not(feature = "tracing"), doc = "```ignore")]
/// use alf_core::{Client, MetricsObserver, TracingObserver};
///
/// Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .observer((TracingObserver::new(), MetricsObserver::new()));
/// ```
#[derive(Debug)]
pub struct MetricsObserver {
    labels: Vec<Label>,
    /// Of the clients with this observer, how many cannot use their token store.
    #[cfg(feature = "store")]
    in_trouble: AtomicU32,
}

impl Default for MetricsObserver {
    fn default() -> Self {
        Self::new()
    }
}

impl MetricsObserver {
    /// Returns an observer whose metrics have only the labels in the table above.
    pub fn new() -> Self {
        Self::with_labels::<String, String>([])
    }

    /// Returns an observer whose metrics also have these labels. Each is a name and a value.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::MetricsObserver;
    ///
    /// let observer = MetricsObserver::with_labels([("client", "billing")]);
    /// # let _ = observer;
    /// ```
    pub fn with_labels<N: Into<String>, V: Into<String>>(
        labels: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let labels = labels.into_iter();
        let observer = Self {
            labels: labels
                .map(|(name, value)| Label::new(name.into(), value.into()))
                .collect(),
            #[cfg(feature = "store")]
            in_trouble: AtomicU32::new(0),
        };
        describe();
        observer.start_at_zero();
        observer
    }

    /// A counter that appears with its first event has no increase then, in Prometheus for example.
    fn start_at_zero(&self) {
        self.add(REQUESTS, 0, [outcome("success")]);
        for value in ["success", "unchanged", "failure", "aborted"] {
            self.add(RENEWALS, 0, [outcome(value)]);
        }
        for value in ["accepted", "rejected"] {
            self.add(REPLAYS, 0, [outcome(value)]);
        }
        self.add(RETURNED, 0, []);
        #[cfg(feature = "store")]
        {
            self.add(RENEWALS, 0, [outcome("postponed")]);
            for name in [STORE_TOKENS, STORE_LEASES, STORE_CONFLICTS] {
                self.add(name, 0, []);
            }
            gauge!(STORE_IN_TROUBLE, self.labels.clone()).increment(0.0);
        }
    }

    fn add<const N: usize>(&self, name: &'static str, count: u64, labels: [Label; N]) {
        counter!(name, self.labels_and(labels)).increment(count);
    }

    fn labels_and<const N: usize>(&self, labels: [Label; N]) -> Vec<Label> {
        self.labels.iter().cloned().chain(labels).collect()
    }

    fn attempt_succeeded(&self, duration: Duration) {
        self.add(REQUESTS, 1, [outcome("success")]);
        self.attempt_took(duration, "success");
    }

    fn attempt_failed(&self, error: &TokenError, duration: Duration) {
        let error_type = Label::new("error.type", error_type(error));
        self.add(REQUESTS, 1, [outcome("failure"), error_type]);
        self.attempt_took(duration, "failure");
    }

    fn attempt_took(&self, duration: Duration, value: &'static str) {
        histogram!(DURATION, self.labels_and([outcome(value)])).record(duration);
    }

    fn renewal_ended(&self, value: &'static str) {
        self.add(RENEWALS, 1, [outcome(value)]);
    }

    fn obtained(&self, expires_in: Option<Duration>, expires_at: Option<SystemTime>) {
        if let Some(expires_in) = expires_in {
            gauge!(EXPIRES_IN, self.labels.clone()).set(expires_in);
        }
        let since_1970 = expires_at.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        if let Some(since_1970) = since_1970 {
            gauge!(EXPIRES_AT, self.labels.clone()).set(since_1970);
        }
    }
}

impl Observer for MetricsObserver {
    fn on(&self, event: &Event<'_>, _context: &EventContext<'_>) {
        match event {
            Event::AttemptFailed {
                error, duration, ..
            } => self.attempt_failed(error, *duration),
            Event::TokenObtained {
                is_new,
                expires_in,
                expires_at,
                duration,
                ..
            } => {
                if let Some(duration) = duration {
                    self.attempt_succeeded(*duration);
                }
                self.renewal_ended(if *is_new { "success" } else { "unchanged" });
                self.obtained(*expires_in, *expires_at);
            }
            Event::AcquisitionFailed {
                error, duration, ..
            } => {
                if let Some(duration) = duration {
                    self.attempt_failed(error, *duration);
                }
                self.renewal_ended("failure");
            }
            Event::AcquisitionAborted { .. } => self.renewal_ended("aborted"),
            Event::Replayed { rejected, .. } => {
                let value = if *rejected { "rejected" } else { "accepted" };
                self.add(REPLAYS, 1, [outcome(value)]);
            }
            Event::RejectionReturned { .. } => self.add(RETURNED, 1, []),
            #[cfg(feature = "store")]
            Event::TokenTaken { .. } => self.add(STORE_TOKENS, 1, []),
            #[cfg(feature = "store")]
            Event::LeaseTaken { .. } => self.add(STORE_LEASES, 1, []),
            #[cfg(feature = "store")]
            Event::LeaseConflict { .. } => self.add(STORE_CONFLICTS, 1, []),
            #[cfg(feature = "store")]
            Event::AcquisitionPostponed { .. } => self.renewal_ended("postponed"),
            #[cfg(feature = "store")]
            Event::StoreFailed { .. } => {
                self.in_trouble.fetch_add(1, Ordering::Relaxed);
                gauge!(STORE_IN_TROUBLE, self.labels.clone()).increment(1.0);
            }
            #[cfg(feature = "store")]
            Event::StoreRecovered {} => {
                self.in_trouble.fetch_sub(1, Ordering::Relaxed);
                gauge!(STORE_IN_TROUBLE, self.labels.clone()).decrement(1.0);
            }
            Event::AcquisitionStarted { .. }
            | Event::IssuerDiscovered { .. }
            | Event::TargetEvicted { .. }
            | Event::TokenRejected { .. }
            | Event::PreviousTokenUsed { .. }
            | Event::RequestNotAllowed { .. } => {}
        }
    }
}

/// A client that no longer exists is not in trouble.
#[cfg(feature = "store")]
impl Drop for MetricsObserver {
    fn drop(&mut self) {
        let in_trouble = self.in_trouble.load(Ordering::Relaxed);
        gauge!(STORE_IN_TROUBLE, self.labels.clone()).decrement(in_trouble);
    }
}

fn outcome(value: &'static str) -> Label {
    Label::from_static_parts("outcome", value)
}

/// X5: a registered code or a status, not any text of the server.
fn error_type(error: &TokenError) -> Cow<'static, str> {
    let known = match error.kind() {
        TokenErrorKind::Authentication => "authentication",
        TokenErrorKind::Discovery => "discovery",
        TokenErrorKind::Connect => "connect",
        TokenErrorKind::Certificate => "certificate",
        TokenErrorKind::Timeout(_) => "timeout",
        TokenErrorKind::Exchange => "exchange",
        TokenErrorKind::Redirected => "redirected",
        TokenErrorKind::Unreadable => "unreadable",
        TokenErrorKind::TokenType => "token_type",
        TokenErrorKind::Aborted => "aborted",
        TokenErrorKind::Refused => {
            let code = error.error_code().filter(|code| is_registered_code(code));
            return match (code, error.status()) {
                (Some(code), _) => code.to_owned().into(),
                (None, Some(status)) => status.as_str().to_owned().into(),
                (None, None) => "refused".into(),
            };
        }
    };
    known.into()
}

fn describe() {
    for (name, description) in COUNTERS {
        describe_counter!(*name, Unit::Count, *description);
    }
    for (name, unit, description) in GAUGES {
        describe_gauge!(*name, *unit, *description);
    }
    let description = "How long an attempt to obtain a token took";
    describe_histogram!(DURATION, Unit::Seconds, description);
}

const COUNTERS: &[(&str, &str)] = &[
    (REQUESTS, "Attempts to obtain a token"),
    (RENEWALS, "Acquisitions that have ended"),
    (REPLAYS, "Requests that were replayed"),
    (RETURNED, "Rejections that were returned without a renewal"),
    #[cfg(feature = "store")]
    (STORE_TOKENS, "Tokens that were taken from the token store"),
    #[cfg(feature = "store")]
    (STORE_LEASES, "Leases that were taken"),
    #[cfg(feature = "store")]
    (STORE_CONFLICTS, "Leases that another instance took first"),
];
const GAUGES: &[(&str, Unit, &str)] = &[
    (
        EXPIRES_IN,
        Unit::Seconds,
        "The lifetime of the token that was obtained last",
    ),
    (
        EXPIRES_AT,
        Unit::Seconds,
        "When the token that was obtained last expires, as Unix time",
    ),
    #[cfg(feature = "store")]
    (
        STORE_IN_TROUBLE,
        Unit::Count,
        "Clients that cannot use their token store",
    ),
];
const REQUESTS: &str = "alf.token.requests";
const DURATION: &str = "alf.token.request.duration";
const RENEWALS: &str = "alf.token.renewals";
const EXPIRES_IN: &str = "alf.token.expires_in";
const EXPIRES_AT: &str = "alf.token.expires_at";
const REPLAYS: &str = "alf.replays";
const RETURNED: &str = "alf.rejections.returned";
#[cfg(feature = "store")]
const STORE_TOKENS: &str = "alf.store.tokens.taken";
#[cfg(feature = "store")]
const STORE_LEASES: &str = "alf.store.leases.taken";
#[cfg(feature = "store")]
const STORE_CONFLICTS: &str = "alf.store.leases.conflicts";
#[cfg(feature = "store")]
const STORE_IN_TROUBLE: &str = "alf.store.in_trouble";
