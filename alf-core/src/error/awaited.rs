//! What is awaited, so that a timeout and an abort can name it (S4, S5).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::TimeoutPhase;

/// What an acquisition or a revocation waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Awaited {
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

/// What is awaited now. Whoever reports that it was not awaited to the end reads it from another thread.
#[derive(Debug, Default)]
pub(crate) struct CurrentlyAwaited(Mutex<Awaited>);

impl CurrentlyAwaited {
    pub(crate) fn set(&self, awaited: Awaited) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = awaited;
    }

    pub(crate) fn get(&self) -> Awaited {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// Says that it took too long. `None` if there is nothing to say but that the endpoint did not answer.
    pub(super) fn timed_out(self, phase: TimeoutPhase, after: Duration) -> Option<String> {
        let subject = match self {
            Self::NextAttempt | Self::Response | Self::Observer => return None,
            Self::Metadata => "reading the metadata".to_owned(),
            Self::Authentication => "client authentication".to_owned(),
            Self::Credential(name) => format!("reading {name}"),
            Self::Signature => "signing the assertion".to_owned(),
            #[cfg(feature = "store")]
            Self::Store => "an operation of the token store".to_owned(),
            #[cfg(feature = "store")]
            Self::OtherInstance => "waiting for the token of another instance".to_owned(),
        };
        let limit = match phase {
            TimeoutPhase::Acquire => "acquire_timeout",
            TimeoutPhase::Attempt if self == Self::Metadata => {
                "attempt_timeout or the HTTP library's own timeout"
            }
            TimeoutPhase::Attempt => "attempt_timeout",
        };
        let after = if after < Duration::from_secs(1) {
            format!("{} ms", after.as_millis())
        } else {
            format!("{} s", (after.as_secs_f64() * 10.0).round() / 10.0)
        };
        Some(format!("{subject} took longer than {after} ({limit})"))
    }

    /// Says who panicked.
    pub(super) fn panicked(self) -> String {
        match self {
            Self::NextAttempt => "the runtime panicked".to_owned(),
            Self::Metadata | Self::Response => format!("the transport panicked {NEEDS_TOKIO}"),
            Self::Authentication => "the client authentication panicked".to_owned(),
            Self::Credential(name) => format!("the callback for {name} panicked"),
            Self::Signature => "the signer panicked".to_owned(),
            Self::Observer => "the observer panicked".to_owned(),
            // D13: a panic of the store is not one of the acquisition.
            #[cfg(feature = "store")]
            Self::Store | Self::OtherInstance => "the runtime panicked".to_owned(),
        }
    }

    /// Says that its runtime dropped the task.
    pub(super) fn dropped(self) -> String {
        let meanwhile = match self {
            Self::NextAttempt => "it waited for the next attempt".to_owned(),
            Self::Metadata => "it read the metadata".to_owned(),
            Self::Authentication => "it prepared client authentication".to_owned(),
            Self::Credential(name) => format!("it read {name}"),
            Self::Signature => "it signed the assertion".to_owned(),
            Self::Response => "it waited for the response".to_owned(),
            Self::Observer => "it called the observer".to_owned(),
            #[cfg(feature = "store")]
            Self::Store => "it used the token store".to_owned(),
            #[cfg(feature = "store")]
            Self::OtherInstance => "it waited for another instance".to_owned(),
        };
        format!("its runtime was shut down while {meanwhile} {NEEDS_TOKIO}")
    }
}

/// S4: what to do.
const NEEDS_TOKIO: &str = "(a transport on tokio needs the tokio runtime)";
