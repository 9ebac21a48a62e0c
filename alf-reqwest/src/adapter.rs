//! What reqwest brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, TokioRuntime};

use crate::http_client::Purpose;
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
        let given = clients.tokens.map(HttpClient::for_tokens).transpose()?;
        let tokens = Route::new(given, Purpose::Tokens, clients.settings.clone())?;
        let header = clients.token_header;
        let given = clients
            .calls
            .map(|given| given.for_calls(&header))
            .transpose()?;
        let calls = Route::new(given, Purpose::calls(&header), clients.settings)?;
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn call_transport(self) -> Result<ReqwestTransport, ConfigError> {
        let clients = self.http_clients;
        let header = clients.token_header;
        let given = clients
            .calls
            .map(|given| given.for_calls(&header))
            .transpose()?;
        let calls = Route::new(given, Purpose::calls(&header), clients.settings)?;
        Ok(ReqwestTransport::for_calls_alone(calls))
    }

    fn token_transport(self) -> Result<ReqwestTransport, ConfigError> {
        let clients = self.http_clients;
        let given = clients.tokens.map(HttpClient::for_tokens).transpose()?;
        let tokens = Route::new(given, Purpose::Tokens, clients.settings)?;
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
