//! What reqwest brings to alf's builder, and the reqwest clients that alf makes itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use alf_core::{Adapter, ConfigError, HttpClients, Library, Runtime, TokioRuntime};
use reqwest::redirect::Policy;

use crate::redirect::{follows_redirects, guard_redirects};
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
            return Err(ConfigError::new(
                "http_client",
                "is for requests, and a token manager sends none; use token_http_client",
            ));
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
fn token_route(own: Option<reqwest::Client>) -> Result<Route, ConfigError> {
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

fn own_route(
    setting: &'static str,
    settings: fn() -> reqwest::ClientBuilder,
) -> Result<Route, ConfigError> {
    Ok(Route::own(build(setting, settings())?, settings))
}

/// The settings of alf's own clients for the user's requests.
fn calls() -> reqwest::ClientBuilder {
    reqwest::Client::builder().redirect(guard_redirects(Policy::default()))
}

/// The settings of alf's own clients for token requests.
fn tokens() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        // B1 is what tries again.
        .retry(reqwest::retry::never())
        // A token request comes once in an hour: a connection that was kept for it is one that
        // the server has closed, or belongs to a runtime that is gone or polled no more.
        .pool_max_idle_per_host(0)
}

/// A client that alf makes itself. `setting` is the one by which a user can bring another.
fn build(
    setting: &'static str,
    builder: reqwest::ClientBuilder,
) -> Result<reqwest::Client, ConfigError> {
    // reqwest panics where its feature `rustls-no-provider` is on and no provider is installed.
    match catch_unwind(AssertUnwindSafe(|| builder.build())) {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            let problem = "is not set, and reqwest cannot build a client with its defaults";
            Err(ConfigError::new(setting, problem).because(error))
        }
        Err(_) => Err(ConfigError::new(
            setting,
            "is not set, and reqwest panicked when it built a client with its defaults; with the \
             feature rustls-no-provider, install a rustls CryptoProvider first",
        )),
    }
}
