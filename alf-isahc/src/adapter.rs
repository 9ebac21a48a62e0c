//! What isahc brings to alf's builder.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, HttpSettings, Runtime, ThreadRuntime};
use isahc::{HttpClient, HttpClientBuilder};

use crate::route::{Owner, Route};
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

/// What a client that alf builds is for.
#[derive(Clone, Copy)]
enum Purpose {
    /// The user's requests.
    Calls,
    /// Token requests.
    Tokens,
}

/// Over the user's client, or one of alf's own. A redirect policy does not matter: isahc carries the token nowhere else (X4),
/// and each token request has a policy of its own (T7).
fn route(
    given: Option<HttpClient>,
    purpose: Purpose,
    settings: &HttpSettings<HttpClientBuilder>,
) -> Result<Route, ConfigError> {
    let (client, owner) = match given {
        Some(given) => (given, Owner::User),
        None if settings.is_set() => (build(purpose, settings)?, Owner::AlfAndUser),
        None => (build(purpose, settings)?, Owner::Alf),
    };
    Ok(Route { client, owner })
}

/// A client that alf builds.
fn build(
    purpose: Purpose,
    settings: &HttpSettings<HttpClientBuilder>,
) -> Result<HttpClient, ConfigError> {
    let builder = settings.apply(HttpClient::builder());
    let (setter, builder) = match purpose {
        Purpose::Calls => ("http_client", builder),
        // A token request comes once in an hour: a connection that was kept for it is one that the server has closed.
        Purpose::Tokens => ("token_http_client", builder.connection_cache_size(0)),
    };
    let setter = if settings.is_set() {
        "configure_http"
    } else {
        setter
    };
    // isahc panics where the system's libcurl is one that it cannot work with.
    match catch_unwind(AssertUnwindSafe(|| builder.build())) {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            Err(ConfigError::new(setter, "isahc cannot build a client").because(error))
        }
        Err(_) => Err(ConfigError::new(
            setter,
            "isahc panicked when it built a client; without the feature static-curl, look at the \
             system's libcurl",
        )),
    }
}
