//! A client: an HTTP library, and the tokens for its requests.

use std::fmt;
use std::sync::Arc;

use crate::call::Call;
use crate::{BlockingTransport, ConfigError, Error, Token, TokenManager, TokenTarget, Transport};

/// Sends requests with a token. It obtains the token and renews it. If a resource server answers 401,
/// it renews the token and replays the request once.
///
/// `T` is the transport: the HTTP library. The clients of the adapters (`alf-reqwest`, …) wrap this type
/// and have the library's own methods. Clones share the token and the transport.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, Redirects, from_fn};
/// use bytes::Bytes;
/// use http_body_util::Full;
///
/// # async fn my_library(_: http::Request<Bytes>) -> Result<http::Response<Full<Bytes>>, std::io::Error> {
/// #     Ok(http::Response::new(Full::default()))
/// # }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .build(from_fn(Redirects::NotFollowed, |request| async move { my_library(request).await }))?;
/// let request = http::Request::get("https://api.example.com/things").body(Bytes::new())?;
/// let response = client.send(request).await?;
/// # let _ = response;
/// # Ok(())
/// # }
/// ```
pub struct Client<T> {
    transport: Arc<T>,
    tokens: TokenManager,
}

impl<T> Client<T> {
    pub(crate) fn new(transport: Arc<T>, tokens: TokenManager) -> Self {
        Self { transport, tokens }
    }

    /// Returns the token manager of this client, for requests that this client does not send.
    pub fn tokens(&self) -> &TokenManager {
        &self.tokens
    }

    /// Returns this client with the token of another target: see [`TokenManager::with`].
    ///
    /// # Errors
    ///
    /// The errors of [`TokenManager::with`].
    pub fn with(&self, target: TokenTarget) -> Result<Self, ConfigError> {
        Ok(self.with_tokens(self.tokens.with(target)?))
    }

    /// Returns this client with a token for another scope: see [`TokenManager::with_scope`].
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        self.with_tokens(self.tokens.with_scope(scope))
    }

    /// Returns this client with a token for another resource: see [`TokenManager::with_resource`].
    #[must_use]
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        self.with_tokens(self.tokens.with_resource(resource))
    }

    /// Returns this client with a token for another audience: see [`TokenManager::with_audience`].
    #[must_use]
    pub fn with_audience(&self, audience: impl Into<String>) -> Self {
        self.with_tokens(self.tokens.with_audience(audience))
    }

    fn with_tokens(&self, tokens: TokenManager) -> Self {
        Self {
            transport: Arc::clone(&self.transport),
            tokens,
        }
    }

    /// Returns the transport.
    pub fn transport(&self) -> &T {
        &self.transport
    }
}

impl<T: Transport> Client<T> {
    /// Sends a request with a token.
    ///
    /// The token replaces all `Authorization` headers of the request. If the response is a 401, alf renews the token. If
    /// the body can be sent again, it also replays the request, and returns the second response, of any status.
    ///
    /// # Errors
    ///
    /// - [`Error::Token`] if no token could be obtained.
    /// - [`Error::NotAllowed`] if the token must not be sent to this URL.
    /// - [`Error::Transport`] if the HTTP library returns an error.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the request, as without alf. It does not cancel a renewal: other callers
    /// may wait for it.
    pub fn send(
        &self,
        request: T::Request,
    ) -> impl Future<Output = Result<T::Response, Error<T::Error>>> + Send {
        let copy = |request: &mut T::Request| self.transport.try_clone(request);
        self.send_copied_by(copy, request)
    }

    /// Sends a request like [`send`](Self::send), but calls `copy` instead of [`Transport::try_clone`]. It is for adapters
    /// that know a cheaper way to copy a request, because they have built it.
    ///
    /// # Errors
    ///
    /// The errors of [`send`](Self::send).
    // Not an `async fn`: only a signature with `Send` makes the future `Send` for every transport, also one whose closure
    // has a type that a user can name.
    pub fn send_copied_by(
        &self,
        copy: impl FnOnce(&mut T::Request) -> Option<T::Request> + Send,
        request: T::Request,
    ) -> impl Future<Output = Result<T::Response, Error<T::Error>>> + Send {
        let call = Call {
            transport: &*self.transport,
            tokens: &self.tokens,
        };
        call.send(copy, request, |response, _| response)
    }

    /// Sends a request as it is, without a token, with the same transport. It is for an endpoint of the API that needs no
    /// token. alf sets no header, does not check `allowed_origins`, and never replays the request.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the HTTP library returns an error.
    pub fn send_without_token(
        &self,
        request: T::Request,
    ) -> impl Future<Output = Result<T::Response, Error<T::Error>>> + Send {
        let sent = self.transport.send(request);
        async move { sent.await.map_err(Error::Transport) }
    }
}

impl TokenManager {
    /// Sends a request with a token of this manager, using `transport`. Returns the response and the token that was sent.
    ///
    /// It does the same as [`Client::send`], for middleware that has the next service only while it sends a request. If a response
    /// rejects the token after its headers, as the trailers of gRPC can, call [`reject_by`](Self::reject_by) with the token.
    ///
    /// # Errors
    ///
    /// The errors of [`Client::send`].
    ///
    /// # Cancel safety
    ///
    /// As for [`Client::send`].
    pub fn send_by<T: Transport>(
        &self,
        transport: &T,
        request: T::Request,
    ) -> impl Future<Output = Result<(T::Response, Token), Error<T::Error>>> + Send {
        let copy = |request: &mut T::Request| transport.try_clone(request);
        let tokens = self;
        async move {
            let call = Call { transport, tokens };
            call.send(copy, request, |response, token| (response, token))
                .await
        }
    }
}

impl<T: BlockingTransport> Client<T> {
    /// Sends a request like [`send`](Self::send), and blocks the thread until the response has arrived. See
    /// [`from_blocking_fn`](crate::from_blocking_fn) for an example.
    ///
    /// It cannot deadlock: with [`ThreadRuntime`](crate::ThreadRuntime), the default, everything that it
    /// waits for runs on other threads. It may be called from an async task, but it then blocks the other
    /// tasks of that thread too. A transport of your own may return an error or panic there.
    ///
    /// # Errors
    ///
    /// The errors of [`send`](Self::send).
    pub fn send_blocking(&self, request: T::Request) -> Result<T::Response, Error<T::Error>> {
        pollster::block_on(self.send(request))
    }

    /// Sends a request like [`send_without_token`](Self::send_without_token), and blocks the thread until the response has
    /// arrived.
    ///
    /// # Errors
    ///
    /// The errors of [`send_without_token`](Self::send_without_token).
    pub fn send_without_token_blocking(
        &self,
        request: T::Request,
    ) -> Result<T::Response, Error<T::Error>> {
        pollster::block_on(self.send_without_token(request))
    }
}

// A derived one would ask for `T: Clone`.
impl<T> Clone for Client<T> {
    fn clone(&self) -> Self {
        Self {
            transport: Arc::clone(&self.transport),
            tokens: self.tokens.clone(),
        }
    }
}

impl<T> fmt::Debug for Client<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("tokens", &self.tokens)
            .finish_non_exhaustive()
    }
}
