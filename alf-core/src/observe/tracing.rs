//! Events of `tracing`, under the target `alf`.

use tracing::{debug, info, warn};

use super::{Event, Observer};

/// Writes alf's events as events of [`tracing`], under the target `alf`.
///
/// What someone has to look at is a `WARN`: failed flights, rejections, blocked requests. A new
/// token is an `INFO`, all else is `DEBUG`.
#[derive(Clone, Copy, Debug, Default)]
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
            Event::FlightBegun { flight } => debug!(target: "alf", flight, "asking for a token"),
            Event::AttemptFailed {
                flight,
                error,
                pause,
            } => {
                warn!(target: "alf", flight, %error, ?pause, "the token request is tried again");
            }
            Event::TokenLanded {
                flight,
                generation,
                expires_in,
            } => {
                info!(target: "alf", flight, generation, ?expires_in, "got a token");
            }
            Event::TokenUnchanged {
                flight,
                generation,
                expires_in,
            } => {
                info!(target: "alf", flight, generation, ?expires_in, "got the same token again");
            }
            Event::FlightFailed { flight, error } => {
                let retry_at = error.retry_at();
                warn!(target: "alf", flight, %error, ?retry_at, "got no token");
            }
            Event::FlightDied { flight } => {
                warn!(target: "alf", flight, "the token request was stopped without a result");
            }
            Event::TokenRejected { generation, origin } => {
                warn!(target: "alf", generation, ?origin, "the token was rejected");
            }
            Event::HandedBack { generation, origin } => {
                debug!(target: "alf", generation, ?origin, "rejected, as lately: handed back");
            }
            Event::Replayed {
                generation,
                origin,
                status,
            } => {
                debug!(target: "alf", generation, %origin, %status, "the request was replayed");
            }
            Event::RequestBlocked { blocked } => {
                warn!(target: "alf", %blocked, "the request was not sent");
            }
        }
    }
}
