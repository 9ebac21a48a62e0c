//! Events of `tracing`, under the target `alf`.

use std::error::Error;
use std::fmt;

use tracing::{debug, info, warn};

use super::{Event, Observer};

/// Writes alf's events as events of [`tracing`], under the target `alf`.
///
/// What someone may have to look at is a `WARN`: failed attempts and flights, flights that died,
/// rejections, blocked requests. A token, new or the same again, is an `INFO`; all else is `DEBUG`.
/// An error is written with all that lies beneath it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingObserver;

impl TracingObserver {
    /// The observer; it holds nothing.
    pub const fn new() -> Self {
        Self
    }
}

impl Observer for TracingObserver {
    fn on(&self, event: &Event<'_>) {
        match event {
            Event::FlightBegun { requested, flight } => {
                debug!(target: "alf", %requested, flight, "asking for a token");
            }
            Event::IssuerDiscovered {
                issuer,
                token_endpoint,
            } => debug!(target: "alf", issuer, token_endpoint, "the metadata was read"),
            Event::AttemptFailed {
                requested,
                flight,
                error,
                pause,
            } => {
                let error = Chain(error);
                warn!(
                    target: "alf",
                    %requested, flight, %error, ?pause, "the token request is tried again"
                );
            }
            Event::TokenLanded {
                requested,
                flight,
                generation,
                expires_in,
            } => {
                info!(
                    target: "alf",
                    %requested, flight, generation, ?expires_in, "got a token"
                );
            }
            Event::TokenUnchanged {
                requested,
                flight,
                generation,
                expires_in,
            } => {
                info!(
                    target: "alf",
                    %requested, flight, generation, ?expires_in, "got the same token again"
                );
            }
            Event::FlightFailed {
                requested,
                flight,
                error,
            } => {
                let retry_at = error.retry_at();
                let error = Chain(error);
                warn!(target: "alf", %requested, flight, %error, ?retry_at, "got no token");
            }
            Event::FlightDied { requested, flight } => {
                warn!(
                    target: "alf",
                    %requested, flight, "the token request was stopped without a result"
                );
            }
            Event::TokenRejected {
                requested,
                generation,
                origin,
            } => {
                warn!(target: "alf", %requested, generation, ?origin, "the token was rejected");
            }
            Event::HandedBack {
                requested,
                generation,
                origin,
            } => {
                debug!(
                    target: "alf",
                    %requested, generation, ?origin, "rejected, as lately: handed back"
                );
            }
            Event::Replayed {
                requested,
                generation,
                origin,
                status,
            } => {
                debug!(
                    target: "alf",
                    %requested, generation, %origin, %status, "the request was replayed"
                );
            }
            Event::RequestBlocked { blocked } => {
                warn!(target: "alf", %blocked, "the request was not sent");
            }
        }
    }
}

/// An error and what lies beneath it, joined by `: `.
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
