//! What reqwest brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, HttpSettings, Runtime, TokioRuntime};

use crate::http_client::{ClientSettings, Purpose};
use crate::route::Route;
use crate::{Client, HttpClient, ReqwestTransport};

/// reqwest, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Reqwest {
    http_clients: HttpClients<HttpClient, reqwest::ClientBuilder>,
}

impl Adapter for Reqwest {
    type HttpClient = HttpClient;
    type HttpClientBuilder = reqwest::ClientBuilder;
    type Transport = ReqwestTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<HttpClient, reqwest::ClientBuilder> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<ReqwestTransport, ConfigError> {
        let clients = self.http_clients;
        let settings = ClientSettings {
            purpose: Purpose::Tokens,
            user: clients.settings.clone(),
        };
        let tokens = token_route(clients.tokens, settings)?;
        let calls = call_route(clients.calls, clients.settings)?;
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn call_transport(self) -> Result<ReqwestTransport, ConfigError> {
        let clients = self.http_clients;
        let calls = call_route(clients.calls, clients.settings)?;
        Ok(ReqwestTransport::for_calls_alone(calls))
    }

    fn token_transport(self) -> Result<ReqwestTransport, ConfigError> {
        let settings = ClientSettings {
            purpose: Purpose::Tokens,
            user: self.http_clients.settings,
        };
        let tokens = token_route(self.http_clients.tokens, settings)?;
        // No request of the user is sent: another client would only cost its TLS set-up.
        Ok(ReqwestTransport::new(tokens.clone(), tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> Client {
        Client::new(client)
    }
}

/// For the user's requests: the user's client, or those that alf builds.
fn call_route(
    given: Option<HttpClient>,
    user: HttpSettings<reqwest::ClientBuilder>,
) -> Result<Route<reqwest::Client>, ConfigError> {
    match given {
        Some(given) => Ok(Route::given(given.for_calls()?)),
        None => Route::build(ClientSettings {
            purpose: Purpose::Calls,
            user,
        }),
    }
}

/// For token requests: the user's client, or those that do nothing but send them.
fn token_route(
    given: Option<HttpClient>,
    settings: ClientSettings<reqwest::ClientBuilder>,
) -> Result<Route<reqwest::Client>, ConfigError> {
    match given {
        Some(given) => Ok(Route::given(given.for_tokens()?)),
        None => Route::build(settings),
    }
}
