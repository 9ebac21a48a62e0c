//! Events of `tracing`, under the target `alf`.

use std::error::Error;
use std::fmt;

use tracing::{debug, info, warn};

use crate::TokenTarget;

use super::{Event, Observer};

/// Writes alf's events as events of [`tracing`], under the target `alf`.
///
/// An event that may need attention is a `WARN`: a failed attempt, an acquisition that failed or was
/// aborted, a rejection, a request that was not sent. A token, new or unchanged, is an `INFO`. All
/// others are `DEBUG`. An error is written with its sources.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingObserver;

impl TracingObserver {
    /// Returns the observer.
    pub const fn new() -> Self {
        Self
    }
}

impl Observer for TracingObserver {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::AcquisitionStarted {
                target,
                acquisition,
            } => {
                debug!(target: "alf", token_target = %target, acquisition, "requesting a token");
            }
            Event::IssuerDiscovered {
                issuer,
                token_endpoint,
            } => debug!(target: "alf", issuer, token_endpoint, "the metadata was read"),
            Event::AttemptFailed {
                target,
                acquisition,
                error,
                pause,
            } => {
                let error = Chain(error);
                warn!(
                    target: "alf",
                    token_target = %target, acquisition, %error, ?pause, "the token request failed and is tried again"
                );
            }
            Event::TokenObtained {
                target,
                acquisition,
                generation,
                expires_in,
            } => {
                info!(
                    target: "alf",
                    token_target = %target, acquisition, generation, ?expires_in, "got a token"
                );
            }
            Event::TokenUnchanged {
                target,
                acquisition,
                generation,
                expires_in,
            } => {
                info!(
                    target: "alf",
                    token_target = %target, acquisition, generation, ?expires_in, "got the same token again"
                );
            }
            Event::AcquisitionFailed {
                target,
                acquisition,
                error,
            } => {
                let retry_at = error.retry_at();
                let error = Chain(error);
                warn!(target: "alf", token_target = %target, acquisition, %error, ?retry_at, "got no token");
            }
            Event::TargetEvicted {
                target,
                had_usable_token,
            } => evicted(target, *had_usable_token),
            Event::AcquisitionAborted {
                target,
                acquisition,
            } => {
                warn!(
                    target: "alf",
                    token_target = %target, acquisition, "the token request was stopped without a result"
                );
            }
            Event::TokenRejected {
                target,
                generation,
                origin,
            } => {
                warn!(target: "alf", token_target = %target, generation, ?origin, "the token was rejected");
            }
            Event::RejectionReturned {
                target,
                generation,
                origin,
            } => {
                debug!(
                    target: "alf",
                    token_target = %target, generation, ?origin, "the API rejects renewed tokens too: its answer is returned"
                );
            }
            Event::Replayed {
                target,
                generation,
                origin,
                status,
            } => {
                debug!(
                    target: "alf",
                    token_target = %target, generation, %origin, %status, "the request was replayed"
                );
            }
            Event::RequestNotAllowed { error } => {
                warn!(target: "alf", %error, "the request was not sent");
            }
        }
    }
}

fn evicted(target: &TokenTarget, had_usable_token: bool) {
    if had_usable_token {
        warn!(target: "alf", token_target = %target, "a token in use was evicted: max_targets is too small");
    } else {
        debug!(target: "alf", token_target = %target, "an unused token was evicted");
    }
}

/// An error and its sources, joined by `: `.
struct Chain<E>(E);

impl<E: Error> fmt::Display for Chain<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Self>>);

    #[test]
    fn x1_an_error_is_logged_with_its_causes() {
        let bottom = Layer("refused by peer", None);
        assert_eq!(Chain(&bottom).to_string(), "refused by peer");
        let middle = Layer("tcp", Some(Box::new(bottom)));
        let top = Layer("could not connect", Some(Box::new(middle)));
        assert_eq!(
            Chain(&top).to_string(),
            "could not connect: tcp: refused by peer"
        );
    }
}
