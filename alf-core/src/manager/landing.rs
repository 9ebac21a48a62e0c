//! How flights end: each exactly once, with a result or without.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::flight::{Arrival, Crash, Fall};
use crate::machine::{Death, FlightId, Landed, Moment, Ticket};
use crate::{Event, Token};

use super::announcement::Outcome;
use super::common::CommonFailure;
use super::shared::Shared;
use super::state::State;

impl Shared {
    /// A flight has ended with a result.
    pub(crate) fn landed(&self, flight: FlightId, ticket: Ticket, result: Result<Arrival, Fall>) {
        let now = self.now();
        let mut state = self.lock();
        let (landed, outcome) = match result {
            Ok(arrival) => arrive(&mut state, now, flight, arrival),
            Err(Fall::Alone(crash)) => self.crash(&mut state, now, flight, ticket, crash),
            Err(Fall::WithAnother(failure)) => {
                let landed = state.renewal.fall(flight, &failure.rest);
                (landed, state.fail(landed, |_| failure.error))
            }
        };
        self.publish(&mut state, now);
        let announcement = state.take_announcement(flight);
        let expires_in = state.token.as_ref().and_then(Token::expires_in);
        drop(state);
        // First the waiters: an observer may panic.
        if let Some(announcement) = announcement {
            announcement.announce(outcome.clone());
        }
        self.tell_of_landing(flight, landed, &outcome, expires_in);
    }

    /// A flight is gone without a result (S4).
    pub(crate) fn died(&self, flight: FlightId, ticket: Ticket) {
        let now = self.now();
        let mut state = self.lock();
        let outcome = match state.renewal.die(now, flight) {
            Death::Late => return,
            Death::AskAgain => Outcome::Gone,
            Death::Failed { until } => {
                let error = self.error(Crash::died(), self.wall_at(now, until));
                let failure = CommonFailure {
                    rest: state.renewal.rest().clone(),
                    error: error.clone(),
                };
                self.common.failing().failed(ticket, failure);
                state.fail(Landed::Failed { until }, |_| error)
            }
        };
        self.publish(&mut state, now);
        let announcement = state.take_announcement(flight);
        drop(state);
        if let Some(announcement) = announcement {
            announcement.announce(outcome.clone());
        }
        // First the waiters: an observer may panic. And where the flight died of a panic, a second
        // one would abort the process.
        let (requested, flight) = (self.requested(), flight.as_u64());
        let _ = catch_unwind(AssertUnwindSafe(|| match &outcome {
            Outcome::Failed(error) => self.tell(&Event::FlightFailed {
                requested,
                flight,
                error,
            }),
            Outcome::Gone | Outcome::Landed(_) => {
                self.tell(&Event::FlightDied { requested, flight });
            }
        }));
    }

    /// B2: what every view would meet lets all of them rest; another's scope does not.
    fn crash(
        &self,
        state: &mut State,
        now: Moment,
        flight: FlightId,
        ticket: Ticket,
        crash: Crash,
    ) -> (Landed, Outcome) {
        let failure = crash.cause.failure;
        let concerns_all = crash.cause.concerns_all_views();
        let to_error = |until| self.error(crash, self.wall_at(now, until));
        if !concerns_all {
            let landed = state.renewal.land(now, flight, Err(failure), NO_JITTER);
            return (landed, state.fail(landed, to_error));
        }
        let all = self.common.failing();
        if let Some(known) = all.known(ticket, &failure) {
            let landed = state.renewal.fall(flight, &known.rest);
            return (landed, state.fail(landed, to_error));
        }
        let last = all.last_rest();
        let landed = state.renewal.land_after(now, flight, &failure, last);
        let outcome = state.fail(landed, to_error);
        if let Outcome::Failed(error) = &outcome {
            let rest = state.renewal.rest().clone();
            let error = error.clone();
            all.failed(ticket, CommonFailure { rest, error });
        }
        (landed, outcome)
    }

    /// What the wall clock shows then.
    fn wall_at(&self, now: Moment, then: Moment) -> Option<SystemTime> {
        let wall = self.clock.wall();
        wall.checked_add(then.saturating_since(now))
    }

    fn tell_of_landing(
        &self,
        flight: FlightId,
        landed: Landed,
        outcome: &Outcome,
        expires_in: Option<Duration>,
    ) {
        let (requested, flight) = (self.requested(), flight.as_u64());
        match (landed, outcome) {
            (Landed::Took(generation), _) => self.tell(&Event::TokenLanded {
                requested,
                flight,
                generation: generation.as_u64(),
                expires_in,
            }),
            (Landed::Same(generation), _) => self.tell(&Event::TokenUnchanged {
                requested,
                flight,
                generation: generation.as_u64(),
                expires_in,
            }),
            (Landed::Failed { .. }, Outcome::Failed(error)) => {
                self.tell(&Event::FlightFailed {
                    requested,
                    flight,
                    error,
                });
            }
            (Landed::Failed { .. } | Landed::Late, _) => {}
        }
    }
}

fn arrive(state: &mut State, now: Moment, flight: FlightId, arrival: Arrival) -> (Landed, Outcome) {
    let Arrival { landing, header } = arrival;
    let grant = Arc::clone(&landing.token);
    let jitter = fastrand::f64();
    let landed = state.renewal.land(now, flight, Ok(landing), jitter);
    (landed, state.take(landed, grant, header))
}

/// A failure needs none.
const NO_JITTER: f64 = 0.0;
