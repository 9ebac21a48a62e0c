//! The circuit breaker of a client: which acquisition may make an attempt, and when (B1, B2).

use core::time::Duration;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{AcquisitionId, DoublingDelay, Failure, Moment};

/// Guards an authorization server that is in trouble. All tokens of a client share it.
///
/// ```text
///              an attempt fails                  an acquisition fails
///   Healthy ─────────────────────▶ Troubled ─────────────────────────▶ BackingOff
///      ▲                            │    ▲                               │
///      └──────── a token ───────────┘    └──── the back-off has ended ───┘
/// ```
///
/// - *Healthy*: every acquisition may make an attempt at once.
/// - *Troubled*: one attempt at a time (a probe), with the pauses of one acquisition. The token target whose
///   latest attempt is longest ago is next, so that one that always fails does not delay the others for ever.
/// - *Backing off*: no attempt until the back-off ends. Callers without a usable token get the error.
///
/// Only failures that every token target would meet count here. `E` is the error of a failed attempt.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Breaker<E> {
    condition: Condition<E>,
    /// The pauses between attempts.
    pauses: DoublingDelay,
    transient_back_off: DoublingDelay,
    permanent_back_off: DoublingDelay,
    /// The latest failed attempt since the latest success.
    latest_failure: Option<(Moment, E)>,
    /// Acquisitions that wait for their probe, in the order of their arrival.
    waiting: Vec<Claim>,
    probe: Option<Claim>,
    /// The targets for which an attempt was made since the trouble began: the latest one last.
    attempted: Vec<TargetId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Condition<E> {
    Healthy,
    Troubled {
        next_attempt_at: Moment,
    },
    BackingOff {
        until: Moment,
        /// Whether waiting helps.
        is_transient: bool,
        error: E,
    },
}

/// A token target of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TargetId(pub(crate) u64);

/// One acquisition, as the breaker knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) target: TargetId,
    /// The acquisition of that target.
    pub(crate) id: AcquisitionId,
    /// When it must have ended (S5): from then on it holds up nobody.
    pub(crate) deadline: Moment,
}

/// What an acquisition does before an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Permit<E> {
    /// It makes the attempt.
    Granted,
    /// It asks again when the breaker has changed, and at this moment at the latest.
    Wait { until: Moment },
    /// It fails with the error for which the client backs off.
    Refused(E),
    /// It fails: no attempt may be made before its deadline.
    TooLate,
}

/// Which acquisitions may run at the same time while the server is healthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusivity {
    Shared,
    /// One at a time: it reads what the others need to know (T10).
    Exclusive,
}

/// What the breaker means for a caller that needs a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Healthy,
    /// An attempt has failed since the latest success.
    Troubled,
    /// No acquisition starts before that.
    BackingOff {
        until: Moment,
    },
}

impl<E: Clone> Breaker<E> {
    pub(crate) const fn new() -> Self {
        Self {
            condition: Condition::Healthy,
            pauses: FIRST_PAUSES,
            transient_back_off: DoublingDelay::after_transient_failures(),
            permanent_back_off: DoublingDelay::after_permanent_failures(),
            latest_failure: None,
            waiting: Vec::new(),
            probe: None,
            attempted: Vec::new(),
        }
    }

    pub(crate) fn health(&self, now: Moment) -> Health {
        match self.condition {
            Condition::Healthy => Health::Healthy,
            Condition::BackingOff { until, .. } if now < until => Health::BackingOff { until },
            Condition::Troubled { .. } | Condition::BackingOff { .. } => Health::Troubled,
        }
    }

    /// The error that callers get while the client backs off.
    pub(crate) fn back_off_error(&self, now: Moment) -> Option<&E> {
        match &self.condition {
            Condition::BackingOff { until, error, .. } if now < *until => Some(error),
            Condition::Healthy | Condition::Troubled { .. } | Condition::BackingOff { .. } => None,
        }
    }

    /// The latest failed attempt since the latest success, and when it failed.
    pub(crate) fn latest_failure(&self) -> Option<&(Moment, E)> {
        self.latest_failure.as_ref()
    }

    /// May this acquisition make an attempt now? It must ask before each, and [leave](Self::leave) in the end.
    pub(crate) fn request(
        &mut self,
        now: Moment,
        claim: Claim,
        exclusivity: Exclusivity,
    ) -> Permit<E> {
        self.forget_overdue(now, claim);
        match &self.condition {
            Condition::Healthy if exclusivity == Exclusivity::Shared => {
                self.leave(claim);
                return Permit::Granted;
            }
            Condition::BackingOff {
                until,
                is_transient,
                error,
            } if now < *until && (!is_transient || claim.deadline <= *until) => {
                let error = error.clone();
                self.leave(claim);
                return Permit::Refused(error);
            }
            Condition::Healthy | Condition::Troubled { .. } | Condition::BackingOff { .. } => {}
        }
        let next_attempt_at = self.next_attempt_at();
        if claim.deadline <= now.max(next_attempt_at) {
            self.leave(claim);
            return Permit::TooLate;
        }
        if self.probe == Some(claim) {
            return Permit::Granted;
        }
        if !self.waiting.contains(&claim) {
            self.waiting.push(claim);
        }
        if let Some(probe) = self.probe {
            let until = probe.deadline;
            return Permit::Wait { until };
        }
        match self.next_in_line() {
            Some(next) if next != claim => Permit::Wait {
                until: next.deadline,
            },
            Some(_) | None if now < next_attempt_at => Permit::Wait {
                until: next_attempt_at,
            },
            Some(_) | None => {
                self.start_probe(claim);
                Permit::Granted
            }
        }
    }

    /// An attempt failed, and its acquisition would try again. Returns when it may, if that is before its deadline; if
    /// not, the acquisition [has failed](Self::acquisition_failed). `jitter` is a random number from 0 to 1.
    pub(crate) fn attempt_failed(
        &mut self,
        now: Moment,
        claim: Claim,
        retry_after: Duration,
        jitter: f64,
        error: E,
    ) -> Option<Moment> {
        let mut pauses = self.pauses;
        // Attempts that were under way when the trouble began are the same failure: they lengthen no pause.
        let pause = match self.condition {
            Condition::Healthy => pauses.take_jittered(jitter),
            Condition::Troubled { .. } | Condition::BackingOff { .. }
                if self.probe == Some(claim) =>
            {
                pauses.take_jittered(jitter)
            }
            Condition::Troubled { .. } | Condition::BackingOff { .. } => Duration::ZERO,
        };
        let next = self.next_attempt_at().max(now + pause.max(retry_after));
        if claim.deadline <= next {
            return None;
        }
        match &mut self.condition {
            // B2: nothing that was under way when the back-off began lengthens it.
            Condition::BackingOff { until, .. } if now < *until => {}
            condition @ (Condition::Healthy
            | Condition::Troubled { .. }
            | Condition::BackingOff { .. }) => {
                let next_attempt_at = next;
                *condition = Condition::Troubled { next_attempt_at };
            }
        }
        self.pauses = pauses;
        self.latest_failure = Some((now, error));
        self.note_attempt(claim.target);
        self.leave(claim);
        Some(next)
    }

    /// An acquisition failed, and the client backs off. `error` makes its error from the end of the back-off.
    pub(crate) fn acquisition_failed(
        &mut self,
        now: Moment,
        claim: Claim,
        failure: &Failure,
        error: impl FnOnce(Moment) -> E,
    ) -> E {
        self.leave(claim);
        let (until, is_transient) = match self.condition {
            // Acquisitions that were under way when the back-off began are the same failure: only a `Retry-After` lengthens
            // it. A refusal in an outage is another failure.
            Condition::BackingOff {
                until,
                is_transient,
                ..
            } if (failure.is_transient() || !is_transient) && now < until => {
                let retry_at = now + failure.retry_after().min(LONGEST_RETRY_AFTER);
                if retry_at <= until {
                    return error(until);
                }
                (retry_at, failure.is_transient())
            }
            Condition::Healthy | Condition::Troubled { .. } | Condition::BackingOff { .. } => {
                let back_off = self.take_back_off(failure);
                let until = self.next_attempt_at().max(now + back_off);
                (until, failure.is_transient())
            }
        };
        let error = error(until);
        self.condition = Condition::BackingOff {
            until,
            is_transient,
            error: error.clone(),
        };
        self.pauses = LATER_PAUSES;
        self.latest_failure = Some((now, error.clone()));
        error
    }

    /// An exclusive acquisition knows now what the others need to know: if the server is healthy, they go on beside it
    /// (T10).
    pub(crate) fn end_exclusivity(&mut self, claim: Claim) {
        if matches!(self.condition, Condition::Healthy) {
            self.leave(claim);
        }
    }

    /// An acquisition brought a token: the trouble is over for all. One past its deadline was frozen, and its answer may
    /// be older than the trouble.
    pub(crate) fn succeeded(&mut self, now: Moment, claim: Claim) {
        self.leave(claim);
        if now < claim.deadline {
            *self = Self {
                waiting: std::mem::take(&mut self.waiting),
                ..Self::new()
            };
        }
    }

    /// An acquisition took a token that another instance has obtained. That does not show that the server works for this one,
    /// so attempts are still made one at a time. The next back-off is short again: there may be more tokens (D15).
    #[cfg(feature = "store")]
    pub(crate) fn took_token(&mut self, claim: Claim) {
        self.leave(claim);
        self.transient_back_off.reset();
        self.permanent_back_off.reset();
    }

    /// An acquisition has ended, or waits for no attempt any more.
    pub(crate) fn leave(&mut self, claim: Claim) {
        self.waiting.retain(|waiting| *waiting != claim);
        self.probe.take_if(|probe| *probe == claim);
    }

    /// Before that no attempt may be made.
    fn next_attempt_at(&self) -> Moment {
        match self.condition {
            Condition::Healthy => Moment::START,
            Condition::Troubled { next_attempt_at } => next_attempt_at,
            Condition::BackingOff { until, .. } => until,
        }
    }

    /// Of those that wait: the one whose target's latest attempt is longest ago, and of several the first to come.
    fn next_in_line(&self) -> Option<Claim> {
        let latest_attempt = |claim: &&Claim| {
            let position = |target: &TargetId| *target == claim.target;
            self.attempted.iter().position(position)
        };
        self.waiting.iter().min_by_key(latest_attempt).copied()
    }

    fn start_probe(&mut self, claim: Claim) {
        self.leave(claim);
        self.probe = Some(claim);
        self.note_attempt(claim.target);
    }

    fn note_attempt(&mut self, target: TargetId) {
        self.attempted.retain(|attempted| *attempted != target);
        if self.attempted.len() == MOST_ATTEMPTED {
            self.attempted.remove(0);
        }
        self.attempted.push(target);
    }

    /// A back-off after the other kind of failure starts again: a minute is for a server that has refused many times.
    fn take_back_off(&mut self, failure: &Failure) -> Duration {
        let (back_off, other) = if failure.is_transient() {
            (&mut self.transient_back_off, &mut self.permanent_back_off)
        } else {
            (&mut self.permanent_back_off, &mut self.transient_back_off)
        };
        other.reset();
        back_off.take_after(failure)
    }

    /// S5: an acquisition past its deadline keeps nobody waiting.
    fn forget_overdue(&mut self, now: Moment, except: Claim) {
        self.waiting
            .retain(|claim| *claim == except || now < claim.deadline);
        self.probe.take_if(|probe| probe.deadline <= now);
    }
}

/// X5: twice as many targets as a client keeps by default.
const MOST_ATTEMPTED: usize = 512;
/// B1.
const FIRST_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_millis(100), Duration::from_secs(1));
/// B2: after a failed acquisition, until a token is obtained.
const LATER_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_secs(1), Duration::from_secs(4));
