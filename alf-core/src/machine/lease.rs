//! What one instance of a fleet does with the record that all of them share (D3 to D16).

use core::time::Duration;
use std::time::SystemTime;

use super::doubling_delay::LONGEST_RETRY_AFTER;
use super::{DoublingDelay, Moment, RecordStanding, SharedRecord, SharedToken};

/// What one instance knows of the record of one token target, over all its acquisitions. `V` is the version of a record.
///
/// Random numbers are arguments, from 0 to 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease<V> {
    /// The latest version that was read or written, and when this instance first had it (D3).
    latest: Option<(Option<V>, Moment)>,
    highest_claim: u64,
    /// The latest claim has no reply: whether it was applied is not known.
    has_unanswered_claim: bool,
    /// The number of the claim that obtained the latest token of this instance; 0 before the first.
    held_claim: u64,
    /// D6: the highest claim that the acquisition under way has waited for.
    waited_for: Option<u64>,
    polls: DoublingDelay,
    refused: Option<Refused>,
}

/// D11: this instance's own attempts were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Refused {
    credential: CredentialHash,
    until: Moment,
    delay: DoublingDelay,
}

/// A keyed hash of everything that a client authenticates with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CredentialHash(pub(crate) u64);

/// Both clocks. A lease counts by the first, and a token's age by the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) now: Moment,
    pub(crate) wall: SystemTime,
}

/// What an acquisition does after it has read the record (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadDecision<E> {
    /// It succeeds with the token of the record.
    Take,
    /// Another instance makes an attempt. It reads again, at this moment at the latest.
    AwaitLease { until: Moment },
    /// An attempt failed. It reads again after this moment.
    AwaitPause { until: Moment, error: E },
    /// It fails: the client's credentials were refused. The error is the record's, if it was another instance that was refused.
    Fail { error: Option<E> },
    /// It claims the record, and makes an attempt.
    Claim,
}

/// Whether a caller waits for an acquisition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiters {
    Some,
    None,
}

impl<V: PartialEq> Lease<V> {
    pub(crate) const fn new() -> Self {
        Self {
            latest: None,
            highest_claim: 0,
            has_unanswered_claim: false,
            held_claim: 0,
            waited_for: None,
            polls: POLLS,
            refused: None,
        }
    }

    /// An acquisition starts.
    pub(crate) fn start(&mut self) {
        self.waited_for = None;
        self.polls.reset();
    }

    /// Whether [`decide`](Self::decide) must know the credentials: they were refused, here or at another instance.
    pub(crate) fn depends_on_credential<T, E>(&self, record: &SharedRecord<T, E>) -> bool {
        self.refused.is_some() || record.refused_credential().is_some()
    }

    /// The record was read. `leeway` is this instance's own, for the record's token.
    pub(crate) fn decide<T, E: Clone>(
        &mut self,
        clocks: Clocks,
        version: Option<V>,
        record: &SharedRecord<T, E>,
        credential: Option<CredentialHash>,
        leeway: Duration,
    ) -> ReadDecision<E> {
        let first_read_at = self.first_read_at(clocks.now, version);
        self.highest_claim = self.highest_claim.max(record.claims);
        if self.is_helped_by(clocks, record.token.as_ref(), leeway) {
            return ReadDecision::Take;
        }
        match &record.standing {
            RecordStanding::Leased { length } => {
                let until = first_read_at + (*length).clamp(SHORTEST_LEASE, LONGEST_LEASE);
                if clocks.now < until {
                    self.wait_for(record.claims);
                    return ReadDecision::AwaitLease { until };
                }
            }
            RecordStanding::Paused(pause) => {
                let until = pause.until(clocks, first_read_at);
                let is_over = until <= clocks.now;
                match pause.credential {
                    None if !is_over => {
                        return ReadDecision::AwaitPause {
                            until,
                            error: pause.error.clone(),
                        };
                    }
                    Some(_) if !is_over && pause.credential == credential => {
                        return ReadDecision::Fail {
                            error: Some(pause.error.clone()),
                        };
                    }
                    None | Some(_) => {}
                }
            }
            RecordStanding::Free => {}
        }
        match self.refused {
            Some(refused) if refused.binds(credential, clocks.now) => {
                ReadDecision::Fail { error: None }
            }
            Some(_) | None => ReadDecision::Claim,
        }
    }

    /// The record with a claim of this instance (D7). `attempt_timeout` is how long the attempt may take.
    pub(crate) fn claim<T: Clone, E>(
        &mut self,
        record: &SharedRecord<T, E>,
        attempt_timeout: Duration,
    ) -> SharedRecord<T, E> {
        self.highest_claim = self.highest_claim.saturating_add(1);
        self.has_unanswered_claim = true;
        let attempts = record.attempts.saturating_add(1);
        let length = attempt_timeout.saturating_add(AFTER_ATTEMPT);
        let length = if SHORT_LEASES.contains(&attempts) {
            length.min(SHORT_LEASE)
        } else {
            length
        };
        SharedRecord {
            claims: self.highest_claim,
            attempts,
            token: record.token.clone(),
            standing: RecordStanding::Leased { length },
        }
    }

    /// The number of a token that is obtained without the store (D13).
    pub(crate) fn claim_without_store(&mut self) -> u64 {
        if !std::mem::take(&mut self.has_unanswered_claim) {
            self.highest_claim = self.highest_claim.saturating_add(1);
        }
        self.highest_claim
    }

    /// This instance has written the record.
    pub(crate) fn written(&mut self, now: Moment, version: V) {
        self.latest = Some((Some(version), now));
        self.has_unanswered_claim = false;
    }

    /// Another instance wrote the record first: it waits for that one (D7).
    pub(crate) fn claim_conflicted(&mut self) {
        self.has_unanswered_claim = false;
        self.wait_for(self.highest_claim);
    }

    /// This instance holds the token of this claim.
    pub(crate) fn holds(&mut self, claim: u64) {
        self.held_claim = self.held_claim.max(claim);
        self.highest_claim = self.highest_claim.max(claim);
    }

    /// An attempt of this instance succeeded with these credentials, or others.
    pub(crate) fn accepted(&mut self) {
        self.refused = None;
    }

    /// The record after a failed attempt of this instance that may succeed later (D10). `claimed` is what it wrote before.
    pub(crate) fn failed<T: Clone, E>(
        clocks: Clocks,
        claimed: &SharedRecord<T, E>,
        retry_after: Duration,
        error: E,
    ) -> SharedRecord<T, E> {
        let length = nth(FAILURE_PAUSES, claimed.attempts);
        claimed.paused(clocks, length, retry_after, None, error)
    }

    /// The record after an attempt of this instance that was refused (D11).
    pub(crate) fn refused<T: Clone, E>(
        &mut self,
        clocks: Clocks,
        claimed: &SharedRecord<T, E>,
        retry_after: Duration,
        credential: CredentialHash,
        error: E,
    ) -> SharedRecord<T, E> {
        let same = self
            .refused
            .filter(|refused| refused.credential == credential);
        let mut delay = same.map_or(REFUSAL_PAUSES, |refused| refused.delay);
        let until = clocks.now + delay.take().max(retry_after.min(LONGEST_RETRY_AFTER));
        self.refused = Some(Refused {
            credential,
            until,
            delay,
        });
        let length = nth(REFUSAL_PAUSES, claimed.attempts);
        claimed.paused(clocks, length, retry_after, Some(credential), error)
    }

    /// When the record is read again behind a lease (D12). `until` is `None` after a conflict.
    pub(crate) fn next_read(
        &mut self,
        now: Moment,
        until: Option<Moment>,
        waiters: Waiters,
        random: f64,
        random_after_lease: f64,
    ) -> Moment {
        let poll = match waiters {
            Waiters::Some => self.polls.take(),
            Waiters::None => LONGEST_POLL,
        };
        let poll = now + poll.mul_f64(0.8 + 0.4 * random.clamp(0.0, 1.0));
        match until {
            Some(until) => {
                poll.min(until + AFTER_LEASE.mul_f64(random_after_lease.clamp(0.0, 1.0)))
            }
            None => poll,
        }
    }

    /// When the record is read again after a pause (D12).
    pub(crate) fn read_after_pause(until: Moment, attempt: AttemptBy, random: f64) -> Moment {
        let after = until + AFTER_PAUSE.mul_f64(random.clamp(0.0, 1.0));
        match attempt {
            AttemptBy::ThisInstance => after + AFTER_PAUSE,
            AttemptBy::AnotherInstance => after,
        }
    }

    fn first_read_at(&mut self, now: Moment, version: Option<V>) -> Moment {
        match &self.latest {
            Some((latest, first_read_at)) if *latest == version => *first_read_at,
            Some(_) | None => {
                self.latest = Some((version, now));
                now
            }
        }
    }

    fn wait_for(&mut self, claim: u64) {
        self.waited_for = self.waited_for.max(Some(claim));
    }

    /// D5, D6
    fn is_helped_by<T>(
        &self,
        clocks: Clocks,
        token: Option<&SharedToken<T>>,
        leeway: Duration,
    ) -> bool {
        token.is_some_and(|token| {
            let was_waited_for = self.waited_for.is_some_and(|claim| claim <= token.claim);
            self.held_claim < token.claim
                && (was_waited_for || !token.is_within_leeway(clocks.wall, leeway))
        })
    }
}

/// Whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AttemptBy {
    ThisInstance,
    AnotherInstance,
}

impl Refused {
    fn binds(&self, credential: Option<CredentialHash>, now: Moment) -> bool {
        now < self.until && credential == Some(self.credential)
    }
}

/// The delay number `n`, which counts from 1.
fn nth(mut delay: DoublingDelay, n: u32) -> Duration {
    delay.skip(n.saturating_sub(1));
    delay.take()
}

/// D12
const POLLS: DoublingDelay = DoublingDelay::new(Duration::from_millis(50), LONGEST_POLL);
const LONGEST_POLL: Duration = Duration::from_millis(500);
const AFTER_LEASE: Duration = Duration::from_millis(100);
const AFTER_PAUSE: Duration = Duration::from_millis(250);
/// D7
const AFTER_ATTEMPT: Duration = Duration::from_secs(1);
const SHORT_LEASE: Duration = Duration::from_millis(1_500);
const SHORT_LEASES: core::ops::RangeInclusive<u32> = 2..=5;
/// D16
const SHORTEST_LEASE: Duration = Duration::from_millis(500);
const LONGEST_LEASE: Duration = Duration::from_secs(15);
/// D10
const FAILURE_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_millis(100), Duration::from_secs(4));
/// D11
const REFUSAL_PAUSES: DoublingDelay =
    DoublingDelay::new(Duration::from_secs(1), Duration::from_secs(60));
