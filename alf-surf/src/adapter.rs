//! What surf brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Library, Runtime, ThreadRuntime};

use crate::transport::Tokens;
use crate::{Client, SurfTransport, TokenManager, back_end};

/// surf, to the builder of a [`Client`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Surf;

/// surf, to the builder of a [`TokenManager`].
#[derive(Debug)]
#[non_exhaustive]
pub struct SurfTokens;

impl Library for Surf {
    type HttpClient = surf::Client;
}

impl Adapter for Surf {
    type Transport = SurfTransport;
    type Client = Client;

    fn transport(http_clients: HttpClients<surf::Client>) -> Result<SurfTransport, ConfigError> {
        let calls = match http_clients.calls {
            Some(given) => given,
            None => back_end::for_calls()?,
        };
        Ok(SurfTransport::new(calls, tokens(http_clients.tokens)?))
    }

    /// async-std has threads of its own, and so has curl: the caller's need no runtime.
    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<SurfTransport>) -> Client {
        Client::new(client)
    }
}

impl Library for SurfTokens {
    type HttpClient = surf::Client;
}

impl Adapter for SurfTokens {
    type Transport = SurfTransport;
    type Client = TokenManager;

    fn transport(http_clients: HttpClients<surf::Client>) -> Result<SurfTransport, ConfigError> {
        if http_clients.calls.is_some() {
            return Err(ConfigError::new(
                "http_client",
                "is for requests, and a token manager sends none; use token_http_client",
            ));
        }
        Ok(SurfTransport::for_tokens_alone(tokens(
            http_clients.tokens,
        )?))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<SurfTransport>) -> TokenManager {
        TokenManager::new(client.tokens().clone())
    }
}

/// For token requests: the user's client, or one that does nothing but send them.
fn tokens(given: Option<surf::Client>) -> Result<Tokens, ConfigError> {
    match given {
        Some(given) => Ok(Tokens::Given(given)),
        None => Ok(Tokens::Own(back_end::for_tokens()?)),
    }
}
