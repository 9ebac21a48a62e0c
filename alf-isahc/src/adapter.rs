//! What isahc brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Runtime, ThreadRuntime};
use isahc::{HttpClient, HttpClientBuilder};

use crate::http_client::{Panicked, calls, tokens, try_to_build};
use crate::route::Route;
use crate::{Client, IsahcTransport};

/// isahc, for the builder of a [`Client`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Isahc {
    http_clients: HttpClients<HttpClient>,
}

impl Adapter for Isahc {
    type HttpClient = HttpClient;
    type Transport = IsahcTransport;
    type Client = Client;

    fn http_clients(&mut self) -> &mut HttpClients<HttpClient> {
        &mut self.http_clients
    }

    fn transport(self) -> Result<IsahcTransport, ConfigError> {
        let tokens = token_route(self.http_clients.tokens)?;
        let calls = match self.http_clients.calls {
            Some(given) => Route::given(given),
            None => Route::own(build("http_client", calls)?),
        };
        Ok(IsahcTransport::new(calls, tokens))
    }

    fn token_transport(self) -> Result<IsahcTransport, ConfigError> {
        let tokens = token_route(self.http_clients.tokens)?;
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

/// For token requests: the user's client, or one that does nothing but send them. What its redirect
/// policy is does not matter: each token request has its own (T7).
fn token_route(own: Option<HttpClient>) -> Result<Route, ConfigError> {
    match own {
        Some(own) => Ok(Route::given(own)),
        None => Ok(Route::own(build("token_http_client", tokens)?)),
    }
}

/// A client that alf makes itself. `setting` is the one by which a user can bring another.
fn build(
    setting: &'static str,
    settings: fn() -> HttpClientBuilder,
) -> Result<HttpClient, ConfigError> {
    match try_to_build(settings()) {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            let problem = "is not set, and isahc cannot build a client with its defaults";
            Err(ConfigError::new(setting, problem).because(error))
        }
        Err(Panicked) => Err(ConfigError::new(
            setting,
            "is not set, and isahc panicked when it built a client with its defaults; without the \
             feature static-curl, look at the system's libcurl",
        )),
    }
}
