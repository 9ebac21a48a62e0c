//! The path of one request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{HeaderName, WWW_AUTHENTICATE};

use crate::config::Replays;
use crate::error::Rejection;
use crate::machine::{RejectionCount, ReplayOutcome};
use crate::tokens::ManagedToken;
use crate::wire::challenge::is_insufficient_scope;
use crate::{
    BlockingTransport, ConfigError, Error, Event, NotAllowed, Origin, OriginRef, Token,
    TokenManager, TokenTarget, Transport,
};

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

/// What a response means for the token that was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Accepted,
    Rejected,
    /// It comes from another origin, to which a redirect led without the token (X4), or from a server in trouble (R6).
    Unknown,
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
    /// Returns the name of the header that carries the token: `Authorization`, unless
    /// [`token_header`](crate::ClientBuilder::token_header) is set.
    pub fn header_name(&self) -> &HeaderName {
        &self.managed().ports.config.presentation.header
    }

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

/// One request, until its response is returned.
struct Call<'a, T> {
    transport: &'a T,
    tokens: &'a TokenManager,
}

impl<T: Transport> Call<'_, T> {
    /// Returns what `result` makes of the response and the token that was sent.
    async fn send<R>(
        self,
        copy: impl FnOnce(&mut T::Request) -> Option<T::Request>,
        mut request: T::Request,
        result: impl FnOnce(T::Response, Token) -> R,
    ) -> Result<R, Error<T::Error>> {
        self.allow(&request)?;
        let copy = match self.managed().ports.config.replays {
            Replays::Once => copy(&mut request),
            Replays::Never => None,
        };
        let kept = self.keep(copy, &request);
        let token = self.tokens.token().await?;
        self.present(&token, &mut request);
        let sent = self.managed().rejections();
        let response = self.transport.send(request).await;
        let response = response.map_err(Error::Transport)?;
        let origin = || kept.origin(self.transport);
        match self.judge(origin, &response) {
            Judgement::Accepted => self.managed().accepted(&token, origin),
            Judgement::Unknown => {}
            Judgement::Rejected => {
                // On the heap, so that the common path does not carry its size.
                let replay = self.renew_and_replay(&token, sent, kept, response, 1);
                let (response, token) = Box::pin(replay).await?;
                return Ok(result(response, token));
            }
        }
        Ok(result(response, token))
    }

    /// The token was rejected: renews it, and replays the request (R). `resend_count` is the number of that replay.
    async fn renew_and_replay(
        &self,
        token: &Token,
        sent: RejectionCount,
        mut kept: Kept<T::Request>,
        response: T::Response,
        resend_count: u32,
    ) -> Result<(T::Response, Token), Error<T::Error>> {
        let origin = kept.origin(self.transport).to_origin();
        let renewal = self.managed().reject(token, sent, Some(&origin));
        let replay = kept.replay(self.transport);
        let (Some(renewal), Some(mut replay)) = (renewal, replay) else {
            // R4, R6: untouched.
            return Ok((response, token.clone()));
        };
        // R8: before the wait for the renewal, which may need this response's connection.
        let rejection = self.rejection(&response);
        self.discard(response).await;
        let renewed = self.managed().renewed(renewal, token, sent, &origin).await;
        let renewed = renewed.map_err(|error| error.after(rejection))?;
        self.present(&renewed, &mut replay);
        let replay_sent = self.managed().rejections();
        let response = self.transport.send(replay).await;
        let response = response.map_err(Error::Transport)?;
        let judgement = self.judge(|| origin.as_ref(), &response);
        // R9: the previous token may be rejected too.
        let is_previous = renewed.generation() < token.generation();
        if is_previous && judgement == Judgement::Rejected {
            // The new one may be in use again, because it is 5 s old now.
            let in_use = self.managed().unexpired();
            let in_use = in_use.map(|in_use| in_use.generation());
            let (rejected, sent) = if in_use == Some(token.generation()) {
                (token, sent)
            } else {
                (&renewed, replay_sent)
            };
            // Once: nobody gets the previous token again.
            let replay = self.renew_and_replay(
                rejected,
                sent,
                kept,
                response,
                resend_count.saturating_add(1),
            );
            return Box::pin(replay).await;
        }
        // R3: returned as it is. R6: whether the renewal helped.
        let outcome = match judgement {
            Judgement::Accepted => Some(ReplayOutcome::Accepted),
            Judgement::Rejected => Some(ReplayOutcome::RejectedAgain),
            Judgement::Unknown => None,
        };
        if let Some(outcome) = outcome {
            self.managed().replayed(&renewed, &origin, outcome);
        }
        self.observe(&Event::Replayed {
            generation: renewed.generation(),
            origin: &origin,
            status: self.transport.status(&response),
            rejected: outcome == Some(ReplayOutcome::RejectedAgain),
            resend_count,
        });
        Ok((response, renewed))
    }

    /// X2, X3: before a token is asked for and before anything is sent.
    fn allow(&self, request: &T::Request) -> Result<(), NotAllowed> {
        let origin = self.transport.origin(request);
        let managed = self.managed();
        let allowed = managed.ports.config.allow(origin, &managed.target);
        allowed.inspect_err(|error| self.observe(&Event::RequestNotAllowed { error }))
    }

    fn keep(&self, copy: Option<T::Request>, request: &T::Request) -> Kept<T::Request> {
        match copy {
            Some(copy) => Kept::Copy(copy),
            None => Kept::Origin(self.transport.origin(request).to_origin()),
        }
    }

    /// F2: in place of every value that the request has there.
    fn present(&self, token: &Token, request: &mut T::Request) {
        let header = self.tokens.header_name();
        self.transport
            .insert_header(request, header, token.header_value());
    }

    /// What a response means for the token (R1, R6, R7, X4). `origin` is the request's.
    fn judge<'o>(
        &self,
        origin: impl FnOnce() -> OriginRef<'o>,
        response: &T::Response,
    ) -> Judgement {
        let status = self.transport.status(response);
        if !self.managed().ports.config.rejects(status) {
            let is_in_trouble = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
            return if is_in_trouble {
                Judgement::Unknown
            } else {
                Judgement::Accepted
            };
        }
        let response_origin = self.transport.response_origin(response);
        if response_origin.is_some_and(|response_origin| origin() != response_origin) {
            return Judgement::Unknown;
        }
        let challenges = self.transport.header_values(response, &WWW_AUTHENTICATE);
        if is_insufficient_scope(&challenges) {
            Judgement::Accepted
        } else {
            Judgement::Rejected
        }
    }

    /// R5: what is known of a rejection after its response was discarded.
    fn rejection(&self, response: &T::Response) -> Rejection {
        let challenges = self.transport.header_values(response, &WWW_AUTHENTICATE);
        Rejection::new(self.transport.status(response), challenges)
    }

    /// R8, X5: a body that does not end must not delay the renewal.
    async fn discard(&self, response: T::Response) {
        let discarded = self.transport.discard(response);
        let ports = &self.managed().ports;
        ports.within(DISCARD_TIMEOUT, discarded).await;
    }

    fn observe(&self, event: &Event<'_>) {
        self.managed().observe(event);
    }

    fn managed(&self) -> &Arc<ManagedToken> {
        self.tokens.managed()
    }
}

/// What is kept of a request while it is sent.
enum Kept<R> {
    /// The request once more, for a replay (R4).
    Copy(R),
    /// It cannot be replayed: only its origin, which a rejection needs.
    Origin(Origin),
}

impl<R> Kept<R> {
    fn origin<T: Transport<Request = R>>(&self, transport: &T) -> OriginRef<'_> {
        match self {
            Self::Copy(copy) => transport.origin(copy),
            Self::Origin(origin) => origin.as_ref(),
        }
    }

    /// A copy of the copy, which is kept in case that the replay is rejected too (R9).
    fn replay<T: Transport<Request = R>>(&mut self, transport: &T) -> Option<R> {
        match self {
            Self::Copy(copy) => transport.try_clone(copy),
            Self::Origin(_) => None,
        }
    }
}

impl<T: BlockingTransport> Client<T> {
    /// Sends a request like [`send`](Self::send), and blocks the thread until the response has arrived.
    ///
    /// It cannot deadlock: with [`ThreadRuntime`](crate::ThreadRuntime), the default, everything that it
    /// waits for runs on other threads. It may be called from an async task, but it then blocks the other
    /// tasks of that thread too. A transport of your own may return an error or panic there.
    ///
    /// # Errors
    ///
    /// The errors of [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Cursor;
    ///
    /// use alf_core::{Client, Redirects, from_blocking_fn};
    /// use bytes::Bytes;
    ///
    /// # fn my_library(_: http::Request<Bytes>) -> Result<http::Response<Cursor<Bytes>>, std::io::Error> {
    /// #     Ok(http::Response::new(Cursor::new(Bytes::new())))
    /// # }
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("https://auth.example.com/token")
    ///     .client_secret("client-id", "secret")
    ///     .build(from_blocking_fn(Redirects::NotFollowed, my_library))?;
    /// let request = http::Request::get("https://api.example.com/things").body(Bytes::new())?;
    /// let response = client.send_blocking(request)?;
    /// let text = std::io::read_to_string(response.into_body())?;
    /// # let _ = text;
    /// # Ok(())
    /// # }
    /// ```
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

const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);
