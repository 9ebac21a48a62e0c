//! An acquisition of an instance that shares its token with others through a store (D1 to D16).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Cause;
use crate::machine::{
    AttemptBy, Clocks, CredentialHash, Lease, Moment, Obtained, Permit, ReadDecision, SharedToken,
    Waiters,
};
use crate::store::{Found, RecordKeys, SharedStore, StoreFailed, TokenRecord, Version};
use crate::token::Grant;

use super::authenticate::authenticate;
use super::failure::out_of_time;
use super::{Acquisition, AcquisitionFailure, NewToken};

/// The shared record of an acquisition's target.
pub(crate) struct Fleet<'a> {
    store: &'a SharedStore,
    lease: &'a Mutex<Lease<Version>>,
    keys: RecordKeys,
}

/// A token that was obtained, and is saved once its waiters have it (D9).
pub(crate) struct Save {
    token: SharedToken<Arc<Grant>>,
    /// The record with the claim of this instance; without one it is read first.
    claimed: Option<Found>,
}

/// How a claim ended.
enum Claimed {
    Obtained(NewToken),
    /// Read again at this moment.
    ReadAt(Moment),
    Failed(AcquisitionFailure),
    /// The store has failed.
    StoreFailed,
}

impl<'a> Fleet<'a> {
    pub(crate) fn new(
        store: &'a SharedStore,
        lease: &'a Mutex<Lease<Version>>,
        keys: RecordKeys,
    ) -> Self {
        Self { store, lease, keys }
    }

    fn lease(&self) -> MutexGuard<'_, Lease<Version>> {
        // Nothing that runs while it is held panics.
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Acquisition<'_> {
    pub(crate) async fn run_in_fleet(
        &mut self,
        fleet: &Fleet<'_>,
    ) -> Result<NewToken, AcquisitionFailure> {
        fleet.lease().start();
        let mut may_read_credentials_again = true;
        loop {
            let now = self.ports.now();
            if self.deadline <= now {
                return Err(self.failure(out_of_time()));
            }
            if fleet.store.left_alone_until(now).is_some() {
                return self.run_without_store(fleet).await;
            }
            let Ok(found) = self.read(fleet).await else {
                continue;
            };
            let read_at = match self.decide(fleet, &found).await {
                ReadDecision::Take => match self.take(&found) {
                    Some(token) => return Ok(token),
                    None => return self.run_without_store(fleet).await,
                },
                ReadDecision::AwaitLease { until } => {
                    if found.record.attempts > 1 {
                        // D15
                        self.progress.delayed(self.id);
                    }
                    self.next_read(fleet, Some(until))
                }
                ReadDecision::AwaitPause { until, error } => {
                    self.note_failure_of_fleet(error);
                    Lease::<Version>::read_after_pause(
                        until,
                        AttemptBy::AnotherInstance,
                        fastrand::f64(),
                    )
                }
                ReadDecision::Fail { error } => return Err(self.refused(error)),
                ReadDecision::Claim => {
                    let may_read = &mut may_read_credentials_again;
                    match self.claim(fleet, found, may_read).await {
                        Claimed::Obtained(token) => return Ok(token),
                        Claimed::Failed(failure) => return Err(failure),
                        Claimed::StoreFailed => return self.run_without_store(fleet).await,
                        Claimed::ReadAt(moment) => moment,
                    }
                }
            };
            let pause = read_at.min(self.deadline);
            let pause = pause.saturating_since(self.ports.now());
            self.ports.runtime.sleep(pause).await;
        }
    }

    /// Saves a token that was obtained. Nobody waits for it (D8, D9).
    pub(crate) async fn save(&self, fleet: &Fleet<'_>, save: Save) {
        let Save { token, mut claimed } = save;
        let mut may_fail_once = !fleet.store.is_in_trouble();
        for _ in 0..MOST_WRITES {
            let found = match claimed.take() {
                Some(found) => found,
                None => match self.read(fleet).await {
                    Ok(found) => found,
                    Err(StoreFailed) if std::mem::take(&mut may_fail_once) => continue,
                    Err(StoreFailed) => return,
                },
            };
            let Some(record) = found.record.saved(token.clone()) else {
                return;
            };
            match self.write(fleet, found.version.as_ref(), &record).await {
                Ok(Some(version)) => {
                    fleet.lease().written(self.ports.now(), version);
                    return;
                }
                Ok(None) => {}
                Err(StoreFailed) if std::mem::take(&mut may_fail_once) => {}
                Err(StoreFailed) => return,
            }
        }
    }

    /// D13, D14
    async fn run_without_store(
        &mut self,
        fleet: &Fleet<'_>,
    ) -> Result<NewToken, AcquisitionFailure> {
        let until = fleet.store.left_alone_until(self.ports.now());
        if let Some(until) = until.filter(|_| self.progress.may_postpone(self.id)) {
            return Err(AcquisitionFailure::Postponed { until });
        }
        let mut token = self.run_alone().await?;
        // A claim without a reply may have been applied: its number is used.
        let claim = fleet.lease().claim_without_store();
        fleet.lease().accepted();
        let token_of_record = shared_token(&token, claim);
        token.claim = claim;
        token.save = Some(Save {
            token: token_of_record,
            claimed: None,
        });
        Ok(token)
    }

    async fn decide(&self, fleet: &Fleet<'_>, found: &Found) -> ReadDecision<Cause> {
        let depends = fleet.lease().depends_on_credential(&found.record);
        let credential = if depends {
            self.credential(fleet).await
        } else {
            None
        };
        let clocks = self.clocks();
        let leeway = self.ports.config.policy.leeway;
        let version = found.version.clone();
        let mut lease = fleet.lease();
        lease.decide(clocks, version, &found.record, credential, leeway)
    }

    /// Takes the token of the record. `None`: this instance cannot present it.
    fn take(&self, found: &Found) -> Option<NewToken> {
        let shared = found.record.token.as_ref()?;
        let grant = &shared.token;
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(&grant.token_type, &grant.access_token)?;
        let age = shared.age(self.ports.clock.wall());
        let now = self.ports.now();
        Some(NewToken {
            obtained: Obtained {
                token: Arc::clone(grant),
                lifetime: shared.lifetime,
                requested_at: now.saturating_sub(age),
                age,
            },
            header,
            jumped: self.ports.clock.jumped(),
            requested_by_wall_clock: shared.obtained_at,
            claim: shared.claim,
            save: None,
        })
    }

    /// Claims the record, and makes an attempt (D7, D8).
    async fn claim(
        &mut self,
        fleet: &Fleet<'_>,
        mut found: Found,
        may_read_credentials_again: &mut bool,
    ) -> Claimed {
        loop {
            let changed = self.admission.changed();
            let now = self.ports.now();
            match self.admission.request(now, self.exclusivity()) {
                Permit::Granted => {}
                Permit::Wait { until } => {
                    self.progress.delayed(self.id);
                    let until = until.min(self.deadline);
                    let wait = until.saturating_since(now);
                    self.ports.within(wait, changed).await;
                    // The record may have changed meanwhile.
                    return Claimed::ReadAt(self.ports.now());
                }
                Permit::Refused(error) => {
                    return Claimed::Failed(AcquisitionFailure::Refused(error));
                }
                // Another instance may obtain a token before the deadline.
                Permit::TooLate => return Claimed::ReadAt(self.next_read(fleet, None)),
            }
            let left = self.deadline.saturating_since(now);
            let attempt_timeout = self.ports.config.attempt_timeout.min(left);
            let record = fleet.lease().claim(&found.record, attempt_timeout);
            match self.write(fleet, found.version.as_ref(), &record).await {
                Err(StoreFailed) => return Claimed::StoreFailed,
                Ok(None) => {
                    fleet.lease().claim_conflicted();
                    self.leave();
                    return Claimed::ReadAt(self.next_read(fleet, None));
                }
                Ok(Some(version)) => {
                    fleet.lease().written(self.ports.now(), version.clone());
                    found = Found {
                        version: Some(version),
                        record,
                    };
                }
            }
            let mut credentials = None;
            let cause = match self.attempt(&mut credentials).await {
                Ok(token) => return Claimed::Obtained(self.obtained(fleet, token, found)),
                Err(cause) => cause,
            };
            self.attempts += 1;
            if cause.failure.is_transient() {
                let pause = self.pause_fleet(fleet, &found, cause).await;
                return Claimed::ReadAt(pause);
            }
            // B3: once, or two secrets that alternate would never end.
            let may_read = std::mem::take(may_read_credentials_again);
            if may_read && self.have_changed(credentials.as_ref()).await {
                self.note_failed_attempt(&self.error(cause), Duration::ZERO);
                continue;
            }
            let credential = credentials.map_or(CredentialHash(0), |credentials| {
                fleet.store.hash_of(&credentials.fingerprint)
            });
            let retry_after = cause.failure.retry_after();
            let clocks = self.clocks();
            let record = fleet.lease().refused(
                clocks,
                &found.record,
                retry_after,
                credential,
                cause.clone(),
            );
            self.write_pause(fleet, &found, &record).await;
            return Claimed::Failed(self.failure(cause));
        }
    }

    fn obtained(&self, fleet: &Fleet<'_>, mut token: NewToken, claimed: Found) -> NewToken {
        fleet.lease().accepted();
        let claim = claimed.record.claims;
        token.claim = claim;
        token.save = Some(Save {
            token: shared_token(&token, claim),
            claimed: Some(claimed),
        });
        token
    }

    /// A transient failure (D10). Returns when the record is read again.
    async fn pause_fleet(&mut self, fleet: &Fleet<'_>, claimed: &Found, cause: Cause) -> Moment {
        let clocks = self.clocks();
        let retry_after = cause.failure.retry_after();
        let record = Lease::<Version>::failed(clocks, &claimed.record, retry_after, cause.clone());
        let error = self.error(cause);
        self.admission.change(|breaker, claim| {
            let error = error.clone();
            breaker.attempt_failed(clocks.now, claim, retry_after, fastrand::f64(), error)
        });
        self.leave();
        let length = record.pause().unwrap_or_default();
        self.note_failed_attempt(&error, length);
        self.write_pause(fleet, claimed, &record).await;
        Lease::<Version>::read_after_pause(
            clocks.now + length,
            AttemptBy::ThisInstance,
            fastrand::f64(),
        )
    }

    /// On a conflict or an error of the store, nothing more is done (D10).
    async fn write_pause(&self, fleet: &Fleet<'_>, claimed: &Found, record: &TokenRecord) {
        if let Ok(Some(version)) = self.write(fleet, claimed.version.as_ref(), record).await {
            fleet.lease().written(self.ports.now(), version);
        }
    }

    /// Another instance's attempt failed: nobody with an unexpired token waits for the next one (E4).
    fn note_failure_of_fleet(&mut self, cause: Cause) {
        self.progress.delayed(self.id);
        self.latest_failure = Some(cause);
    }

    /// The credentials were refused: here, or at the instance whose error is in the record.
    fn refused(&self, error: Option<Cause>) -> AcquisitionFailure {
        let cause = error.or_else(|| {
            let latest = self.ports.server.latest_failure(Moment::START);
            latest.map(|error| error.cause().clone())
        });
        self.failure(cause.unwrap_or_else(out_of_time))
    }

    /// The credentials as they are now. `None` if they cannot be read: they were not refused then.
    async fn credential(&self, fleet: &Fleet<'_>) -> Option<CredentialHash> {
        let left = self.deadline.saturating_since(self.ports.now());
        let timeout = self.ports.config.attempt_timeout.min(left);
        let until = self.ports.now() + timeout;
        let fingerprint = async {
            let endpoint = self.token_endpoint(until).await.ok()?;
            let mut request = self.request();
            let number = self.attempts + 1;
            let awaited = self.awaited;
            let fingerprint = authenticate(self.ports, &endpoint, number, awaited, &mut request);
            fingerprint.await.ok()
        };
        let fingerprint = self.ports.within(timeout, fingerprint).await.flatten()?;
        Some(fleet.store.hash_of(&fingerprint))
    }

    /// Behind a lease, or after a conflict (D12).
    fn next_read(&self, fleet: &Fleet<'_>, until: Option<Moment>) -> Moment {
        let waiters = if self.progress.has_waiters(self.id) {
            Waiters::Some
        } else {
            Waiters::None
        };
        let now = self.ports.now();
        let (poll, after_lease) = (fastrand::f64(), fastrand::f64());
        fleet
            .lease()
            .next_read(now, until, waiters, poll, after_lease)
    }

    async fn read(&self, fleet: &Fleet<'_>) -> Result<Found, StoreFailed> {
        fleet.store.read(self.ports, self.target, &fleet.keys).await
    }

    async fn write(
        &self,
        fleet: &Fleet<'_>,
        expected: Option<&Version>,
        record: &TokenRecord,
    ) -> Result<Option<Version>, StoreFailed> {
        let Fleet { store, keys, .. } = fleet;
        store
            .write(self.ports, self.target, keys, expected, record)
            .await
    }

    fn clocks(&self) -> Clocks {
        Clocks {
            now: self.ports.now(),
            wall: self.ports.clock.wall(),
        }
    }

    /// The other targets go on while this one waits for another instance.
    fn leave(&self) {
        self.admission.change(crate::machine::Breaker::leave);
    }
}

fn shared_token(token: &NewToken, claim: u64) -> SharedToken<Arc<Grant>> {
    SharedToken {
        token: Arc::clone(&token.obtained.token),
        claim,
        obtained_at: token.requested_by_wall_clock,
        lifetime: token.obtained.lifetime,
    }
}

/// D9
const MOST_WRITES: usize = 3;
