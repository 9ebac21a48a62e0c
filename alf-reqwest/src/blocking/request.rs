//! Requests that are being built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::blocking::{Body, Request, Response};
#[cfg(any(feature = "form", feature = "json", feature = "query"))]
use serde::Serialize;

use super::ReqwestTransport;
use crate::Error;

/// A request that is being built; [`send`](Self::send) puts the token on it.
///
/// It has the methods of `reqwest::blocking::RequestBuilder` that are used most, and
/// [`with`](Self::with) for all others. It is not that type itself, whose `send` would go out
/// without a token.
#[must_use = "a request does nothing before it is sent"]
pub struct RequestBuilder {
    client: Arc<alf_core::Client<ReqwestTransport>>,
    request: reqwest::blocking::RequestBuilder,
    token: WithToken,
}

/// Whether a request carries a token.
#[derive(Clone, Copy)]
enum WithToken {
    Yes,
    No,
}

impl RequestBuilder {
    pub(super) fn new(
        client: Arc<alf_core::Client<ReqwestTransport>>,
        request: reqwest::blocking::RequestBuilder,
    ) -> Self {
        Self {
            client,
            request,
            token: WithToken::Yes,
        }
    }

    /// Adds a header, beside those of the same name. An `Authorization` is replaced by the token.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.with(|request| request.header(name, value))
    }

    /// Sets headers, each in place of those of the same name.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.with(|request| request.headers(headers))
    }

    /// Adds to the query of the URL. Needs the feature `query`.
    #[cfg(feature = "query")]
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        self.with(|request| request.query(query))
    }

    /// Sets a JSON body, and its `Content-Type`. Needs the feature `json`.
    #[cfg(feature = "json")]
    pub fn json<T: Serialize + ?Sized>(self, json: &T) -> Self {
        self.with(|request| request.json(json))
    }

    /// Sets a form as the body, and its `Content-Type`. Needs the feature `form`.
    #[cfg(feature = "form")]
    pub fn form<T: Serialize + ?Sized>(self, form: &T) -> Self {
        self.with(|request| request.form(form))
    }

    /// Sets the body. What is in memory can be replayed; a file or another reader is read while it
    /// is sent and cannot: its 401 is returned.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.body(body))
    }

    /// The longest that this request may take, until its body was read. Waiting for a token is not
    /// part of it, and a replay has this time anew.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.with(|request| request.timeout(timeout))
    }

    /// Applies a method of reqwest's own builder that this one does not have.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(client: alf_reqwest::blocking::Client) -> Result<(), alf_reqwest::Error> {
    /// use alf_reqwest::reqwest::Version;
    ///
    /// let response = client
    ///     .get("https://api.example.com/things")
    ///     .with(|request| request.version(Version::HTTP_11))
    ///     .send()?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(
        mut self,
        change: impl FnOnce(reqwest::blocking::RequestBuilder) -> reqwest::blocking::RequestBuilder,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sends this request without a token: to an endpoint of the same API that needs none. An `Authorization` that you
    /// set stays. Nothing is replayed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # fn example(client: alf_reqwest::blocking::Client) -> Result<(), alf_reqwest::Error> {
    /// let response = client.get("https://api.example.com/health").without_token().send()?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_token(mut self) -> Self {
        self.token = WithToken::No;
        self
    }

    /// The request, without a token: for [`Client::execute`](super::Client::execute).
    ///
    /// # Errors
    ///
    /// If reqwest does not accept the URL, a header, or the body.
    pub fn build(self) -> Result<Request, reqwest::Error> {
        self.request.build()
    }

    /// Sends the request with a token on it, and waits for its response: see [`Client::execute`](super::Client::execute).
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if reqwest fails or the request could not be built.
    pub fn send(self) -> Result<Response, Error> {
        let request = self.request.build()?;
        let sent = match self.token {
            WithToken::Yes => self.client.send_blocking(request),
            WithToken::No => self.client.send_without_token_blocking(request),
        };
        Ok(sent?)
    }
}

/// URL and headers are not shown: they may contain secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}
