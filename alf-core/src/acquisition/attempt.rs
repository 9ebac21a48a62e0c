//! One attempt of an acquisition: one token request, and what its answer means.

use std::sync::Arc;

use crate::error::{Awaited, Cause};
use crate::machine::{Failure, Moment, Obtained};
use crate::secret::wipe;
use crate::wire::token_response;
use crate::{ExchangeOptions, TimeoutPhase, TokenErrorKind, TokenRequest};

use super::Acquisition;
use super::authenticate::{Credentials, authenticate};
use super::failure::{MAX_RESPONSE, authentication_failed, no_response, out_of_time, with_clocks};
use super::new_token::{NewToken, TokenOrigin};

impl Acquisition<'_> {
    /// One token request. Everything in it is made for this attempt (B1). `credentials` is set once the client's
    /// authentication is in the request.
    pub(super) async fn attempt(
        &mut self,
        credentials: &mut Option<Credentials>,
    ) -> Result<NewToken, Cause> {
        // T9: before the request is sent.
        let requested_at = self.ports.now();
        let left = self.deadline.saturating_since(requested_at);
        let timeout = self.ports.config.attempt_timeout.min(left);
        let exchange = self.exchange(requested_at, requested_at + timeout, credentials);
        let result = self.ports.within(timeout, exchange).await;
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

    pub(super) fn attempt_timed_out(&self, started_at: Moment) -> Cause {
        let now = self.ports.now();
        let phase = if self.deadline <= now {
            TimeoutPhase::Acquire
        } else {
            TimeoutPhase::Attempt
        };
        let after = now.saturating_since(started_at);
        Cause::timed_out(phase, self.awaited.get(), after)
    }

    async fn exchange(
        &self,
        requested_at: Moment,
        until: Moment,
        credentials: &mut Option<Credentials>,
    ) -> Result<NewToken, Cause> {
        let jumped = self.ports.clock.jumped();
        let endpoint = self.token_endpoint(until).await?;
        let requested_by_wall_clock = self.ports.clock.wall();
        let mut request = self.request();
        let fingerprint = authenticate(
            self.ports,
            &endpoint,
            self.attempts + 1,
            self.awaited,
            &mut request,
        )
        .await
        .map_err(authentication_failed)?;
        if let Some(held) = &self.held {
            request.mask(held.expose_access_token());
        }
        let credentials_check = request.credentials_check;
        let asserted_at = request.asserted_at;
        let (request, redactor) = request.encode(&endpoint.uri);
        *credentials = Some(Credentials {
            endpoint,
            fingerprint,
        });
        let now = self.ports.now();
        if self.deadline <= now {
            // S5: it was frozen, and another may be under way in its place.
            return Err(out_of_time());
        }
        let options = ExchangeOptions::new(MAX_RESPONSE, until.saturating_since(now));
        let transport = self.ports.token_transport.as_ref();
        self.awaited.set(Awaited::Response);
        let response = transport
            .exchange(request, &options)
            .await
            .map_err(|error| no_response(error, &redactor))?;
        let status = response.status();
        let decoded = token_response::decode(&response, &redactor, self.ports.clock.wall())
            .map_err(|cause| cause.with_credentials_check(credentials_check))
            .map_err(|cause| with_clocks(cause, asserted_at, response.headers(), self.ports));
        wipe(response.into_body());
        let mut grant = decoded?;
        let lifetime = grant
            .expires_in
            .or(self.ports.config.policy.default_lifetime);
        grant.expires_at =
            lifetime.and_then(|lifetime| requested_by_wall_clock.checked_add(lifetime));
        // T6
        let presentation = &self.ports.config.presentation;
        let header = presentation.credentials(&grant.token_type, &grant.access_token);
        let header = header.ok_or_else(|| {
            token_response::wrong_token_type(status, &grant.token_type, &redactor)
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
        })
    }

    /// A token request that lacks the client's authentication.
    pub(super) fn request(&self) -> TokenRequest {
        let config = &self.ports.config;
        TokenRequest::new(&config.grant_type, self.target, &config.headers)
    }
}

const ATTEMPT_TIMED_OUT: TokenErrorKind = TokenErrorKind::Timeout(TimeoutPhase::Attempt);
