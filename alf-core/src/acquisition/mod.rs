//! One acquisition of a token, from the client's proof to the obtained. It belongs to no caller.

mod discovery;
mod ending;
mod turn;

pub(crate) use ending::{Acquired, FailedAcquisition, Fall};

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Cause;
use crate::machine::{
    AcquisitionId, Attempts, Begin, Failure, Moment, Next, Obtained, Reloaded, Ticket,
};
use crate::runtime::before;
use crate::secret::wipe;
use crate::tokens::Shared;
use crate::wire::token_request::TokenRequest;
use crate::wire::token_response;
use crate::{
    AuthenticationContext, AuthenticationError, CredentialsFingerprint, Event, ExchangeError,
    ExchangeErrorKind, ExchangeOptions, TimeoutPhase, TokenError, TokenErrorKind,
};

/// An acquisition. However it ends, the manager is told: by its result, or, when it is dropped without
/// one (a panic, a runtime that was shut down), of its death (S4).
pub(crate) struct Acquisition {
    shared: Arc<Shared>,
    begin: Begin,
    ticket: Ticket,
    end: End,
}

/// How far an acquisition has come.
struct Progress {
    attempts: Attempts,
    begun_at: Moment,
    /// How the last attempt but this one failed.
    earlier: Option<TokenError>,
    /// The credentials that the last attempt was made with (B3).
    credentials: CredentialsFingerprint,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    NotTold,
    Told,
}

impl Acquisition {
    pub(crate) fn new(shared: Arc<Shared>, begin: Begin, ticket: Ticket) -> Self {
        Self {
            shared,
            begin,
            ticket,
            end: End::NotTold,
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.id().as_u64()
    }

    /// Flies, and lands.
    pub(crate) async fn fly(mut self) {
        let result = self.acquire().await;
        self.end = End::Told;
        self.shared.landed(self.id(), self.ticket, result);
    }

    /// Attempts, until one succeeds or the machine says stop (B1).
    ///
    /// A store of tokens that instances share has its place here: before the first attempt a
    /// look-up and a lease, after the last one a save.
    async fn acquire(&mut self) -> Result<Acquired, Fall> {
        let Begin {
            deadline,
            after_failure,
            ..
        } = self.begin;
        let mut progress = Progress {
            attempts: Attempts::new(deadline, after_failure),
            begun_at: self.shared.now(),
            earlier: None,
            credentials: CredentialsFingerprint::not_read(),
        };
        // B3: with a secret that has just changed.
        let mut at_once = false;
        loop {
            if !at_once {
                self.turn(&progress).await?;
            }
            at_once = false;
            let cause = match self.attempt(&mut progress).await {
                Ok(arrival) => return Ok(arrival),
                Err(cause) => cause,
            };
            let (now, jitter) = (self.shared.now(), fastrand::f64());
            let next = progress.attempts.failed(now, &cause.failure, jitter);
            let next = match next {
                Next::Reload => {
                    // E4: nobody waits for what becomes of it.
                    self.shared.attempt_failed(self.id());
                    let reloaded = self.reload(&progress.credentials, &cause).await;
                    if reloaded == Reloaded::Changed {
                        at_once = true;
                        self.ticket = self.shared.server.renewed(self.ticket);
                    }
                    progress.attempts.reloaded(self.shared.now(), reloaded)
                }
                Next::TryAgain { .. } | Next::Stop => next,
            };
            let crash = self.crash(cause, &progress);
            match next {
                Next::TryAgain { at } => {
                    let error = self.shared.error(crash, None);
                    progress.earlier = Some(error.clone());
                    self.pause(now, at, jitter, error).await;
                }
                Next::Stop | Next::Reload => return Err(Fall::Alone(crash)),
            }
        }
    }

    /// One token request: proof, exchange, answer. Everything of it is built anew (B1).
    async fn attempt(&self, progress: &mut Progress) -> Result<Acquired, Cause> {
        // T9: before the request is sent.
        let asked_at = self.shared.now();
        let left = self.begin.deadline.saturating_since(asked_at);
        let timeout = self.shared.config.attempt_timeout.min(left);
        let phase = if left < self.shared.config.attempt_timeout {
            TimeoutPhase::Acquire
        } else {
            TimeoutPhase::Attempt
        };
        self.within(
            timeout,
            self.exchange(progress, asked_at, asked_at + timeout),
        )
        .await
        .unwrap_or_else(|| {
            let kind = TokenErrorKind::Timeout(phase);
            Err(Cause::new(kind, Failure::TRANSIENT))
        })
        .inspect_err(|cause| self.doubt_place(cause))
    }

    async fn exchange(
        &self,
        progress: &mut Progress,
        asked_at: Moment,
        until: Moment,
    ) -> Result<Acquired, Cause> {
        let config = &self.shared.config;
        let place = self.place(until).await?;
        let mut request = TokenRequest::for_grant(&self.shared.grant);
        let context = AuthenticationContext {
            token_endpoint: &place.token_endpoint,
            written_endpoint: &place.written,
            issuer: place.issuer.as_deref(),
            client_id: &config.client_id,
            wall_clock: self.shared.clock.wall(),
            attempt: progress.attempts.made() + 1,
        };
        progress.credentials = CredentialsFingerprint::not_read();
        progress.credentials = config
            .authentication
            .as_ref()
            .authenticate(&context, &mut request)
            .await
            .map_err(no_proof)?;
        let now = self.shared.now();
        if self.begin.deadline <= now {
            // S5: it was frozen, and another may be under way in its place.
            let kind = TokenErrorKind::Timeout(TimeoutPhase::Acquire);
            return Err(Cause::new(kind, Failure::TRANSIENT));
        }
        let (request, redactor) = request.encode(&place.token_endpoint);
        let options = ExchangeOptions::new(MAX_ANSWER, until.saturating_since(now));
        let response = self
            .shared
            .endpoint
            .as_ref() // not the pointer's own impl, which boxes once more
            .exchange(request, &options)
            .await
            .map_err(no_answer)?;
        let decoded = token_response::decode(&response, &redactor, self.shared.clock.wall());
        wipe(response.into_body());
        let grant = decoded?;
        // T6: a token that cannot be presented is no token.
        let header = config
            .presentation
            .credentials(&grant.token_type, &grant.access_token)
            .ok_or_else(|| token_response::wrong_token_type(&grant.token_type, &redactor))?;
        let obtained = Obtained {
            lifetime: grant.expires_in,
            token: Arc::new(grant),
            asked_at,
        };
        Ok(Acquired { obtained, header })
    }

    /// B3: credentials that can be read again are, once. `used` are the refused ones.
    async fn reload(&self, used: &CredentialsFingerprint, cause: &Cause) -> Reloaded {
        if cause.kind == TokenErrorKind::Discovery {
            // Nobody has seen them.
            return Reloaded::Unchanged;
        }
        let authentication = self.shared.config.authentication.as_ref();
        let left = self.begin.deadline.saturating_since(self.shared.now());
        // Others may wait for their turn.
        let timeout = left.min(self.shared.config.attempt_timeout);
        match self.within(timeout, authentication.has_changed(used)).await {
            Some(true) => Reloaded::Changed,
            Some(false) | None => Reloaded::Unchanged,
        }
    }

    async fn pause(&self, now: Moment, at: Moment, jitter: f64, error: TokenError) {
        let pause = at.saturating_since(self.shared.now());
        self.shared.attempt_failed(self.id());
        self.shared.tell(&Event::AttemptFailed {
            target: self.shared.target(),
            acquisition: self.number(),
            error: &error,
            pause,
        });
        if error.is_transient() {
            let server = &self.shared.server;
            server.attempt_failed(now, self.ticket, at, jitter, error);
        }
        self.shared.runtime.sleep(pause).await;
    }

    fn crash(&self, cause: Cause, progress: &Progress) -> FailedAcquisition {
        FailedAcquisition {
            cause: cause.or_because(progress.earlier.as_ref()),
            attempts: progress.attempts.made(),
            elapsed: self.shared.now().saturating_since(progress.begun_at),
        }
    }

    /// The outcome of `future`, or `None` where it takes longer than `timeout` (S5).
    async fn within<F: Future>(&self, timeout: Duration, future: F) -> Option<F::Output> {
        before(future, self.shared.runtime.sleep(timeout)).await
    }

    fn id(&self) -> AcquisitionId {
        self.begin.acquisition
    }
}

impl Drop for Acquisition {
    fn drop(&mut self) {
        if self.end == End::NotTold {
            self.shared.died(self.id(), self.ticket);
        }
        self.shared.server.leave(self.ticket);
    }
}

/// The client's proof could not be made.
fn no_proof(error: AuthenticationError) -> Cause {
    let failure = if error.is_transient() {
        Failure::TRANSIENT
    } else {
        Failure::PERMANENT
    };
    Cause::new(TokenErrorKind::Authentication, failure).because(Arc::new(error))
}

/// There is no answer to decode (B1: all failures of the transport may pass).
fn no_answer(error: ExchangeError) -> Cause {
    let (kind, failure) = match error.kind() {
        ExchangeErrorKind::Connect => (TokenErrorKind::Connect, Failure::TRANSIENT),
        ExchangeErrorKind::Exchange => (TokenErrorKind::Exchange, Failure::TRANSIENT),
        ExchangeErrorKind::Timeout => (
            TokenErrorKind::Timeout(TimeoutPhase::Attempt),
            Failure::TRANSIENT,
        ),
        ExchangeErrorKind::Redirected => (TokenErrorKind::Redirected, Failure::PERMANENT),
        ExchangeErrorKind::TooLarge => return token_response::too_large(),
    };
    let cause = Cause::new(kind, failure);
    match error.into_source() {
        Some(source) => cause.because(source),
        None => cause,
    }
}

/// T7: at most this much of an answer is read.
const MAX_ANSWER: usize = 1024 * 1024;
