//! What reqwest brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, TokioRuntime};

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

    fn transport(mut self) -> Result<ReqwestTransport, ConfigError> {
        let tokens = Route::for_tokens(&mut self.http_clients)?;
        let calls = Route::for_calls(&mut self.http_clients)?;
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn call_transport(mut self) -> Result<ReqwestTransport, ConfigError> {
        let calls = Route::for_calls(&mut self.http_clients)?;
        Ok(ReqwestTransport::new(calls.clone(), calls))
    }

    fn token_transport(mut self) -> Result<ReqwestTransport, ConfigError> {
        let tokens = Route::for_tokens(&mut self.http_clients)?;
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
