//! What isahc brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, HttpSettings, Runtime, ThreadRuntime};
use isahc::{HttpClient, HttpClientBuilder};

use crate::http_client::{Panicked, Purpose, try_to_build};
use crate::route::Route;
use crate::{Client, IsahcTransport};

/// isahc, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Isahc {
    http_clients: HttpClients<HttpClient, HttpClientBuilder>,
}

impl Adapter for Isahc {
    type HttpClient = HttpClient;
    type HttpClientBuilder = HttpClientBuilder;
    type Transport = IsahcTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<HttpClient, HttpClientBuilder> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<IsahcTransport, ConfigError> {
        let clients = self.http_clients;
        let tokens = route(clients.tokens, Purpose::Tokens, &clients.settings)?;
        let calls = route(clients.calls, Purpose::Calls, &clients.settings)?;
        Ok(IsahcTransport::new(calls, tokens))
    }

    fn call_transport(self) -> Result<IsahcTransport, ConfigError> {
        let clients = self.http_clients;
        let calls = route(clients.calls, Purpose::Calls, &clients.settings)?;
        // No token request is sent: another client would only cost its set-up.
        Ok(IsahcTransport::new(calls.clone(), calls))
    }

    fn token_transport(self) -> Result<IsahcTransport, ConfigError> {
        let clients = self.http_clients;
        let tokens = route(clients.tokens, Purpose::Tokens, &clients.settings)?;
        // No request of the user is sent: another client would only cost its thread.
        Ok(IsahcTransport::new(tokens.clone(), tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn client(client: alf_core::Client<IsahcTransport>) -> Client {
        Client::new(client)
    }
}

/// Over the user's client, or one of alf's own. A redirect policy does not matter: isahc carries the token nowhere else (X4),
/// and each token request has a policy of its own (T7).
fn route(
    given: Option<HttpClient>,
    purpose: Purpose,
    settings: &HttpSettings<HttpClientBuilder>,
) -> Result<Route, ConfigError> {
    match given {
        Some(given) => Ok(Route::given(given)),
        None if settings.is_set() => Ok(Route::configured(build(purpose, settings)?)),
        None => Ok(Route::own(build(purpose, settings)?)),
    }
}

/// A client that alf builds.
fn build(
    purpose: Purpose,
    settings: &HttpSettings<HttpClientBuilder>,
) -> Result<HttpClient, ConfigError> {
    let setter = if settings.is_set() {
        "configure_http"
    } else {
        purpose.setter()
    };
    match try_to_build(purpose.finish(settings.apply(HttpClient::builder()))) {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            Err(ConfigError::new(setter, "isahc cannot build a client").because(error))
        }
        Err(Panicked) => Err(ConfigError::new(
            setter,
            "isahc panicked when it built a client; without the feature static-curl, look at the \
             system's libcurl",
        )),
    }
}
