//! Revokes a token at the authorization server (RFC 7009).

use std::sync::{Arc, OnceLock};

use event_listener::Event;
use http::Uri;

use crate::config::{Server, TokenEndpoint, shown_endpoint};
use crate::error::{Cause, CurrentlyAwaited, ErrorDetails, RequestKind};
use crate::machine::Moment;
use crate::ports::Ports;
use crate::{RevokeError, TimeoutPhase, Token, TokenError, TokenRequest};

use super::exchange::{authenticate, exchange};

/// A revocation that can be sent: its endpoint is known.
pub(crate) struct Revocation {
    ports: Arc<Ports>,
    token_endpoint: Arc<TokenEndpoint>,
    endpoint: Uri,
}

/// Belongs to no caller, and runs where acquisitions do: the transport may need that runtime.
struct RevocationTask {
    revocation: Revocation,
    token: Token,
    awaited: CurrentlyAwaited,
    result: OnceLock<Result<(), Cause>>,
    ended: Event,
}

/// The task while it runs.
struct RunningRevocation(Arc<RevocationTask>);

impl Revocation {
    pub(crate) fn new(ports: &Arc<Ports>) -> Result<Self, RevokeError> {
        let known = match &ports.config.server {
            Server::Endpoint(endpoint) => Some(Arc::clone(endpoint)),
            Server::Issuer(_) => ports.server.metadata.endpoint(),
        };
        let token_endpoint = known.ok_or(RevokeError::NoEndpoint)?;
        let configured = ports.config.revocation_endpoint.as_ref();
        let endpoint = configured
            .or(token_endpoint.revocation.as_ref())
            .ok_or(RevokeError::NoEndpoint)?
            .clone();
        Ok(Self {
            ports: Arc::clone(ports),
            token_endpoint,
            endpoint,
        })
    }

    /// Sends one request, and waits `attempt_timeout` for its answer at most.
    pub(crate) async fn send(self, token: Token) -> Result<(), RevokeError> {
        let task = Arc::new(RevocationTask {
            revocation: self,
            token,
            awaited: CurrentlyAwaited::default(),
            result: OnceLock::new(),
            ended: Event::new(),
        });
        let ports = &task.revocation.ports;
        let (started_at, timeout) = (ports.now(), ports.config.attempt_timeout);
        let ended = task.ended.listen();
        let running = RunningRevocation(Arc::clone(&task)).run(started_at + timeout);
        ports.runtime.spawn(Box::pin(running));
        ports.within(timeout, ended).await;
        let result = task.result.get().cloned();
        let result = result.unwrap_or_else(|| Err(task.timed_out()));
        result.map_err(|cause| {
            RevokeError::Failed(TokenError::new(ErrorDetails {
                cause,
                request: RequestKind::Revocation,
                client_id: ports.config.client_id.clone(),
                endpoint: shown_endpoint(&task.revocation.endpoint),
                target: None,
                attempts: 1,
                elapsed: ports.now().saturating_since(started_at),
                back_off: None,
            }))
        })
    }
}

impl RevocationTask {
    async fn exchange(&self, until: Moment) -> Result<(), Cause> {
        let Revocation {
            ports,
            token_endpoint,
            endpoint,
        } = &self.revocation;
        let mut request = TokenRequest::revocation(&self.token, &ports.config.headers);
        authenticate(ports, token_endpoint, 1, &self.awaited, &mut request).await?;
        let answer = exchange(ports, endpoint, until, &self.awaited, request).await?;
        // RFC 7009 §2.2: the body of a success has no meaning.
        if answer.status.is_success() {
            return Ok(());
        }
        answer.grant.map(|_| ())
    }

    fn timed_out(&self) -> Cause {
        let timeout = self.revocation.ports.config.attempt_timeout;
        Cause::timed_out(TimeoutPhase::Attempt, self.awaited.get(), timeout)
    }
}

impl RunningRevocation {
    async fn run(self, until: Moment) {
        let Self(task) = &self;
        let ports = &task.revocation.ports;
        let left = until.saturating_since(ports.now());
        let result = ports.within(left, task.exchange(until)).await;
        let result = result.unwrap_or_else(|| Err(task.timed_out()));
        // It is set once: here, or when this is dropped before.
        let _ = task.result.set(result);
    }
}

/// Also if its runtime drops the task (S4).
impl Drop for RunningRevocation {
    fn drop(&mut self) {
        let Self(task) = self;
        let aborted = || Err(Cause::aborted(task.awaited.get()));
        task.result.get_or_init(aborted);
        task.ended.notify(usize::MAX);
    }
}
