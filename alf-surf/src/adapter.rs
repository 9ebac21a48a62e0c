//! What surf brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, ThreadRuntime};

use crate::transport::Tokens;
use crate::{Client, SurfTransport, back_end};

/// surf, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Surf {
    http_clients: HttpClients<surf::Client>,
}

impl Adapter for Surf {
    type HttpClient = surf::Client;
    type Transport = SurfTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<surf::Client> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<SurfTransport, ConfigError> {
        let calls = match self.http_clients.calls {
            Some(given) => given,
            None => back_end::for_calls()?,
        };
        Ok(SurfTransport::new(calls, tokens(self.http_clients.tokens)?))
    }

    fn token_transport(self) -> Result<SurfTransport, ConfigError> {
        let tokens = tokens(self.http_clients.tokens)?;
        Ok(SurfTransport::for_tokens_alone(tokens))
    }

    /// async-std has threads of its own, and so has curl: the caller needs no runtime.
    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<SurfTransport>) -> Client {
        Client::new(client)
    }
}

/// For token requests: the user's client, or one that does nothing but send them.
fn tokens(given: Option<surf::Client>) -> Result<Tokens, ConfigError> {
    match given {
        Some(given) => Ok(Tokens::Given(given)),
        None => Ok(Tokens::Own(back_end::for_tokens()?)),
    }
}
