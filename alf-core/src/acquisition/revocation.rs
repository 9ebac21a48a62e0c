//! Revokes a token at the authorization server (RFC 7009).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

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

/// How the task ended: the result of the request, if it has one.
#[derive(Default)]
struct TaskEnd {
    result: OnceLock<Result<(), Cause>>,
    awaited: CurrentlyAwaited,
    ended: Event,
}

/// Belongs to no caller, and runs where acquisitions do: the transport may need that runtime.
struct Task {
    revocation: Arc<Revocation>,
    token: Token,
    end: Arc<TaskEnd>,
}

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
        let revocation = Arc::new(self);
        let ports = &revocation.ports;
        let (started_at, timeout) = (ports.now(), ports.config.attempt_timeout);
        let end = Arc::new(TaskEnd::default());
        let ended = end.ended.listen();
        let task = Task {
            revocation: Arc::clone(&revocation),
            token,
            end: Arc::clone(&end),
        };
        ports
            .runtime
            .spawn(Box::pin(task.run(started_at + timeout)));
        ports.within(timeout, ended).await;
        let result = end.result.get().cloned();
        let result = result.unwrap_or_else(|| Err(end.timed_out(timeout)));
        result.map_err(|cause| {
            RevokeError::Failed(TokenError::new(ErrorDetails {
                cause,
                request: RequestKind::Revocation,
                client_id: ports.config.client_id.clone(),
                endpoint: shown_endpoint(&revocation.endpoint),
                target: None,
                attempts: 1,
                elapsed: ports.now().saturating_since(started_at),
                back_off: None,
            }))
        })
    }

    async fn exchange(
        &self,
        token: &Token,
        until: Moment,
        awaited: &CurrentlyAwaited,
    ) -> Result<(), Cause> {
        let ports = &self.ports;
        let mut request = TokenRequest::revocation(token, &ports.config.headers);
        authenticate(ports, &self.token_endpoint, 1, awaited, &mut request).await?;
        let answer = exchange(ports, &self.endpoint, until, awaited, request).await?;
        // RFC 7009 §2.2: the body of a success has no meaning.
        if answer.status.is_success() {
            return Ok(());
        }
        answer.grant.map(|_| ())
    }
}

impl Task {
    async fn run(self, until: Moment) {
        let ports = &self.revocation.ports;
        let exchange = self
            .revocation
            .exchange(&self.token, until, &self.end.awaited);
        let left = until.saturating_since(ports.now());
        let result = ports.within(left, exchange).await;
        let timeout = ports.config.attempt_timeout;
        let result = result.unwrap_or_else(|| Err(self.end.timed_out(timeout)));
        // It is set once: here, or when the task is dropped before.
        let _ = self.end.result.set(result);
    }
}

impl TaskEnd {
    fn timed_out(&self, timeout: Duration) -> Cause {
        Cause::timed_out(TimeoutPhase::Attempt, self.awaited.get(), timeout)
    }
}

/// Also if its runtime drops the task (S4).
impl Drop for Task {
    fn drop(&mut self) {
        let aborted = || Err(Cause::aborted(self.end.awaited.get()));
        self.end.result.get_or_init(aborted);
        self.end.ended.notify(usize::MAX);
    }
}
