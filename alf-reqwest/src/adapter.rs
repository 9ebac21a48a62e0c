//! What reqwest brings to alf's builder.

use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Library, Runtime, TokioRuntime};

use crate::http_client::{build, calls, own_route, sends_no_request, tokens};
use crate::redirect::follows_redirects;
use crate::route::Route;
use crate::{Client, ReqwestTransport, TokenManager};

/// reqwest, to the builder of a [`Client`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Reqwest;

/// reqwest, to the builder of a [`TokenManager`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ReqwestTokens;

impl Library for Reqwest {
    type HttpClient = reqwest::Client;
}

impl Adapter for Reqwest {
    type Transport = ReqwestTransport;
    type Client = Client;

    fn transport(
        http_clients: HttpClients<reqwest::Client>,
    ) -> Result<ReqwestTransport, ConfigError> {
        let tokens = token_route(http_clients.tokens)?;
        let calls = match http_clients.calls {
            Some(own) => Route::given(own),
            None => own_route("http_client", calls)?,
        };
        Ok(ReqwestTransport::new(calls, tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> Client {
        Client::new(client)
    }
}

impl Library for ReqwestTokens {
    type HttpClient = reqwest::Client;
}

impl Adapter for ReqwestTokens {
    type Transport = ReqwestTransport;
    type Client = TokenManager;

    fn transport(
        http_clients: HttpClients<reqwest::Client>,
    ) -> Result<ReqwestTransport, ConfigError> {
        if http_clients.calls.is_some() {
            return Err(sends_no_request());
        }
        let tokens = token_route(http_clients.tokens)?;
        // Nobody sends a request through it: another client would only cost its TLS set-up.
        Ok(ReqwestTransport::new(tokens.clone(), tokens))
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(TokioRuntime::new())
    }

    fn client(client: alf_core::Client<ReqwestTransport>) -> TokenManager {
        TokenManager::new(client.tokens().clone())
    }
}

/// For token requests: the user's client, or those that do nothing but send them.
fn token_route(own: Option<reqwest::Client>) -> Result<Route<reqwest::Client>, ConfigError> {
    let Some(own) = own else {
        return own_route("token_http_client", tokens);
    };
    // T7: a second redirect at the same foreign host would get the secret (see `redirect`). Where
    // reqwest no longer shows the policy of a client, nothing can be told from its absence.
    if follows_redirects(&own) && !follows_redirects(&build("token_http_client", tokens())?) {
        return Err(ConfigError::new(
            "token_http_client",
            "follows redirects, which could carry the client's secret elsewhere; build it with \
             .redirect(reqwest::redirect::Policy::none())",
        ));
    }
    Ok(Route::given(own))
}
