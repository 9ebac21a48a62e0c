//! What an acquisition or a revocation is doing, so that a timeout and an abort can name it (S4, S5).

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::TimeoutPhase;

/// What an acquisition or a revocation is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Activity {
    /// The end of a pause, or a permit.
    #[default]
    NextAttempt,
    Metadata,
    /// An authentication of the user's own, or one that waits for nothing else.
    Authentication,
    /// A file, or a callback of the user's.
    Credential(&'static str),
    Signature,
    Response,
    Observer,
    #[cfg(feature = "store")]
    Store,
    /// Another instance makes an attempt, or the pause after its failure.
    #[cfg(feature = "store")]
    OtherInstance,
}

/// What is being done now. Whoever reports that it did not end reads it from another thread.
#[derive(Debug, Default)]
pub(crate) struct CurrentActivity(Mutex<Activity>);

impl CurrentActivity {
    pub(crate) fn set(&self, activity: Activity) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = activity;
    }

    pub(crate) fn get(&self) -> Activity {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Activity {
    /// Says that it took too long. `None` if there is nothing to say but that the endpoint did not answer.
    pub(super) fn timed_out(self, phase: TimeoutPhase, after: Duration) -> Option<String> {
        if matches!(self, Self::NextAttempt | Self::Response | Self::Observer) {
            return None;
        }
        let limit = match phase {
            TimeoutPhase::Acquire => "acquire_timeout",
            TimeoutPhase::Attempt if self == Self::Metadata => {
                "attempt_timeout or the HTTP library's own timeout"
            }
            TimeoutPhase::Attempt => "attempt_timeout",
        };
        let action = self.action();
        let after = if after < Duration::from_secs(1) {
            format!("{} ms", after.as_millis())
        } else {
            format!("{} s", (after.as_secs_f64() * 10.0).round() / 10.0)
        };
        Some(format!("{action} took longer than {after} ({limit})"))
    }

    /// Says why the task that did it has no result: code panicked, or its runtime dropped it.
    pub(super) fn aborted(self) -> String {
        let advice = "(a transport on tokio needs the tokio runtime)";
        if !thread::panicking() {
            let action = self.action();
            return format!("its runtime was shut down while it was {action} {advice}");
        }
        let who = match self {
            Self::Metadata | Self::Response => return format!("the transport panicked {advice}"),
            Self::Credential(name) => return format!("the callback for {name} panicked"),
            Self::Authentication => "client authentication",
            Self::Signature => "signer",
            Self::Observer => "observer",
            Self::NextAttempt => "runtime",
            // D13: a panic of the store is not one of the acquisition.
            #[cfg(feature = "store")]
            Self::Store | Self::OtherInstance => "runtime",
        };
        format!("the {who} panicked")
    }

    fn action(self) -> String {
        let action = match self {
            Self::NextAttempt => "waiting for the next attempt",
            Self::Metadata => "reading the metadata",
            Self::Authentication => "preparing client authentication",
            Self::Credential(name) => return format!("reading {name}"),
            Self::Signature => "signing the assertion",
            Self::Response => "waiting for the response",
            Self::Observer => "calling the observer",
            #[cfg(feature = "store")]
            Self::Store => "using the token store",
            #[cfg(feature = "store")]
            Self::OtherInstance => "waiting for the token of another instance",
        };
        action.to_owned()
    }
}
