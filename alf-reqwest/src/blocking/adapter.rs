//! What `reqwest::blocking` brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Library, Runtime, ThreadRuntime};
use reqwest::blocking;

use super::thread::may_block;
use super::{Client, ReqwestTransport, TokenManager};
use crate::http_client::{HttpClient, calls, own_route, sends_no_request, tokens};
use crate::route::Route;

/// `reqwest::blocking`, to the builder of a [`Client`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Reqwest;

/// `reqwest::blocking`, to the builder of a [`TokenManager`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReqwestTokens;

impl Library for Reqwest {
    type HttpClient = blocking::Client;
}

impl Adapter for Reqwest {
    type Transport = ReqwestTransport;
    type Client = Client;

    fn transport(
        http_clients: HttpClients<blocking::Client>,
    ) -> Result<ReqwestTransport, ConfigError> {
        let tokens = route(http_clients.tokens, "token_http_client", tokens)?;
        let calls = route(http_clients.calls, "http_client", calls)?;
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> Client {
        Client::new(client)
    }
}

impl Library for ReqwestTokens {
    type HttpClient = blocking::Client;
}

impl Adapter for ReqwestTokens {
    type Transport = ReqwestTransport;
    type Client = TokenManager;

    fn transport(
        http_clients: HttpClients<blocking::Client>,
    ) -> Result<ReqwestTransport, ConfigError> {
        if http_clients.calls.is_some() {
            return Err(sends_no_request());
        }
        let tokens = route(http_clients.tokens, "token_http_client", tokens)?;
        // Nobody sends a request through it: another client would only cost a thread.
        Ok(ReqwestTransport::new(tokens.clone(), tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> TokenManager {
        TokenManager::new(client.tokens().clone())
    }
}

/// Over the user's client, or one of alf's own. What redirects the user's follows, reqwest's
/// blocking client tells nowhere.
fn route(
    given: Option<blocking::Client>,
    setting: &'static str,
    settings: fn() -> reqwest::ClientBuilder,
) -> Result<Route<blocking::Client>, ConfigError> {
    if let Some(given) = given {
        return Ok(Route::given(given));
    }
    if may_block().is_err() {
        return Err(ConfigError::new(
            setting,
            "is not set, and reqwest's blocking client cannot be made on a thread that runs async \
             tasks; use alf_reqwest::Client, or build this one in tokio::task::spawn_blocking",
        ));
    }
    own_route(setting, settings)
}

impl HttpClient for blocking::Client {
    fn build(settings: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        // With the time-outs of reqwest's blocking client: 30 s for each step.
        blocking::ClientBuilder::from(settings).build()
    }
}
