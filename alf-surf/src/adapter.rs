//! What surf brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, ThreadRuntime};

use crate::back_end::{Purpose, client};
use crate::{Client, SurfTransport};

/// surf, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Surf {
    http_clients: HttpClients<surf::Client, surf::Config>,
}

impl Adapter for Surf {
    type HttpClient = surf::Client;
    type HttpClientBuilder = surf::Config;
    type Transport = SurfTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<surf::Client, surf::Config> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<SurfTransport, ConfigError> {
        let clients = self.http_clients;
        let tokens = client(clients.tokens, Purpose::Tokens, &clients.settings)?;
        let calls = client(clients.calls, Purpose::Calls, &clients.settings)?;
        Ok(SurfTransport::new(calls, tokens))
    }

    fn call_transport(self) -> Result<SurfTransport, ConfigError> {
        let clients = self.http_clients;
        let calls = client(clients.calls, Purpose::Calls, &clients.settings)?;
        Ok(SurfTransport::new(calls.clone(), calls))
    }

    fn token_transport(self) -> Result<SurfTransport, ConfigError> {
        let clients = self.http_clients;
        let tokens = client(clients.tokens, Purpose::Tokens, &clients.settings)?;
        Ok(SurfTransport::new(tokens.clone(), tokens))
    }

    /// async-std has threads of its own, and so has curl: the caller needs no runtime.
    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<SurfTransport>) -> Client {
        Client::new(client)
    }
}
