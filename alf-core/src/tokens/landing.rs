//! How acquisitions end: each exactly once, with a result or without.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::acquisition::{Acquired, FailedAcquisition, Fall};
use crate::machine::{AbortOutcome, AcquisitionId, Completion, Failure, Moment, Ticket};
use crate::{Event, Token};

use super::announcement::Outcome;
use super::shared::Shared;
use super::state::State;

impl Shared {
    /// An acquisition has ended with a result.
    pub(crate) fn landed(
        &self,
        acquisition: AcquisitionId,
        ticket: Ticket,
        result: Result<Acquired, Fall>,
    ) {
        let ending = self.ending(acquisition, ticket);
        let Ending { now, .. } = ending;
        let mut state = self.lock();
        let (landed, outcome) = match result {
            Ok(arrival) => self.arrive(&mut state, &ending, arrival),
            Err(Fall::Alone(crash)) => self.crash(&mut state, &ending, crash),
            Err(Fall::Untried(crash)) => self.give_up(&mut state, &ending, crash),
            Err(Fall::WithAnother(failure)) => {
                let landed = state.fall(acquisition, &failure.rest);
                (landed, state.fail(landed, |_| failure.error))
            }
        };
        self.publish(&mut state, now);
        let announcement = state.take_announcement(acquisition);
        let expires_in = state.token.as_ref().and_then(Token::expires_in);
        drop(state);
        // First the waiters: an observer may panic.
        if let Some(announcement) = announcement {
            announcement.announce(outcome.clone());
        }
        self.tell_of_landing(acquisition, landed, &outcome, expires_in);
    }

    /// An acquisition is gone without a result (S4).
    pub(crate) fn died(&self, acquisition: AcquisitionId, ticket: Ticket) {
        let ending = self.ending(acquisition, ticket);
        let Ending { now, .. } = ending;
        let mut state = self.lock();
        self.rest_with_others(&mut state);
        let outcome = match state.renewal.die(now, acquisition) {
            AbortOutcome::Late => return,
            AbortOutcome::AskAgain => Outcome::Gone,
            AbortOutcome::Failed { until } => {
                let error = self.error(FailedAcquisition::died(), ending.wall_at(until));
                let all = self.server.failing();
                // What is rested after already says more.
                if all.in_force(now).is_none() {
                    all.failed(now, ticket, state.shared_failure(&error));
                }
                state.fail(Completion::Failed { until }, |_| error)
            }
        };
        self.publish(&mut state, now);
        let announcement = state.take_announcement(acquisition);
        drop(state);
        if let Some(announcement) = announcement {
            announcement.announce(outcome.clone());
        }
        // First the waiters: an observer may panic. And where the acquisition died of a panic, a second
        // one would abort the process.
        let (target, acquisition) = (self.target(), acquisition.as_u64());
        let _ = catch_unwind(AssertUnwindSafe(|| match &outcome {
            Outcome::Failed(error) => self.tell(&Event::AcquisitionFailed {
                target,
                acquisition,
                error,
            }),
            Outcome::Gone | Outcome::Completion(_) => {
                self.tell(&Event::AcquisitionAborted {
                    target,
                    acquisition,
                });
            }
        }));
    }

    fn ending(&self, acquisition: AcquisitionId, ticket: Ticket) -> Ending {
        Ending {
            acquisition,
            ticket,
            now: self.now(),
            // Before any lock: it is the user's runtime that says it.
            wall: self.clock.wall(),
        }
    }

    fn arrive(
        &self,
        state: &mut State,
        ending: &Ending,
        arrival: Acquired,
    ) -> (Completion, Outcome) {
        let Acquired { obtained, header } = arrival;
        let grant = Arc::clone(&obtained.token);
        let jitter = fastrand::f64();
        let Ending {
            now, acquisition, ..
        } = *ending;
        let landed = state.renewal.land(now, acquisition, Ok(obtained), jitter);
        if landed != Completion::Late {
            self.server.succeeded(ending.ticket);
        }
        (landed, state.take(landed, grant, header))
    }

    /// B2: what every view would meet lets all of them rest; another's scope does not.
    fn crash(
        &self,
        state: &mut State,
        ending: &Ending,
        crash: FailedAcquisition,
    ) -> (Completion, Outcome) {
        let failure = crash.cause.failure;
        let concerns_all = crash.cause.concerns_all_views();
        let Ending {
            now,
            acquisition,
            ticket,
            ..
        } = *ending;
        let to_error = |until| self.error(crash, ending.wall_at(until));
        if !concerns_all {
            let landed = state.land_alone(now, acquisition, failure);
            return (landed, state.fail(landed, to_error));
        }
        let all = self.server.failing();
        if let Some(known) = all.known(now, ticket, &failure) {
            all.failed_too(now, ticket);
            let landed = state.fall(acquisition, &known.rest);
            return (landed, state.fail(landed, to_error));
        }
        let landed = state.land_after(now, acquisition, &failure, all.last_rest());
        let outcome = state.fail(landed, to_error);
        if let Outcome::Failed(error) = &outcome {
            all.failed(now, ticket, state.shared_failure(error));
        }
        (landed, outcome)
    }

    /// It has asked the server nothing: that is no further failure of it.
    fn give_up(
        &self,
        state: &mut State,
        ending: &Ending,
        crash: FailedAcquisition,
    ) -> (Completion, Outcome) {
        let Ending {
            now, acquisition, ..
        } = *ending;
        let known = self.server.failing().in_force(now).cloned();
        let landed = match known {
            Some(known) => state.fall(acquisition, &known.rest),
            None => state.land_alone(now, acquisition, Failure::TRANSIENT),
        };
        let to_error = |until| self.error(crash, ending.wall_at(until));
        (landed, state.fail(landed, to_error))
    }

    fn tell_of_landing(
        &self,
        acquisition: AcquisitionId,
        landed: Completion,
        outcome: &Outcome,
        expires_in: Option<Duration>,
    ) {
        let (target, acquisition) = (self.target(), acquisition.as_u64());
        match (landed, outcome) {
            (Completion::Took(generation), _) => self.tell(&Event::TokenObtained {
                target,
                acquisition,
                generation: generation.as_u64(),
                expires_in,
            }),
            (Completion::Same(generation), _) => self.tell(&Event::TokenUnchanged {
                target,
                acquisition,
                generation: generation.as_u64(),
                expires_in,
            }),
            (Completion::Failed { .. }, Outcome::Failed(error)) => {
                self.tell(&Event::AcquisitionFailed {
                    target,
                    acquisition,
                    error,
                });
            }
            (Completion::Failed { .. } | Completion::Late, _) => {}
        }
    }
}

/// Which acquisition ends, and when.
struct Ending {
    acquisition: AcquisitionId,
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
