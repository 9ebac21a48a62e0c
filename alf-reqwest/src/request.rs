//! Requests that are being built.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Request, Response};
#[cfg(any(feature = "form", feature = "json", feature = "query"))]
use serde::Serialize;

use crate::{Error, ReqwestTransport};

/// A request that is being built; [`send`](Self::send) puts the token on it.
///
/// It has the methods of `reqwest::RequestBuilder` that are used most, and [`with`](Self::with) for
/// all others. It is not a `reqwest::RequestBuilder`, because that type's `send` would send no token.
#[must_use = "a request does nothing before it is sent"]
pub struct RequestBuilder {
    client: Arc<alf_core::Client<ReqwestTransport>>,
    request: reqwest::RequestBuilder,
    extensions: Extensions,
    token: WithToken,
}

/// Whether a request carries a token.
#[derive(Clone, Copy)]
enum WithToken {
    Yes,
    No,
}

/// Whether the request may have extensions. reqwest does not show them.
#[derive(Clone, Copy)]
enum Extensions {
    None,
    Unknown,
}

impl RequestBuilder {
    pub(crate) fn new(
        client: Arc<alf_core::Client<ReqwestTransport>>,
        request: reqwest::RequestBuilder,
    ) -> Self {
        Self {
            client,
            request,
            extensions: Extensions::None,
            token: WithToken::Yes,
        }
    }

    /// Adds a header, and keeps others of the same name. The token replaces an `Authorization` header.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.change(|request| request.header(name, value))
    }

    /// Sets headers, each in place of those of the same name.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.change(|request| request.headers(headers))
    }

    /// Adds to the query of the URL. Needs the feature `query`.
    #[cfg(feature = "query")]
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        self.change(|request| request.query(query))
    }

    /// Sets a JSON body, and its `Content-Type`. Needs the feature `json`.
    #[cfg(feature = "json")]
    pub fn json<T: Serialize + ?Sized>(self, json: &T) -> Self {
        self.change(|request| request.json(json))
    }

    /// Sets a form as the body, and its `Content-Type`. Needs the feature `form`.
    #[cfg(feature = "form")]
    pub fn form<T: Serialize + ?Sized>(self, form: &T) -> Self {
        self.change(|request| request.form(form))
    }

    /// Sets the body. A body in memory can be replayed, a stream cannot: its 401 is returned.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.change(|request| request.body(body))
    }

    /// Sets the longest time that this request may take, including the response body. The wait for a
    /// token is not included. A replay has the full time again.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.change(|request| request.timeout(timeout))
    }

    /// Applies a method of reqwest's own builder that this one does not have.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_reqwest::Client) -> Result<(), alf_reqwest::Error> {
    /// use alf_reqwest::reqwest::Version;
    ///
    /// let response = client
    ///     .get("https://api.example.com/things")
    ///     .with(|request| request.version(Version::HTTP_11))
    ///     .send()
    ///     .await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(
        mut self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        self.extensions = Extensions::Unknown;
        self.change(change)
    }

    fn change(
        mut self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sends this request without a token, for an endpoint that needs none. An `Authorization` that you
    /// set stays. Nothing is replayed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_reqwest::Client) -> Result<(), alf_reqwest::Error> {
    /// let response = client.get("https://api.example.com/health").without_token().send().await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_token(mut self) -> Self {
        self.token = WithToken::No;
        self
    }

    /// The request, without a token: for [`Client::execute`](crate::Client::execute).
    ///
    /// # Errors
    ///
    /// If reqwest does not accept the URL, a header, or the body.
    pub fn build(self) -> Result<Request, reqwest::Error> {
        self.request.build()
    }

    /// Sends the request with a token on it: see [`Client::execute`](crate::Client::execute).
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if reqwest fails or the request could not be built.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with reqwest. A renewal that it started continues
    /// for other callers.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.request.build()?;
        let sent = match (self.token, self.extensions) {
            (WithToken::No, _) => self.client.send_without_token(request).await,
            (WithToken::Yes, Extensions::None) => {
                self.client
                    .send_copied_by(without_extensions, request)
                    .await
            }
            (WithToken::Yes, Extensions::Unknown) => self.client.send(request).await,
        };
        Ok(sent?)
    }
}

/// Copies a request that has no extensions. `Request::try_clone` would make a hash map for them.
fn without_extensions(request: &mut Request) -> Option<Request> {
    // reqwest keeps the timeout among the extensions, and shows no shared bytes of a body.
    if request.timeout().is_some() || request.body().is_some() {
        return request.try_clone();
    }
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    Some(copy)
}

/// URL and headers are not shown: they may contain secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::Version;
    use reqwest::{Method, Url};

    use super::*;

    #[test]
    fn r3_copy_of_a_request_without_extensions_has_all_that_reqwest_copies() {
        let url = Url::parse("https://api.example.com/things?q=1").unwrap();
        let mut request = Request::new(Method::PUT, url);
        let headers = request.headers_mut();
        headers.append("accept", HeaderValue::from_static("text/plain"));
        headers.append("accept", HeaderValue::from_static("text/html"));
        *request.version_mut() = Version::HTTP_2;
        let second = Some(Duration::from_secs(1));
        for (timeout, body) in [(None, None), (second, None), (None, Some("a body"))] {
            *request.timeout_mut() = timeout;
            *request.body_mut() = body.map(Body::from);
            let expected = request.try_clone().unwrap();
            let copy = without_extensions(&mut request).unwrap();
            assert_eq!(copy.method(), expected.method());
            assert_eq!(copy.url(), expected.url());
            assert_eq!(copy.headers(), expected.headers());
            assert_eq!(copy.version(), expected.version());
            assert_eq!(copy.timeout(), expected.timeout());
            let bytes = |request: &Request| Some(request.body()?.as_bytes()?.to_vec());
            assert_eq!(bytes(&copy), bytes(&expected));
        }
        *request.body_mut() = Some(Body::wrap(http_body_util::Full::<bytes::Bytes>::default()));
        assert!(without_extensions(&mut request).is_none(), "R4");
    }
}
