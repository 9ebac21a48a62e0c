//! What all parts of a client use: its configuration, the ports to the outside, and what is known of its server.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, Server, shown_endpoint};
use crate::machine::Moment;
use crate::runtime::before;
use crate::server::ServerState;
use crate::{Event, EventContext, Runtime, TokenTarget, TokenTransport};

/// One for each client, shared by all its tokens.
pub(crate) struct Ports {
    pub(crate) config: Config,
    pub(crate) token_transport: Arc<dyn TokenTransport>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) clock: Clock,
    pub(crate) server: ServerState,
}

impl Ports {
    pub(crate) fn new(
        config: Config,
        token_transport: Arc<dyn TokenTransport>,
        default_runtime: fn() -> Arc<dyn Runtime>,
    ) -> Self {
        let runtime = config.runtime.clone().unwrap_or_else(default_runtime);
        Self {
            config,
            token_transport,
            clock: Clock::new(Arc::clone(&runtime)),
            runtime,
            server: ServerState::new(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// The outcome of `future`, or `None` if it takes longer than `timeout`.
    pub(crate) async fn within<F: Future>(
        &self,
        timeout: Duration,
        future: F,
    ) -> Option<F::Output> {
        before(future, self.runtime.sleep(timeout)).await
    }

    /// An event of the token for `target`.
    pub(crate) fn observe(&self, target: &TokenTarget, event: &Event<'_>) {
        let context = EventContext {
            client_id: &self.config.client_id,
            token_endpoint: &self.shown_endpoint(),
            target,
            now: self.now(),
        };
        self.config.observer.on(event, &context);
    }

    /// The token endpoint as errors show it, without its query; the issuer, until the endpoint is known.
    pub(crate) fn shown_endpoint(&self) -> String {
        match &self.config.server {
            Server::Endpoint(endpoint) => shown_endpoint(&endpoint.uri),
            Server::Issuer(issuer) => match self.server.metadata.endpoint() {
                Some(endpoint) => shown_endpoint(&endpoint.uri),
                None => issuer.name.clone(),
            },
        }
    }
}
