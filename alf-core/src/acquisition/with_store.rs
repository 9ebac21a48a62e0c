//! An acquisition of a client with a store: it reads the record, and uses its token, waits, or takes the lease (D1 to D16).

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Awaited, Cause};
use crate::machine::{
    AttemptBy, Clocks, CredentialHash, Moment, Obtained, ReadDecision, SharedToken, Waiters,
    read_after_pause,
};
use crate::store::{TargetRecord, TokenRecord, VersionedRecord};
use crate::token::Grant;
use crate::{Event, TimeoutPhase};

use super::Acquisition;
use super::authenticate::authenticate;
use super::failure::{AcquisitionFailure, authentication_failed};
use super::new_token::{NewToken, TokenOrigin};
use super::sharing::{LeaseOutcome, Outcome, Shared, StoreTrouble, Unsaved, Urgency};

impl<'a> Acquisition<'a> {
    /// Lets it use the client's store. `record` is that of its target.
    pub(crate) fn share(&mut self, record: Option<&'a TargetRecord>) {
        let store = self.ports.config.store.as_ref();
        self.shared = store
            .zip(record)
            .map(|(store, record)| Shared { store, record });
    }

    pub(super) async fn run_with_store(
        &mut self,
        shared: Shared<'_>,
    ) -> Result<NewToken, AcquisitionFailure> {
        shared.record.sharing().start();
        let mut may_read_credentials_again = true;
        loop {
            let now = self.ports.now();
            if self.deadline <= now {
                return Err(self.failure(self.nobody_obtained_it(now)));
            }
            let left_alone = shared.store.health().left_alone_until(now);
            if let Some(until) = left_alone {
                return self.run_without_store(shared, Some(until)).await;
            }
            let Ok(read) = self.read(shared).await else {
                continue;
            };
            let read_at = match self.decide(shared, &read) {
                ReadDecision::UseToken => match self.use_token(&read.record) {
                    Some(token) => return Ok(token),
                    None => return self.run_without_store(shared, None).await,
                },
                ReadDecision::AwaitLease { until } => {
                    if read.record.attempts > 1 {
                        // D15
                        self.progress.delayed(self.id);
                    }
                    self.next_read(shared, Some(until))
                }
                // B1: nobody makes an attempt before the deadline.
                ReadDecision::AwaitPause { until, error } if self.deadline <= until => {
                    return Err(self.failure(error));
                }
                ReadDecision::AwaitPause { until, error } => {
                    // E4, S5: as if it were a failed attempt of its own.
                    self.progress.delayed(self.id);
                    self.latest_failure = Some(error);
                    read_after_pause(until, AttemptBy::AnotherInstance, fastrand::f64())
                }
                ReadDecision::Fail { error } => return Err(self.failure(error)),
                ReadDecision::TakeLease => {
                    let may_read = &mut may_read_credentials_again;
                    match self.attempt_with_lease(shared, read, may_read).await {
                        Ok(LeaseOutcome::Obtained(token)) => return Ok(token),
                        Ok(LeaseOutcome::Failed(failure)) => return Err(failure),
                        Ok(LeaseOutcome::ReadAt(moment)) => moment,
                        Err(StoreTrouble) => continue,
                    }
                }
            };
            // The other targets go on meanwhile.
            self.leave();
            self.awaited.set(Awaited::OtherInstance);
            let pause = read_at.min(self.deadline);
            let pause = pause.saturating_since(self.ports.now());
            self.ports.runtime.sleep(pause).await;
        }
    }

    /// This instance holds the token that was obtained, so it does not use that one of the record again (D5). It is called
    /// under the lock of the token.
    pub(crate) fn hold_shared(&self) {
        if let Some(shared) = self.shared {
            shared.record.sharing().holds(self.outcome.number);
        }
    }

    /// Behind a lease, or after a conflict (D12).
    pub(super) fn next_read(&self, shared: Shared<'_>, until: Option<Moment>) -> Moment {
        let waiters = match self.progress.urgency(self.id) {
            Urgency::Awaited => Waiters::Some,
            Urgency::Background | Urgency::Postponable => Waiters::None,
        };
        let (now, poll, after_lease) = (self.ports.now(), fastrand::f64(), fastrand::f64());
        let mut sharing = shared.record.sharing();
        sharing.next_read(now, until, waiters, poll, after_lease)
    }

    /// The token as it is saved: with the number of its lease.
    pub(super) fn shared_token(&self, token: &NewToken, number: u64) -> SharedToken<Arc<Grant>> {
        let NewToken {
            obtained, jumped, ..
        } = token;
        let clocks = self.clocks();
        // T9, E7: from before its request was sent.
        let suspended = self.ports.clock.jumped().saturating_sub(*jumped);
        let age = clocks.now.saturating_since(obtained.requested_at) + suspended;
        let default_lifetime = self.ports.config.policy.default_lifetime;
        SharedToken {
            token: Arc::clone(&obtained.token),
            number,
            obtained_at: clocks.wall.saturating_sub(age),
            lifetime: obtained.lifetime.or(default_lifetime),
        }
    }

    pub(super) fn clocks(&self) -> Clocks {
        Clocks {
            now: self.ports.now(),
            wall: self.ports.clock.wall().into(),
        }
    }

    /// The store is in trouble until then, or its token cannot be presented (D13, D14).
    async fn run_without_store(
        &mut self,
        shared: Shared<'_>,
        left_alone_until: Option<Moment>,
    ) -> Result<NewToken, AcquisitionFailure> {
        if let Some(until) = left_alone_until {
            if self.progress.urgency(self.id) == Urgency::Postponable {
                return Err(AcquisitionFailure::Postponed { until });
            }
        }
        if let Some(error) = self.refused(shared) {
            return Err(self.failure(error));
        }
        let token = match self.run_alone().await {
            Ok(token) => token,
            Err(failure) => {
                if let AcquisitionFailure::Attempts(details) = &failure {
                    self.note_refusal(shared, &details.cause);
                }
                return Err(failure);
            }
        };
        shared.store.refusal().ended();
        let number = shared.record.sharing().number_without_store();
        self.outcome = Outcome {
            number,
            unsaved: Some(Unsaved {
                token: self.shared_token(&token, number),
                leased: None,
            }),
        };
        Ok(token)
    }

    /// D4, and D11 for a refusal of its own.
    fn decide(&self, shared: Shared<'_>, read: &VersionedRecord) -> ReadDecision<Cause> {
        let decision = self.decide_with(shared, read, None);
        if !matches!(decision, ReadDecision::TakeLease) {
            return decision;
        }
        let refused = self.refused(shared);
        refused.map_or(decision, |error| ReadDecision::Fail { error })
    }

    /// Whether the attempt that is permitted now would be with credentials that another instance was refused with (D11).
    pub(super) async fn paused_for_credentials(
        &self,
        shared: Shared<'_>,
        read: &VersionedRecord,
    ) -> Result<Option<Cause>, Cause> {
        if !read.record.is_about_credentials() {
            return Ok(None);
        }
        let credential = self.credential(shared).await?;
        match self.decide_with(shared, read, Some(credential)) {
            ReadDecision::Fail { error } => Ok(Some(error)),
            ReadDecision::UseToken
            | ReadDecision::AwaitLease { .. }
            | ReadDecision::AwaitPause { .. }
            | ReadDecision::TakeLease => Ok(None),
        }
    }

    fn decide_with(
        &self,
        shared: Shared<'_>,
        read: &VersionedRecord,
        credential: Option<CredentialHash>,
    ) -> ReadDecision<Cause> {
        let VersionedRecord { version, record } = read;
        let clocks = self.clocks();
        let leeway = self.ports.config.policy.leeway;
        let mut sharing = shared.record.sharing();
        sharing.decide(clocks, version.clone(), record, credential, leeway)
    }

    /// Uses the token of the record. `None`: this instance cannot present it.
    fn use_token(&mut self, record: &TokenRecord) -> Option<NewToken> {
        let shared = record.token.as_ref()?;
        let grant = &shared.token;
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(&grant.token_type, &grant.access_token)?;
        let clocks = self.clocks();
        let age = shared.age(clocks.wall);
        self.outcome = Outcome {
            number: shared.number,
            unsaved: None,
        };
        self.observe_store(&Event::TokenTaken {
            acquisition: self.id.as_u64(),
            number: shared.number,
            age,
        });
        Some(NewToken {
            obtained: Obtained {
                token: Arc::clone(grant),
                lifetime: grant.expires_in,
                requested_at: clocks.now.saturating_sub(age),
                age,
            },
            header,
            jumped: self.ports.clock.jumped(),
            origin: TokenOrigin::Store,
        })
    }

    /// The credentials as they are now. The metadata may be needed for that (T10).
    async fn credential(&self, shared: Shared<'_>) -> Result<CredentialHash, Cause> {
        let now = self.ports.now();
        let timeout = self.attempt_timeout(now);
        let fingerprint = async {
            let endpoint = self.token_endpoint(now + timeout).await?;
            let mut request = self.request();
            let number = self.attempts + 1;
            let awaited = self.awaited;
            let fingerprint = authenticate(self.ports, &endpoint, number, awaited, &mut request);
            fingerprint.await.map_err(authentication_failed)
        };
        let fingerprint = self.ports.within(timeout, fingerprint).await;
        let fingerprint = fingerprint.unwrap_or_else(|| Err(self.attempt_timed_out(now)))?;
        Ok(shared.store.hash_of(&fingerprint))
    }

    /// The error of a permanent failure of this client, while the next attempt must wait (D11).
    fn refused(&self, shared: Shared<'_>) -> Option<Cause> {
        let now = self.ports.now();
        shared.store.refusal().error_at(now).cloned()
    }

    /// D11
    pub(super) fn note_refusal(&self, shared: Shared<'_>, cause: &Cause) {
        if !cause.failure.is_transient() && cause.concerns_all_targets() {
            let now = self.ports.now();
            let mut refusal = shared.store.refusal();
            refusal.refused(now, &cause.failure, cause.clone());
        }
    }

    /// S5: the deadline has come while this instance waited for another one.
    fn nobody_obtained_it(&self, now: Moment) -> Cause {
        let elapsed = now.saturating_since(self.started_at);
        Cause::timed_out(TimeoutPhase::Acquire, Awaited::OtherInstance, elapsed)
    }

    /// How long an attempt may take.
    pub(super) fn attempt_timeout(&self, now: Moment) -> Duration {
        let left = self.deadline.saturating_since(now);
        self.ports.config.attempt_timeout.min(left)
    }
}
