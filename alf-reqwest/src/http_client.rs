//! The reqwest clients that alf makes itself: async or blocking, with the same settings.

use std::panic::{AssertUnwindSafe, catch_unwind};

use alf_core::ConfigError;
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::redirect::guard_redirects;

/// reqwest's async client, or its blocking one.
pub(crate) trait HttpClient: Sized {
    /// The client with these settings.
    fn build(settings: ClientBuilder) -> Result<Self, reqwest::Error>;
}

impl HttpClient for reqwest::Client {
    fn build(settings: ClientBuilder) -> Result<Self, reqwest::Error> {
        settings.build()
    }
}

/// The settings of alf's own clients for the user's requests.
pub(crate) fn calls() -> ClientBuilder {
    reqwest::Client::builder().redirect(guard_redirects(Policy::default()))
}

/// The settings of alf's own clients for token requests.
pub(crate) fn tokens() -> ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        // B1 is what tries again.
        .retry(reqwest::retry::never())
        // A token request comes once in an hour: a connection that was kept for it is one that
        // the server has closed, or belongs to a runtime that is gone or polled no more.
        .pool_max_idle_per_host(0)
}

/// A client that alf makes itself.
pub(crate) fn build<C: HttpClient>(
    setting: &'static str,
    settings: ClientBuilder,
) -> Result<C, ConfigError> {
    match try_to_build(settings) {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => {
            let problem = "is not set, and reqwest cannot build a client with its defaults";
            Err(ConfigError::new(setting, problem).because(error))
        }
        Err(Panicked) => Err(ConfigError::new(
            setting,
            "is not set, and reqwest panicked when it built a client with its defaults: with the \
             feature rustls-no-provider, install a rustls CryptoProvider first; build a blocking \
             client in tokio::task::spawn_blocking, not in an async task",
        )),
    }
}

/// reqwest panics if its feature `rustls-no-provider` is enabled and no provider is installed, or if a blocking client is
/// built in an async task.
pub(crate) fn try_to_build<C: HttpClient>(
    settings: ClientBuilder,
) -> Result<Result<C, reqwest::Error>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| C::build(settings))).map_err(|_| Panicked)
}

/// reqwest did, in the making of a client.
pub(crate) struct Panicked;
