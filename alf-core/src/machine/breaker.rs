//! The circuit breaker of a client: which acquisition may make an attempt, and when (B1, B2).

use core::time::Duration;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{Claim, DoublingDelay, Failure, Moment, TargetId};

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
    /// From the first failure until a token is obtained.
    trouble: Option<Trouble<E>>,
    /// Acquisitions that wait for their probe, in the order of their arrival.
    waiting: Vec<Claim>,
    probe: Option<Claim>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Trouble<E> {
    next_attempt_at: Moment,
    /// Whether the client backs off until then, or did until then and has made no attempt since.
    back_off: Option<ServerBackOff<E>>,
    /// The pauses between attempts.
    pauses: DoublingDelay,
    /// The back-offs after failures of one kind: transient ones, or not.
    back_offs: Option<(bool, DoublingDelay)>,
    /// The latest failed attempt, and when it failed.
    latest_failure: Option<(Moment, E)>,
    /// The targets for which an attempt was made since the trouble began: the latest one last.
    attempted: Vec<TargetId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ServerBackOff<E> {
    /// Whether waiting helps.
    is_transient: bool,
    error: E,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health<E> {
    Healthy,
    /// An attempt has failed since the latest success.
    Troubled,
    /// No acquisition starts before that, because of that error.
    BackingOff {
        until: Moment,
        error: E,
    },
}

impl<E: Clone> Breaker<E> {
    pub(crate) const fn new() -> Self {
        Self {
            trouble: None,
            waiting: Vec::new(),
            probe: None,
        }
    }

    pub(crate) fn health(&self, now: Moment) -> Health<E> {
        let Some(trouble) = &self.trouble else {
            return Health::Healthy;
        };
        match trouble.back_off(now) {
            None => Health::Troubled,
            Some(ServerBackOff { error, .. }) => Health::BackingOff {
                until: trouble.next_attempt_at,
                error: error.clone(),
            },
        }
    }

    /// The latest failed attempt since the latest success, and when it failed.
    pub(crate) fn latest_failure(&self) -> Option<&(Moment, E)> {
        self.trouble.as_ref()?.latest_failure.as_ref()
    }

    /// May this acquisition make an attempt now? It must ask before each, and [leave](Self::leave) in the end.
    pub(crate) fn request(
        &mut self,
        now: Moment,
        claim: Claim,
        exclusivity: Exclusivity,
    ) -> Permit<E> {
        self.forget_overdue(now, claim);
        let next_attempt_at = self.next_attempt_at();
        let trouble = self.trouble.as_ref();
        let back_off = trouble.and_then(|trouble| trouble.back_off(now));
        let helps_to_wait = |back_off: &&ServerBackOff<E>| {
            back_off.is_transient && next_attempt_at < claim.deadline
        };
        if let Some(back_off) = back_off.filter(|back_off| !helps_to_wait(back_off)) {
            let error = back_off.error.clone();
            self.leave(claim);
            return Permit::Refused(error);
        }
        if trouble.is_none() && exclusivity == Exclusivity::Shared {
            self.leave(claim);
            return Permit::Granted;
        }
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
        let before = self.probe.or_else(|| self.next_in_line());
        match before.filter(|before| *before != claim) {
            Some(before) => Permit::Wait {
                until: before.deadline,
            },
            None if now < next_attempt_at => Permit::Wait {
                until: next_attempt_at,
            },
            None => {
                self.leave(claim);
                self.probe = Some(claim);
                if let Some(trouble) = &mut self.trouble {
                    trouble.note_attempt(claim.target);
                }
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
        let mut trouble = self.trouble.clone().unwrap_or(Trouble::NEW);
        // Attempts that were under way when the trouble began are the same failure: they lengthen no pause.
        let pause = if self.trouble.is_none() || self.probe == Some(claim) {
            trouble.pauses.take_jittered(jitter)
        } else {
            Duration::ZERO
        };
        let next = trouble.next_attempt_at.max(now + pause.max(retry_after));
        if claim.deadline <= next {
            return None;
        }
        // B2: nothing that was under way when the back-off began lengthens it.
        if trouble.back_off(now).is_none() {
            trouble.back_off = None;
            trouble.next_attempt_at = next;
        }
        trouble.latest_failure = Some((now, error));
        trouble.note_attempt(claim.target);
        self.trouble = Some(trouble);
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
        let trouble = self.trouble.get_or_insert(Trouble::NEW);
        // Acquisitions that were under way when the back-off began are the same failure: only a `Retry-After` lengthens it.
        // A refusal in an outage is another failure.
        let is_same_failure = trouble
            .back_off(now)
            .is_some_and(|back_off| failure.is_transient() || !back_off.is_transient);
        let retry_after = if is_same_failure {
            let retry_after = failure.retry_after().min(LONGEST_RETRY_AFTER);
            if now + retry_after <= trouble.next_attempt_at {
                return error(trouble.next_attempt_at);
            }
            retry_after
        } else {
            trouble.take_back_off(failure)
        };
        let until = trouble.next_attempt_at.max(now + retry_after);
        let error = error(until);
        trouble.next_attempt_at = until;
        trouble.back_off = Some(ServerBackOff {
            is_transient: failure.is_transient(),
            error: error.clone(),
        });
        trouble.pauses = LATER_PAUSES;
        trouble.latest_failure = Some((now, error.clone()));
        error
    }

    /// An exclusive acquisition knows now what the others need to know: if the server is healthy, they go on beside it
    /// (T10).
    pub(crate) fn end_exclusivity(&mut self, claim: Claim) {
        if self.trouble.is_none() {
            self.leave(claim);
        }
    }

    /// An acquisition brought a token: the trouble is over for all. One past its deadline was frozen, and its answer may
    /// be older than the trouble.
    pub(crate) fn succeeded(&mut self, now: Moment, claim: Claim) {
        self.leave(claim);
        if now < claim.deadline {
            self.trouble = None;
            self.probe = None;
        }
    }

    /// An acquisition took a token that another instance has obtained. That does not show that the server works for this one,
    /// so attempts are still made one at a time. The next back-off is short again: there may be more tokens (D15).
    #[cfg(feature = "store")]
    pub(crate) fn took_token(&mut self, claim: Claim) {
        self.leave(claim);
        if let Some(trouble) = &mut self.trouble {
            trouble.back_offs = None;
        }
    }

    /// An acquisition has ended, or waits for no attempt any more.
    pub(crate) fn leave(&mut self, claim: Claim) {
        self.waiting.retain(|waiting| *waiting != claim);
        self.probe.take_if(|probe| *probe == claim);
    }

    /// Before that no attempt may be made.
    fn next_attempt_at(&self) -> Moment {
        let trouble = self.trouble.as_ref();
        trouble.map_or(Moment::START, |trouble| trouble.next_attempt_at)
    }

    /// Of those that wait: the one whose target's latest attempt is longest ago, and of several the first to come.
    fn next_in_line(&self) -> Option<Claim> {
        let attempted = self
            .trouble
            .as_ref()
            .map_or(&[][..], |trouble| &trouble.attempted);
        let latest_attempt = |claim: &&Claim| {
            let mut attempted = attempted.iter();
            attempted.position(|target| *target == claim.target)
        };
        self.waiting.iter().min_by_key(latest_attempt).copied()
    }

    /// S5: an acquisition past its deadline keeps nobody waiting.
    fn forget_overdue(&mut self, now: Moment, except: Claim) {
        self.waiting
            .retain(|claim| *claim == except || now < claim.deadline);
        self.probe.take_if(|probe| probe.deadline <= now);
    }
}

impl<E> Trouble<E> {
    const NEW: Self = Self {
        next_attempt_at: Moment::START,
        back_off: None,
        pauses: FIRST_PAUSES,
        back_offs: None,
        latest_failure: None,
        attempted: Vec::new(),
    };

    /// The back-off that has not ended.
    fn back_off(&self, now: Moment) -> Option<&ServerBackOff<E>> {
        self.back_off
            .as_ref()
            .filter(|_| now < self.next_attempt_at)
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
        let is_transient = failure.is_transient();
        let back_offs = self.back_offs.filter(|(known, _)| *known == is_transient);
        let (_, delay) = self.back_offs.insert(back_offs.unwrap_or_else(|| {
            let first = if is_transient {
                DoublingDelay::after_transient_failures()
            } else {
                DoublingDelay::after_permanent_failures()
            };
            (is_transient, first)
        }));
        delay.take_after(failure)
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
