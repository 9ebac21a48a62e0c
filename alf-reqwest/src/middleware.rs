//! A client of reqwest-middleware whose last middleware is this crate's client.

use async_trait::async_trait;
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};

use crate::{Client, Error};

impl Client {
    /// Returns a client of [reqwest-middleware](https://docs.rs/reqwest-middleware) that puts a token on every request, for
    /// generated clients and other code that takes a `ClientWithMiddleware`. `add` adds your middlewares.
    ///
    /// Needs the feature `middleware`.
    ///
    /// This client is the last middleware. It sends the requests itself, with its own reqwest client and its own settings, and
    /// replays them as [`execute`](Self::execute) does:
    ///
    /// - Your middlewares run once for each request, not again for a replay. None of them sees the token.
    /// - Each retry of a retry middleware has the current token.
    /// - A middleware that you add to the returned client later is *not called*. Add all of them in `add`.
    /// - If a middleware makes the body of a request a stream, the request is not replayed (R4).
    ///
    /// # Errors
    ///
    /// The client returns reqwest's own errors as `reqwest_middleware::Error::Reqwest`. All others are
    /// `reqwest_middleware::Error::Middleware`, which contains an [`Error`]: `error.downcast_ref::<alf_reqwest::Error>()`.
    /// reqwest-retry does not retry these. It wraps them in its `RetryError`.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_reqwest::Client;
    /// use alf_reqwest::reqwest_middleware::{ClientWithMiddleware, Middleware};
    ///
    /// fn api(retry: impl Middleware) -> Result<ClientWithMiddleware, alf_reqwest::ConfigError> {
    ///     let client = Client::builder("https://auth.example.com/token")
    ///         .client_secret("client-id", "secret")
    ///         .build()?;
    ///     Ok(client.with_middleware(|stack| stack.with(retry)))
    /// }
    /// ```
    pub fn with_middleware(
        &self,
        add: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> ClientWithMiddleware {
        let calls = self.core().transport().calls().clone();
        let last = Last(self.clone());
        add(ClientBuilder::new(calls)).with(last).build()
    }
}

/// It does not call `next`, which is the client of the stack, or a middleware that was added later and would see the token. The
/// route to loopback does not use a proxy (X2), and the client of the stack may.
struct Last(Client);

#[async_trait]
impl Middleware for Last {
    async fn handle(
        &self,
        request: Request,
        _: &mut Extensions,
        _: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        self.0.execute(request).await.map_err(|error| match error {
            Error::Transport(error) => reqwest_middleware::Error::Reqwest(error),
            Error::Token(_) | Error::NotAllowed(_) => reqwest_middleware::Error::middleware(error),
        })
    }
}
