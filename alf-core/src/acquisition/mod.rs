//! One acquisition of a token: attempts, until one succeeds or the deadline comes. It belongs to no caller (S3).

mod discovery;
mod failure;
mod innermost;

pub(crate) use failure::{AcquisitionFailure, details};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::error::{Cause, ErrorDetails};
use crate::machine::{
    AcquisitionId, Breaker, Claim, Failure, Moment, NewAcquisition, Obtained, Permit, TargetId,
};
use crate::ports::Ports;
use crate::runtime::before;
use crate::secret::wipe;
use crate::server::Admission;
use crate::token::Grant;
use crate::wire::token_request::{GrantParameters, TokenRequest};
use crate::wire::token_response;
use crate::{
    AuthenticationContext, CredentialsFingerprint, Event, ExchangeOptions, TimeoutPhase,
    TokenError, TokenErrorKind,
};

use failure::{authentication_failed, no_response, out_of_time};

pub(crate) struct Acquisition<'a> {
    ports: &'a Ports,
    grant: &'a GrantParameters,
    admission: Admission<'a>,
    progress: &'a dyn Progress,
    id: AcquisitionId,
    deadline: Moment,
    started_at: Moment,
}

/// Is notified while an acquisition goes on.
pub(crate) trait Progress: Send + Sync {
    /// An attempt failed, or the acquisition waits for a permit: nobody with an unexpired token waits for it (E4).
    fn delayed(&self, id: AcquisitionId);
}

/// What a successful acquisition brings.
pub(crate) struct NewToken {
    pub(crate) obtained: Obtained<Arc<Grant>>,
    pub(crate) header: HeaderValue,
}

/// The failed attempts so far.
#[derive(Default)]
struct History {
    attempts: u32,
    latest: Option<TokenError>,
}

impl<'a> Acquisition<'a> {
    pub(crate) fn new(
        ports: &'a Ports,
        grant: &'a GrantParameters,
        target: TargetId,
        acquisition: NewAcquisition,
        progress: &'a dyn Progress,
    ) -> Self {
        let NewAcquisition { id, deadline } = acquisition;
        Self {
            ports,
            grant,
            admission: ports.server.admit(Claim { target, deadline }),
            progress,
            id,
            deadline,
            started_at: ports.now(),
        }
    }

    pub(crate) async fn run(self) -> Result<NewToken, AcquisitionFailure> {
        let mut history = History::default();
        let mut may_read_credentials_again = true;
        self.permit(&history).await?;
        loop {
            let mut credentials = None;
            let attempt = self.attempt(history.attempts + 1, &mut credentials).await;
            let cause = match attempt {
                Ok(token) => {
                    if !self.is_outdated() {
                        self.admission.change(Breaker::succeeded);
                    }
                    return Ok(token);
                }
                Err(cause) => cause,
            };
            history.attempts += 1;
            if cause.failure.is_transient() {
                let pause = self.back_off(cause, &mut history)?;
                // B1: its own pause, also if another target has success meanwhile.
                self.ports.runtime.sleep(pause).await;
                self.permit(&history).await?;
            } else {
                // B3: once, or two secrets that alternate would never end.
                let may_read = std::mem::take(&mut may_read_credentials_again);
                if !may_read || !self.have_changed(credentials.as_ref()).await {
                    return Err(self.fail(cause, &history));
                }
                let error = self.error(cause, &history);
                self.attempt_failed(&error, Duration::ZERO);
                history.latest = Some(error);
            }
        }
    }

    /// Waits until the breaker permits an attempt (B1, B2).
    async fn permit(&self, history: &History) -> Result<(), AcquisitionFailure> {
        let mut has_waited = false;
        loop {
            let changed = self.admission.changed();
            // It changes when another acquisition has read the metadata.
            let exclusivity = self.exclusivity();
            let now = self.ports.now();
            let until = match self.admission.request(now, exclusivity) {
                Permit::Granted => return Ok(()),
                Permit::Wait { until } => until.min(self.deadline),
                Permit::Refused(error) => return Err(AcquisitionFailure::Server(error)),
                Permit::TooLate => return Err(self.too_late(history)),
            };
            if !has_waited {
                has_waited = true;
                self.progress.delayed(self.id);
            }
            self.within(until.saturating_since(now), changed).await;
        }
    }

    /// One token request. Everything in it is made for this attempt (B1). `credentials` is set once the client's
    /// authentication is in the request.
    async fn attempt(
        &self,
        number: u32,
        credentials: &mut Option<CredentialsFingerprint>,
    ) -> Result<NewToken, Cause> {
        // T9: before the request is sent.
        let requested_at = self.ports.now();
        let left = self.deadline.saturating_since(requested_at);
        let attempt_timeout = self.ports.config.attempt_timeout;
        let phase = if left < attempt_timeout {
            TimeoutPhase::Acquire
        } else {
            TimeoutPhase::Attempt
        };
        let timeout = attempt_timeout.min(left);
        let until = requested_at + timeout;
        let exchange = self.exchange(number, requested_at, until, credentials);
        match self.within(timeout, exchange).await {
            Some(result) => result,
            None => Err(Cause::new(
                TokenErrorKind::Timeout(phase),
                Failure::TRANSIENT,
            )),
        }
        .inspect_err(|cause| self.doubt_metadata(cause))
    }

    async fn exchange(
        &self,
        number: u32,
        requested_at: Moment,
        until: Moment,
        credentials: &mut Option<CredentialsFingerprint>,
    ) -> Result<NewToken, Cause> {
        let config = &self.ports.config;
        let endpoint = self.token_endpoint(until).await?;
        let mut request = TokenRequest::for_grant(self.grant);
        let context = AuthenticationContext {
            token_endpoint: &endpoint.uri,
            written_endpoint: &endpoint.written,
            issuer: endpoint.issuer.as_deref(),
            client_id: &config.client_id,
            wall_clock: self.ports.clock.wall(),
            attempt: number,
        };
        let authentication = config.authentication.as_ref();
        let fingerprint = authentication
            .authenticate(&context, &mut request)
            .await
            .map_err(authentication_failed)?;
        *credentials = Some(fingerprint);
        let now = self.ports.now();
        if self.deadline <= now {
            // S5: it was frozen, and another may be under way in its place.
            return Err(out_of_time());
        }
        let (request, redactor) = request.encode(&endpoint.uri);
        let options = ExchangeOptions::new(MAX_RESPONSE, until.saturating_since(now));
        let transport = self.ports.token_transport.as_ref();
        let response = transport
            .exchange(request, &options)
            .await
            .map_err(|error| no_response(error, &redactor))?;
        let decoded = token_response::decode(&response, &redactor, self.ports.clock.wall());
        wipe(response.into_body());
        let grant = decoded?;
        // T6
        let header = config
            .presentation
            .credentials(&grant.token_type, &grant.access_token)
            .ok_or_else(|| token_response::wrong_token_type(&grant.token_type, &redactor))?;
        let obtained = Obtained {
            lifetime: grant.expires_in,
            token: Arc::new(grant),
            requested_at,
        };
        Ok(NewToken { obtained, header })
    }

    /// A transient failure: returns the pause before the next attempt, if that is in time (B1).
    fn back_off(
        &self,
        cause: Cause,
        history: &mut History,
    ) -> Result<Duration, AcquisitionFailure> {
        let (now, jitter) = (self.ports.now(), fastrand::f64());
        let retry_after = cause.failure.retry_after();
        let error = self.error(cause.clone(), history);
        let retry_at = self.admission.change(|breaker, claim| {
            breaker.attempt_failed(now, claim, retry_after, jitter, error.clone())
        });
        match retry_at {
            Some(retry_at) => {
                let pause = retry_at.saturating_since(now);
                self.attempt_failed(&error, pause);
                history.latest = Some(error);
                Ok(pause)
            }
            None => Err(self.fail(cause, history)),
        }
    }

    /// B3: whether the credentials, read again, differ from those that were refused.
    async fn have_changed(&self, refused: Option<&CredentialsFingerprint>) -> bool {
        let Some(refused) = refused else {
            return false;
        };
        // E4: nobody waits for the second read.
        self.progress.delayed(self.id);
        let left = self.deadline.saturating_since(self.ports.now());
        // Others may wait for the permit.
        let timeout = left.min(self.ports.config.attempt_timeout);
        let authentication = self.ports.config.authentication.as_ref();
        let has_changed = self.within(timeout, authentication.has_changed(refused));
        has_changed.await.unwrap_or(false) && self.ports.now() < self.deadline
    }

    fn attempt_failed(&self, error: &TokenError, pause: Duration) {
        self.progress.delayed(self.id);
        let event = Event::AttemptFailed {
            acquisition: self.id.as_u64(),
            error,
            pause,
        };
        self.ports.observe(self.grant, &event);
    }

    /// The acquisition has failed, and alf backs off: for all targets, or for this one alone (B2).
    fn fail(&self, cause: Cause, history: &History) -> AcquisitionFailure {
        let details = self.details(cause, history);
        if self.is_outdated() || !details.cause.concerns_all_targets() {
            return AcquisitionFailure::Target(Box::new(details));
        }
        let now = self.ports.now();
        // Before the lock of the breaker, since the user's runtime is asked.
        let wall = self.ports.clock.wall();
        let failure = details.cause.failure;
        let error = |until: Moment| {
            let retry_at = wall.checked_add(until.saturating_since(now));
            TokenError::new(ErrorDetails {
                retry_at,
                ..details
            })
        };
        let error = self
            .admission
            .change(|breaker, claim| breaker.acquisition_failed(now, claim, &failure, error));
        AcquisitionFailure::Server(error)
    }

    /// No attempt is permitted before the deadline.
    fn too_late(&self, history: &History) -> AcquisitionFailure {
        let latest = self.ports.server.latest_failure(Moment::START);
        let cause = latest.map_or_else(out_of_time, |error| error.cause().clone());
        if history.attempts > 0 {
            return self.fail(cause, history);
        }
        // The server was not asked: that is no further failure of it.
        AcquisitionFailure::Server(self.error(cause, history))
    }

    fn error(&self, cause: Cause, history: &History) -> TokenError {
        TokenError::new(self.details(cause, history))
    }

    fn details(&self, cause: Cause, history: &History) -> ErrorDetails {
        let cause = cause.or_because(history.latest.as_ref());
        let elapsed = self.ports.now().saturating_since(self.started_at);
        details(self.ports, self.grant, cause, history.attempts, elapsed)
    }

    /// S5: so late that its callers have given up, and another acquisition may run in its place. Its result tells nothing
    /// about the server as it is now.
    fn is_outdated(&self) -> bool {
        self.deadline + self.ports.config.completion_time() <= self.ports.now()
    }

    /// The outcome of `future`, or `None` if it takes longer than `timeout` (S5).
    async fn within<F: Future>(&self, timeout: Duration, future: F) -> Option<F::Output> {
        before(future, self.ports.runtime.sleep(timeout)).await
    }
}

/// T7
const MAX_RESPONSE: usize = 1024 * 1024;
