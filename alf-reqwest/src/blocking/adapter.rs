//! What `reqwest::blocking` brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, HttpSettings, Runtime, ThreadRuntime};
use reqwest::blocking;
use reqwest::redirect::Policy;

use super::{Client, HttpClient, ReqwestTransport};
use crate::http_client::{ClientSettings, Library, Purpose, ShownRedirects};
use crate::route::Route;

/// `reqwest::blocking`, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Reqwest {
    http_clients: HttpClients<HttpClient, blocking::ClientBuilder>,
}

impl Adapter for Reqwest {
    type HttpClient = HttpClient;
    type HttpClientBuilder = blocking::ClientBuilder;
    type Transport = ReqwestTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<HttpClient, blocking::ClientBuilder> {
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
        // No request of the user is sent: another client would only cost a thread.
        Ok(ReqwestTransport::new(tokens.clone(), tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> Client {
        Client::new(client)
    }
}

/// For the user's requests: the user's client, or those that alf builds.
fn call_route(
    given: Option<HttpClient>,
    user: HttpSettings<blocking::ClientBuilder>,
) -> Result<Route<blocking::Client>, ConfigError> {
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
    settings: ClientSettings<blocking::ClientBuilder>,
) -> Result<Route<blocking::Client>, ConfigError> {
    match given {
        Some(given) => Ok(Route::given(given.for_tokens()?)),
        None => Route::build(settings),
    }
}

/// With the timeouts of reqwest's blocking client: 30 s for each step.
impl Library for blocking::Client {
    type Builder = blocking::ClientBuilder;

    fn with_redirects(builder: blocking::ClientBuilder, policy: Policy) -> blocking::ClientBuilder {
        builder.redirect(policy)
    }

    fn for_tokens(builder: blocking::ClientBuilder) -> blocking::ClientBuilder {
        builder
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
    }

    fn without_proxy(builder: blocking::ClientBuilder) -> blocking::ClientBuilder {
        builder.no_proxy()
    }

    fn build(builder: blocking::ClientBuilder) -> Result<Self, reqwest::Error> {
        builder.build()
    }

    /// A blocking client shows nothing.
    fn shown_redirects(&self) -> ShownRedirects {
        ShownRedirects::Unknown
    }
}
