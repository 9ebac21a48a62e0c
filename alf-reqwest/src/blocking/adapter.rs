//! What `reqwest::blocking` brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, ThreadRuntime};
use reqwest::blocking;
use reqwest::redirect::Policy;

use super::outside_tokio::outside_tokio;
use super::{Client, HttpClient, ReqwestTransport};
use crate::http_client::{Library, ShownRedirects};
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
        outside_tokio(|| builder.build())
    }

    /// A blocking client shows nothing.
    fn shown_redirects(&self) -> ShownRedirects {
        ShownRedirects::Unknown
    }

    fn may_have_user_agent(&self) -> bool {
        true
    }
}
