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
use super::failure::AcquisitionFailure;
use super::new_token::NewToken;
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
            let read_at = match self.decide(shared, &read).await {
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
        let token = self.run_alone().await?;
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

    async fn decide(&self, shared: Shared<'_>, read: &VersionedRecord) -> ReadDecision<Cause> {
        let decision = self.decide_with(shared, read, None);
        let depends_on_credential =
            read.record.is_about_credentials() || shared.store.refusal().is_some();
        if !depends_on_credential || !matches!(decision, ReadDecision::TakeLease) {
            return decision;
        }
        // Only now: reading them may take long, and a token may help.
        let credential = self.credential(shared).await;
        let decision = self.decide_with(shared, read, credential);
        let now = self.ports.now();
        let refusal = shared.store.refusal();
        let refused = refusal.error_for(now, credential);
        let refused = refused.filter(|_| matches!(decision, ReadDecision::TakeLease));
        let refused = refused.cloned();
        refused.map_or(decision, |error| ReadDecision::Fail { error })
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
        })
    }

    /// The credentials as they are now. `None` if they cannot be read: then it was not those that were refused.
    async fn credential(&self, shared: Shared<'_>) -> Option<CredentialHash> {
        let now = self.ports.now();
        let timeout = self.attempt_timeout(now);
        let fingerprint = async {
            let endpoint = self.token_endpoint(now + timeout).await.ok()?;
            let mut request = self.request();
            let number = self.attempts + 1;
            let awaited = self.awaited;
            let fingerprint = authenticate(self.ports, &endpoint, number, awaited, &mut request);
            fingerprint.await.ok()
        };
        let fingerprint = self.ports.within(timeout, fingerprint).await.flatten()?;
        Some(shared.store.hash_of(&fingerprint))
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
