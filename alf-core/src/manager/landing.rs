//! How flights end: each exactly once, with a result or without.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::flight::{Arrival, Crash, Fall};
use crate::machine::{Death, Failure, FlightId, Landed, Moment, Ticket};
use crate::{Event, Token};

use super::announcement::Outcome;
use super::shared::Shared;
use super::state::State;

impl Shared {
    /// A flight has ended with a result.
    pub(crate) fn landed(&self, flight: FlightId, ticket: Ticket, result: Result<Arrival, Fall>) {
        let ending = self.ending(flight, ticket);
        let Ending { now, .. } = ending;
        let mut state = self.lock();
        let (landed, outcome) = match result {
            Ok(arrival) => self.arrive(&mut state, &ending, arrival),
            Err(Fall::Alone(crash)) => self.crash(&mut state, &ending, crash),
            Err(Fall::Untried(crash)) => self.give_up(&mut state, &ending, crash),
            Err(Fall::WithAnother(failure)) => {
                let landed = state.fall(flight, &failure.rest);
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
        let ending = self.ending(flight, ticket);
        let Ending { now, .. } = ending;
        let mut state = self.lock();
        self.rest_with_others(&mut state);
        let outcome = match state.renewal.die(now, flight) {
            Death::Late => return,
            Death::AskAgain => Outcome::Gone,
            Death::Failed { until } => {
                let error = self.error(Crash::died(), ending.wall_at(until));
                let all = self.server.failing();
                // What is rested after already says more.
                if all.in_force(now).is_none() {
                    all.failed(now, ticket, state.shared_failure(&error));
                }
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

    fn ending(&self, flight: FlightId, ticket: Ticket) -> Ending {
        Ending {
            flight,
            ticket,
            now: self.now(),
            // Before any lock: it is the user's runtime that says it.
            wall: self.clock.wall(),
        }
    }

    fn arrive(&self, state: &mut State, ending: &Ending, arrival: Arrival) -> (Landed, Outcome) {
        let Arrival { landing, header } = arrival;
        let grant = Arc::clone(&landing.token);
        let jitter = fastrand::f64();
        let Ending { now, flight, .. } = *ending;
        let landed = state.renewal.land(now, flight, Ok(landing), jitter);
        if landed != Landed::Late {
            self.server.succeeded(ending.ticket);
        }
        (landed, state.take(landed, grant, header))
    }

    /// B2: what every view would meet lets all of them rest; another's scope does not.
    fn crash(&self, state: &mut State, ending: &Ending, crash: Crash) -> (Landed, Outcome) {
        let failure = crash.cause.failure;
        let concerns_all = crash.cause.concerns_all_views();
        let Ending {
            now,
            flight,
            ticket,
            ..
        } = *ending;
        let to_error = |until| self.error(crash, ending.wall_at(until));
        if !concerns_all {
            let landed = state.land_alone(now, flight, failure);
            return (landed, state.fail(landed, to_error));
        }
        let all = self.server.failing();
        if let Some(known) = all.known(now, ticket, &failure) {
            all.failed_too(now, ticket);
            let landed = state.fall(flight, &known.rest);
            return (landed, state.fail(landed, to_error));
        }
        let landed = state.land_after(now, flight, &failure, all.last_rest());
        let outcome = state.fail(landed, to_error);
        if let Outcome::Failed(error) = &outcome {
            all.failed(now, ticket, state.shared_failure(error));
        }
        (landed, outcome)
    }

    /// It has asked the server nothing: that is no further failure of it.
    fn give_up(&self, state: &mut State, ending: &Ending, crash: Crash) -> (Landed, Outcome) {
        let Ending { now, flight, .. } = *ending;
        let known = self.server.failing().in_force(now).cloned();
        let landed = match known {
            Some(known) => state.fall(flight, &known.rest),
            None => state.land_alone(now, flight, Failure::TRANSIENT),
        };
        let to_error = |until| self.error(crash, ending.wall_at(until));
        (landed, state.fail(landed, to_error))
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

/// Which flight ends, and when.
struct Ending {
    flight: FlightId,
    ticket: Ticket,
    now: Moment,
    wall: SystemTime,
}

impl Ending {
    /// What the wall clock shows then.
    fn wall_at(&self, then: Moment) -> Option<SystemTime> {
        self.wall.checked_add(then.saturating_since(self.now))
    }
}
