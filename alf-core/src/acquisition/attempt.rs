//! One attempt of an acquisition: one token request, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use crate::config::TokenEndpoint;
use crate::error::Cause;
use crate::machine::{Failure, Moment, Obtained};
use crate::wire::token_response;
use crate::{CredentialsFingerprint, TimeoutPhase, TokenErrorKind, TokenRequest};

use super::Acquisition;
use super::exchange::{Credentials, authenticate, exchange};
use super::failure::out_of_time;
use super::new_token::{NewToken, TokenOrigin};

impl Acquisition<'_> {
    /// One token request. Everything in it is made for this attempt (B1).
    pub(super) async fn attempt(&mut self) -> Result<NewToken, Cause> {
        // T9: before the request is sent.
        let requested_at = self.ports.now();
        let timeout = self.attempt_timeout(requested_at);
        self.credentials = None;
        let ports = self.ports;
        let obtain = self.obtain(requested_at, requested_at + timeout);
        let result = ports.within(timeout, obtain).await;
        self.unreported = Some(self.ports.now().saturating_since(requested_at));
        let mut cause = match result {
            Some(Ok(token)) => return Ok(token),
            Some(Err(cause)) => cause,
            None => Cause::new(ATTEMPT_TIMED_OUT, Failure::TRANSIENT),
        };
        self.doubt_metadata(&cause);
        // By alf or by the HTTP library: that is chance.
        if cause.kind == ATTEMPT_TIMED_OUT {
            cause = Cause {
                source: cause.source,
                shown_source: cause.shown_source,
                ..self.attempt_timed_out(requested_at)
            };
        }
        Err(cause)
    }

    /// The client's credentials as they are now, for this endpoint. `None`: for that of the next attempt, whose metadata may be
    /// read.
    pub(super) async fn current_credentials(
        &self,
        endpoint: Option<&Arc<TokenEndpoint>>,
    ) -> Result<CredentialsFingerprint, Cause> {
        let now = self.ports.now();
        let timeout = self.attempt_timeout(now);
        let authenticated = async {
            let endpoint = match endpoint {
                Some(endpoint) => Arc::clone(endpoint),
                None => self.token_endpoint(now + timeout).await?,
            };
            self.authenticated_request(&endpoint).await
        };
        let authenticated = self.ports.within(timeout, authenticated).await;
        let (_, credentials) = authenticated.unwrap_or_else(|| Err(self.attempt_timed_out(now)))?;
        Ok(credentials)
    }

    /// How long an attempt may take.
    pub(super) fn attempt_timeout(&self, now: Moment) -> Duration {
        let left = self.deadline.saturating_since(now);
        self.ports.config.attempt_timeout.min(left)
    }

    fn attempt_timed_out(&self, started_at: Moment) -> Cause {
        let now = self.ports.now();
        let phase = if self.deadline <= now {
            TimeoutPhase::Acquire
        } else {
            TimeoutPhase::Attempt
        };
        let after = now.saturating_since(started_at);
        Cause::timed_out(phase, self.activity.get(), after)
    }

    /// A token request with the client's authentication.
    async fn authenticated_request(
        &self,
        endpoint: &TokenEndpoint,
    ) -> Result<(TokenRequest, CredentialsFingerprint), Cause> {
        let config = &self.ports.config;
        let mut request = TokenRequest::new(&config.grant_type, self.target, &config.headers);
        let number = self.attempts + 1;
        let credentials = authenticate(self.ports, endpoint, number, self.activity, &mut request);
        let credentials = credentials.await?;
        Ok((request, credentials))
    }

    async fn obtain(&mut self, requested_at: Moment, until: Moment) -> Result<NewToken, Cause> {
        let jumped = self.ports.clock.jumped();
        let requested_by_wall_clock = self.ports.clock.wall();
        let endpoint = self.token_endpoint(until).await?;
        let (mut request, fingerprint) = self.authenticated_request(&endpoint).await?;
        self.credentials = Some(Credentials {
            endpoint: Arc::clone(&endpoint),
            fingerprint,
        });
        if let Some(held) = &self.held {
            request.mask(held.expose_access_token());
        }
        if self.deadline <= self.ports.now() {
            // S5: it was frozen, and another may be under way in its place.
            return Err(out_of_time());
        }
        let answer = exchange(self.ports, &endpoint.uri, until, self.activity, request).await?;
        let mut grant = answer.grant?;
        let lifetime = grant
            .expires_in
            .or(self.ports.config.policy.default_lifetime);
        grant.expires_at =
            lifetime.and_then(|lifetime| requested_by_wall_clock.checked_add(lifetime));
        // T6
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(&grant.token_type, &grant.access_token);
        let header = header.ok_or_else(|| {
            token_response::wrong_token_type(answer.status, &grant.token_type, &answer.redactor)
        })?;
        let obtained = Obtained {
            lifetime: grant.expires_in,
            token: Arc::new(grant),
            requested_at,
            age: self.ports.now().saturating_since(requested_at),
        };
        Ok(NewToken {
            obtained,
            header,
            jumped,
            origin: TokenOrigin::Server,
            #[cfg(feature = "store")]
            number: 0,
        })
    }
}

const ATTEMPT_TIMED_OUT: TokenErrorKind = TokenErrorKind::Timeout(TimeoutPhase::Attempt);
