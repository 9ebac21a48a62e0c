//! What `reqwest::blocking` brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, ThreadRuntime};
use reqwest::blocking;

use super::{Client, ReqwestTransport};
use crate::http_client::{HttpClient, calls, tokens};
use crate::route::Route;

/// `reqwest::blocking`, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Reqwest {
    http_clients: HttpClients<blocking::Client>,
}

impl Adapter for Reqwest {
    type HttpClient = blocking::Client;
    type Transport = ReqwestTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<blocking::Client> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<ReqwestTransport, ConfigError> {
        let tokens = route(self.http_clients.tokens, "token_http_client", tokens)?;
        let calls = route(self.http_clients.calls, "http_client", calls)?;
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn token_transport(self) -> Result<ReqwestTransport, ConfigError> {
        let tokens = route(self.http_clients.tokens, "token_http_client", tokens)?;
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

/// Over the user's client, or one of alf's own. reqwest does not show which redirects a blocking client follows.
fn route(
    given: Option<blocking::Client>,
    setting: &'static str,
    settings: fn() -> reqwest::ClientBuilder,
) -> Result<Route<blocking::Client>, ConfigError> {
    match given {
        Some(given) => Ok(Route::given(given)),
        None => Route::build(setting, settings),
    }
}

impl HttpClient for blocking::Client {
    fn build(settings: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        // With the time-outs of reqwest's blocking client: 30 s for each step.
        blocking::ClientBuilder::from(settings).build()
    }
}
