//! What a test and its processes say to each other: settings in the environment, and a line of JSON for each message.

use std::env;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How a process is configured.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) store: Connect,
    pub(crate) token_endpoint: String,
    /// What it calls.
    pub(crate) url: String,
    pub(crate) secret: String,
    pub(crate) attempt_timeout: Duration,
    pub(crate) store_timeout: Duration,
    pub(crate) stop: Option<Stop>,
}

/// How a process gets to the store.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Connect {
    Url(String),
    /// The certificate of the authority that it trusts, as PEM.
    Tls {
        url: String,
        authority: String,
    },
    Directory(String),
}

/// Where the process that takes the first lease stops, until it is killed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stop {
    BeforeRequest,
    BeforeSave,
}

/// From the test. Each is answered with [`Report::Done`].
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Calls the API once.
    Call,
    /// Calls the API every 50 ms, until this token is in use.
    CallUntil(String),
    /// Renews the token.
    Renew,
    /// Renews the token, and again if that fails.
    RenewUntilItSucceeds,
    /// Renews the token, and waits until the store is not in trouble.
    Recover,
}

/// From a process.
#[derive(Serialize, Deserialize)]
pub(crate) enum Report {
    /// It took the lease of this number.
    Lease(u64),
    /// It has come to its [`Stop`].
    Stopped,
    /// It has started, or obeyed a command.
    Done(Outcome),
}

/// What commands have led to.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) calls: usize,
    pub(crate) failed_calls: Vec<String>,
    pub(crate) failed_renewals: Vec<String>,
}

impl Settings {
    /// For [`settings_of_this_process`].
    pub(crate) fn variable(&self) -> (&'static str, String) {
        (VARIABLE, serde_json::to_string(self).unwrap())
    }
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.failed_calls.extend(other.failed_calls);
        self.failed_renewals.extend(other.failed_renewals);
    }
}

/// `None` in the process that runs the tests.
pub(crate) fn settings_of_this_process() -> Option<Settings> {
    let settings = env::var(VARIABLE).ok()?;
    Some(serde_json::from_str(&settings).unwrap())
}

const VARIABLE: &str = "ALF_FLEET_PROCESS";
