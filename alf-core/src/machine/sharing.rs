//! What one instance does with the record that it shares with others (D3 to D7, D12).

use core::ops::RangeInclusive;
use core::time::Duration;

use super::{Clocks, CredentialHash, DoublingDelay, Moment, Occupancy, SharedRecord, SharedToken};

/// What one instance knows of the record of one token target, over all its acquisitions. `V` is the version of a record.
///
/// Random numbers are arguments, from 0 to 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sharing<V> {
    /// How long it waits for a lease, whatever the record contains (D16).
    longest_lease: Duration,
    /// The latest version that was read or written, and when this instance first had it (D3).
    latest: Option<(Option<V>, Moment)>,
    /// The highest number of a lease that this instance has seen.
    highest: u64,
    /// The version with the latest lease of this instance.
    own_lease: Option<V>,
    /// The number of the token that this instance holds; 0 before the first.
    held: u64,
    /// D6: the highest lease for which the acquisition under way has waited.
    waited_for: Option<u64>,
    polls: DoublingDelay,
    /// How many writes have met a conflict since the latest version was first read.
    conflicts: u32,
}

/// What an acquisition does after it has read the record (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadDecision<E> {
    /// It succeeds with the token of the record.
    UseToken,
    /// Another instance makes an attempt. It reads again, at this moment at the latest.
    AwaitLease { until: Moment },
    /// An attempt failed. It reads again after this moment.
    AwaitPause { until: Moment, error: E },
    /// It takes the lease, and makes an attempt. If its credentials are those that were `refused`, it fails with that error (D11).
    TakeLease {
        refused: Option<(CredentialHash, E)>,
    },
}

/// How much an acquisition matters now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A caller waits for it.
    Awaited,
    Background,
    /// Nobody waits, and the held token can be renewed later (D14).
    Postponable,
}

impl<V: PartialEq> Sharing<V> {
    /// `acquire_timeout` is how long an acquisition may take.
    pub(crate) fn new(acquire_timeout: Duration) -> Self {
        Self {
            longest_lease: LONGEST_LEASE.min(acquire_timeout / 3 * 2),
            latest: None,
            highest: 0,
            own_lease: None,
            held: 0,
            waited_for: None,
            polls: POLLS,
            conflicts: 0,
        }
    }

    /// An acquisition starts.
    pub(crate) fn start(&mut self) {
        self.waited_for = None;
        self.polls.reset();
    }

    /// The record was read. `leeway` is this instance's own, for the record's token (D4).
    pub(crate) fn decide<T, E: Clone>(
        &mut self,
        clocks: Clocks,
        version: Option<V>,
        record: &SharedRecord<T, E>,
        leeway: Duration,
    ) -> ReadDecision<E> {
        // S4: the acquisition that has taken its own was aborted.
        let is_own_lease = version == self.own_lease;
        let first_read_at = self.first_read_at(clocks.now, version);
        self.highest = self.highest.max(record.number);
        if self.is_helped_by(clocks, record.token.as_ref(), leeway) {
            return ReadDecision::UseToken;
        }
        match &record.occupancy {
            Occupancy::Leased { length } if !is_own_lease => {
                let until = first_read_at + (*length).max(SHORTEST_LEASE).min(self.longest_lease);
                if clocks.now < until {
                    self.wait_for(record.number);
                    return ReadDecision::AwaitLease { until };
                }
            }
            Occupancy::Paused(pause) => {
                let until = pause.until(clocks, first_read_at);
                let error = pause.error.clone();
                match pause.credential {
                    _ if until <= clocks.now => {}
                    None => return ReadDecision::AwaitPause { until, error },
                    Some(credential) => {
                        let refused = Some((credential, error));
                        return ReadDecision::TakeLease { refused };
                    }
                }
            }
            Occupancy::Free | Occupancy::Leased { .. } => {}
        }
        ReadDecision::TakeLease { refused: None }
    }

    /// The record with a lease of this instance (D7). `attempt_timeout` is how long the attempt may take.
    pub(crate) fn take_lease<T: Clone, E>(
        &mut self,
        record: &SharedRecord<T, E>,
        attempt_timeout: Duration,
    ) -> SharedRecord<T, E> {
        let number = self.next_number();
        let attempts = record.attempts.saturating_add(1);
        let length = attempt_timeout.saturating_add(AFTER_ATTEMPT);
        let length = if SHORT_LEASES.contains(&attempts) {
            length.min(SHORT_LEASE)
        } else {
            length
        };
        SharedRecord {
            number,
            attempts,
            token: record.token.clone(),
            occupancy: Occupancy::Leased { length },
        }
    }

    /// A number for a lease, or for a token that is obtained without the store (D13).
    pub(crate) fn next_number(&mut self) -> u64 {
        self.highest = self.highest.saturating_add(1);
        self.highest
    }

    /// This instance has taken the lease.
    pub(crate) fn leased(&mut self, version: V) {
        self.own_lease = Some(version);
    }

    /// This instance has written the record.
    pub(crate) fn written(&mut self, now: Moment, version: V) {
        self.latest = Some((Some(version), now));
        self.conflicts = 0;
    }

    /// Another instance wrote the record first: this one waits as behind a lease (D7). Returns whether the store still returns
    /// the record as it was before (D13).
    pub(crate) fn conflicted(&mut self) -> bool {
        self.wait_for(self.highest);
        self.conflicts = self.conflicts.saturating_add(1);
        CONFLICTS_OF_OLD_READS <= self.conflicts
    }

    /// Whether another instance has written the record, with this version, since this one had it.
    pub(crate) fn is_new(&self, version: Option<&V>) -> bool {
        let latest = self.latest.as_ref();
        version.is_some() && latest.is_some_and(|(latest, _)| latest.as_ref() != version)
    }

    /// The number of the token that this instance holds.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// This instance holds the token with this number.
    pub(crate) fn hold(&mut self, number: u64) {
        self.held = self.held.max(number);
        self.highest = self.highest.max(number);
    }

    /// When the record is read again behind a lease (D12). `until` is `None` after a conflict.
    pub(crate) fn next_read(
        &mut self,
        now: Moment,
        until: Option<Moment>,
        urgency: Urgency,
        random: [f64; 2],
    ) -> Moment {
        let [random, random_after_lease] = random.map(|random| random.clamp(0.0, 1.0));
        let poll = match urgency {
            Urgency::Awaited => self.polls.take(),
            Urgency::Background | Urgency::Postponable => LONGEST_POLL,
        };
        let poll = now + poll.mul_f64(0.8 + 0.4 * random);
        until.map_or(poll, |until| {
            poll.min(until + AFTER_LEASE.mul_f64(random_after_lease))
        })
    }

    fn first_read_at(&mut self, now: Moment, version: Option<V>) -> Moment {
        match &self.latest {
            Some((latest, first_read_at)) if *latest == version => *first_read_at,
            Some(_) | None => {
                self.conflicts = 0;
                self.latest = Some((version, now));
                now
            }
        }
    }

    fn wait_for(&mut self, number: u64) {
        self.waited_for = self.waited_for.max(Some(number));
    }

    /// D5, D6
    fn is_helped_by<T>(
        &self,
        clocks: Clocks,
        token: Option<&SharedToken<T>>,
        leeway: Duration,
    ) -> bool {
        token.is_some_and(|token| {
            let was_waited_for = self.waited_for.is_some_and(|number| number <= token.number);
            self.held < token.number
                && (was_waited_for || !token.is_within_leeway(clocks.wall, leeway))
        })
    }
}

/// When the record is read again after a pause (D12).
pub(crate) fn read_after_pause(until: Moment, random: f64) -> Moment {
    until + AFTER_PAUSE.mul_f64(random.clamp(0.0, 1.0))
}

/// D12
const POLLS: DoublingDelay = DoublingDelay::new(Duration::from_millis(50), LONGEST_POLL);
const LONGEST_POLL: Duration = Duration::from_millis(500);
const AFTER_LEASE: Duration = Duration::from_millis(100);
/// The instance whose attempt failed waits so much longer.
pub(crate) const AFTER_PAUSE: Duration = Duration::from_millis(250);
/// D7
const AFTER_ATTEMPT: Duration = Duration::from_secs(1);
const SHORT_LEASE: Duration = Duration::from_millis(1_500);
const SHORT_LEASES: RangeInclusive<u32> = 2..=5;
/// D13: about a second after the first one. A replica that works is not so late.
const CONFLICTS_OF_OLD_READS: u32 = 5;
/// D16
const SHORTEST_LEASE: Duration = Duration::from_millis(500);
const LONGEST_LEASE: Duration = Duration::from_secs(15);
/// So that other instances wait for its whole lease.
pub(crate) const LONGEST_SHARED_ATTEMPT: Duration = LONGEST_LEASE.saturating_sub(AFTER_ATTEMPT);
