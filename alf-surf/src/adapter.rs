//! What surf brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, HttpSettings, Runtime, ThreadRuntime};

use crate::transport::Tokens;
use crate::{Client, SurfTransport, back_end};

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
        let tokens = tokens(clients.tokens, &clients.settings)?;
        let calls = calls(clients.calls, &clients.settings)?;
        Ok(SurfTransport::new(Some(calls), tokens))
    }

    fn call_transport(self) -> Result<SurfTransport, ConfigError> {
        let calls = calls(self.http_clients.calls, &self.http_clients.settings)?;
        // No token request is sent: another client would only cost its set-up.
        let tokens = Tokens::Given(calls.clone());
        Ok(SurfTransport::new(Some(calls), tokens))
    }

    fn token_transport(self) -> Result<SurfTransport, ConfigError> {
        let tokens = tokens(self.http_clients.tokens, &self.http_clients.settings)?;
        Ok(SurfTransport::new(None, tokens))
    }

    /// async-std has threads of its own, and so has curl: the caller needs no runtime.
    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<SurfTransport>) -> Client {
        Client::new(client)
    }
}

/// For the user's requests: the user's client, or one that alf builds.
fn calls(
    given: Option<surf::Client>,
    settings: &HttpSettings<surf::Config>,
) -> Result<surf::Client, ConfigError> {
    match given {
        Some(given) => Ok(given),
        None => back_end::for_calls(settings),
    }
}

/// For token requests: the user's client, or one that does nothing but send them.
fn tokens(
    given: Option<surf::Client>,
    settings: &HttpSettings<surf::Config>,
) -> Result<Tokens, ConfigError> {
    if let Some(given) = given {
        return Ok(Tokens::Given(given));
    }
    let (back_end, headers) = back_end::for_tokens(settings)?;
    Ok(Tokens::Own(back_end, headers))
}
