//! Requests that are being built.

use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::path::Path;

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use surf::http::Mime;
use surf::http::headers::{HeaderName, HeaderValue, ToHeaderValues};
use surf::middleware::Middleware;
use surf::{Body, Request, Response};

use crate::{Error, SurfError, SurfTransport};

/// A request that is being built, as surf's own `RequestBuilder`: awaiting it sends it, with the token on
/// it.
///
/// If a URL or the value of a header is not valid, surf's panics; this one returns an error when it is
/// sent.
///
/// # Examples
///
/// ```no_run
/// # #[derive(serde::Serialize, serde::Deserialize)]
/// # struct Thing { name: String }
/// # async fn example(client: alf_surf::Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let url = "https://api.example.com/things";
/// let things: Vec<Thing> = client.get(url).await?.body_json().await?;
/// let made: Thing = client.post(url).body_json(&things[0])?.recv_json().await?;
/// # let _ = made;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing before it is awaited or sent"]
pub struct RequestBuilder {
    client: alf_core::Client<SurfTransport>,
    request: Result<Request, SurfError>,
    token: WithToken,
}

/// Whether a request carries a token.
#[derive(Clone, Copy)]
enum WithToken {
    Yes,
    No,
}

impl RequestBuilder {
    pub(crate) fn new(
        client: alf_core::Client<SurfTransport>,
        request: Result<Request, SurfError>,
    ) -> Self {
        Self {
            client,
            request,
            token: WithToken::Yes,
        }
    }

    /// Sets a header, in place of those of the same name. An `Authorization` is replaced by the
    /// token.
    ///
    /// # Panics
    ///
    /// As surf's, where the name is a `&str` that is not ASCII.
    #[expect(clippy::needless_pass_by_value, reason = "as surf has it")]
    pub fn header(self, key: impl Into<HeaderName>, value: impl ToHeaderValues) -> Self {
        self.try_with(|request| {
            let values: Vec<HeaderValue> = value.to_header_values()?.collect();
            request.insert_header(key, values.as_slice());
            Ok(())
        })
    }

    /// Sets the `Content-Type`.
    pub fn content_type(self, content_type: impl Into<Mime>) -> Self {
        self.with(|request| request.set_content_type(content_type.into()))
    }

    /// Sets the body. A body in memory can be replayed, a stream cannot: its 401 is returned.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.with(|request| request.set_body(body))
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    ///
    /// If it cannot be written as JSON.
    pub fn body_json(self, json: &impl Serialize) -> Result<Self, Error> {
        let body = Body::from_json(json)?;
        Ok(self.body(body))
    }

    /// Sets a body of text.
    pub fn body_string(self, string: String) -> Self {
        self.body(Body::from_string(string))
    }

    /// Sets a body of bytes.
    pub fn body_bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        self.body(Body::from(bytes.as_ref()))
    }

    /// Sets a file as the body. It is read while it is sent, and so cannot be replayed.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub async fn body_file(self, path: impl AsRef<Path>) -> io::Result<Self> {
        let body = Body::from_file(path).await?;
        Ok(self.body(body))
    }

    /// Sets a form as the body.
    ///
    /// # Errors
    ///
    /// If it cannot be written as a form.
    pub fn body_form(self, form: &impl Serialize) -> Result<Self, Error> {
        let body = Body::from_form(form)?;
        Ok(self.body(body))
    }

    /// Sets the query of the URL, in place of what it had.
    ///
    /// # Errors
    ///
    /// If it cannot be written as a query.
    pub fn query(mut self, query: &impl Serialize) -> Result<Self, Error> {
        if let Ok(request) = &mut self.request {
            request.set_query(query)?;
        }
        Ok(self)
    }

    /// Adds a middleware for this request alone. Like that of the client, it does not see the token.
    pub fn middleware(self, middleware: impl Middleware) -> Self {
        self.with(|request| request.middleware(middleware))
    }

    /// Sends this request without a token: to an endpoint of the same API that needs none. An `Authorization` that you
    /// set stays. Nothing is replayed.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example(client: alf_surf::Client) -> Result<(), alf_surf::Error> {
    /// let response = client.get("https://api.example.com/health").without_token().send().await?;
    /// # let _ = response;
    /// # Ok(())
    /// # }
    /// ```
    pub fn without_token(mut self) -> Self {
        self.token = WithToken::No;
        self
    }

    /// The request, without a token: for [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    ///
    /// If the URL or the value of a header is not valid.
    pub fn build(self) -> Result<Request, Error> {
        Ok(self.request?)
    }

    /// Sends the request with a token on it, as awaiting it does: see [`Client::send`](crate::Client::send).
    ///
    /// # Errors
    ///
    /// [`Error::Token`] if there is no token, [`Error::NotAllowed`] if the token must not go
    /// to that URL, [`Error::Transport`] if surf fails or the request could not be built.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the request, as with surf. A renewal that it started goes on for the
    /// others.
    pub async fn send(self) -> Result<Response, Error> {
        let request = self.request?;
        let sent = match self.token {
            WithToken::Yes => self.client.send(request).await,
            WithToken::No => self.client.send_without_token(request).await,
        };
        Ok(sent?)
    }

    /// Sends the request, and reads the body of its response.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send); [`Error::Transport`] if the body cannot be read.
    pub async fn recv_bytes(self) -> Result<Vec<u8>, Error> {
        let mut response = self.send().await?;
        Ok(response.body_bytes().await?)
    }

    /// Sends the request, and reads the body of its response as text.
    ///
    /// # Errors
    ///
    /// As [`recv_bytes`](Self::recv_bytes).
    pub async fn recv_string(self) -> Result<String, Error> {
        let mut response = self.send().await?;
        Ok(response.body_string().await?)
    }

    /// Sends the request, and reads the body of its response as JSON.
    ///
    /// # Errors
    ///
    /// As [`recv_bytes`](Self::recv_bytes).
    pub async fn recv_json<T: DeserializeOwned>(self) -> Result<T, Error> {
        let mut response = self.send().await?;
        Ok(response.body_json().await?)
    }

    /// Sends the request, and reads the body of its response as a form.
    ///
    /// # Errors
    ///
    /// As [`recv_bytes`](Self::recv_bytes).
    pub async fn recv_form<T: DeserializeOwned>(self) -> Result<T, Error> {
        let mut response = self.send().await?;
        Ok(response.body_form().await?)
    }

    fn with(self, change: impl FnOnce(&mut Request)) -> Self {
        self.try_with(|request| {
            change(request);
            Ok(())
        })
    }

    /// An error is returned when the request is sent.
    fn try_with(mut self, change: impl FnOnce(&mut Request) -> surf::Result<()>) -> Self {
        if let Ok(request) = &mut self.request {
            if let Err(error) = change(request) {
                self.request = Err(SurfError::new(error));
            }
        }
        self
    }
}

/// Awaiting it sends it: see [`send`](RequestBuilder::send).
impl IntoFuture for RequestBuilder {
    type Output = Result<Response, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// URL and headers are not shown: they may contain secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}
