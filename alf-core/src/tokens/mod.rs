//! The tokens of a client: obtained, kept, renewed.

mod acquiring;
mod awaited;
mod cached;
mod demand;
mod managed;
mod pending;
mod targets;
mod waiting;
mod watch;

use std::fmt;
use std::sync::Arc;

use http::HeaderName;

use crate::acquisition::Revocation;
use crate::config::checked_target;
use crate::ports::Ports;
use crate::{ConfigError, Origin, RevokeError, Token, TokenError, TokenTarget};

use pending::Step;
use targets::Targets;

pub(crate) use managed::ManagedToken;
pub use watch::TokenWatch;

/// Obtains a token, caches it and renews it, for programs that send their requests themselves.
///
/// A [`Client`](crate::Client) does the same, and also sends the requests. Use a `TokenManager` if alf does not send the
/// request that needs the token. `ClientBuilder::build_tokens` builds a token manager. Each client has one too:
/// [`Client::tokens`](crate::Client::tokens). Clones share one token.
///
/// # Examples
///
/// ```
/// # async fn example(tokens: alf_core::TokenManager) -> Result<(), alf_core::TokenError> {
/// let token = tokens.token().await?;
/// let status = 401; // of a request that was sent with `token.header_value()`
/// if status == 401 {
///     tokens.reject(&token);
///     let token = tokens.token().await?; // the renewed token: send the request again
/// #   let _ = token;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenManager {
    token: Arc<ManagedToken>,
    targets: Arc<Targets>,
}

impl TokenManager {
    pub(crate) fn new(ports: Ports) -> Self {
        let targets = Targets::new(Arc::new(ports));
        Self {
            token: targets.own(),
            targets: Arc::new(targets),
        }
    }

    /// Returns the token. If a usable token is cached, this returns at once. Otherwise it waits for an acquisition, which
    /// all callers share.
    ///
    /// # Errors
    ///
    /// If no token could be obtained within `acquire_timeout`. While alf backs off after a failure, this returns the error
    /// of that failure at once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the acquisition continues without the caller.
    pub async fn token(&self) -> Result<Token, TokenError> {
        match self.token.cached() {
            Some(token) => Ok(token),
            None => Box::pin(self.token.acquire()).await,
        }
    }

    /// Returns the token like [`token`](Self::token), and blocks the thread while it waits.
    ///
    /// The acquisition needs another thread. [`ThreadRuntime`](crate::ThreadRuntime), the default, starts one. With another
    /// runtime, call this outside of its tasks. If it blocks the only thread of that runtime, it returns an error after
    /// `acquire_timeout`.
    ///
    /// # Errors
    ///
    /// The errors of [`token`](Self::token).
    pub fn token_blocking(&self) -> Result<Token, TokenError> {
        pollster::block_on(self.token())
    }

    /// Returns the cached token if it is usable, and never waits. It is for code that cannot wait, such as a synchronous
    /// interceptor.
    ///
    /// If there is no token, or the token is due for renewal, an acquisition starts in the background. While a rejected token
    /// is renewed, this returns `None` (R1). To have a token from
    /// the first call on, wait for [`ready`](Self::ready) when the program starts.
    pub fn cached_token(&self) -> Option<Token> {
        if let Some(token) = self.token.cached() {
            return Some(token);
        }
        match self.token.demand() {
            Step::Use(token) => Some(token),
            Step::Wait(..) | Step::Fail(_) => None,
        }
    }

    /// Waits until there is a usable token, for example when a program starts, or in a readiness check.
    ///
    /// Unlike [`token`](Self::token), it continues after `acquire_timeout`, as long as the failures are transient. If it
    /// must not wait for the end of an outage, put your own timeout around it.
    ///
    /// # Errors
    ///
    /// A failure that is not transient, such as a wrong secret.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub async fn ready(&self) -> Result<(), TokenError> {
        loop {
            match self.token().await {
                Ok(_) => return Ok(()),
                Err(error) if error.is_transient() => {
                    waiting::back_off(&self.token.ports, &error).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Renews the token now, even if it is not due, and returns the new token. Meanwhile, other callers use the cached
    /// token. If an acquisition is already under way, this waits for it and starts no other.
    ///
    /// The authorization server may answer with the same token again. If an API has rejected the token, use
    /// [`reject`](Self::reject) instead, which renews once for all callers.
    ///
    /// # Errors
    ///
    /// If no token could be obtained within `acquire_timeout`. While alf backs off after a failure, this returns the error
    /// of that failure at once. In both cases, the cached token is still used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the acquisition continues without the caller.
    pub async fn renew(&self) -> Result<Token, TokenError> {
        self.token.renew().await
    }

    /// Revokes the cached token at the authorization server
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), for example at shutdown. If there is no token, it does nothing.
    ///
    /// alf stops using the token before it sends the request, and does not use it again, even if the request fails. The
    /// result of an acquisition that is under way is not used either. Requests that are under way with this token may be
    /// rejected. The next caller obtains a new token: stop requests, watches and readiness checks first. Only the token of
    /// this manager's target is revoked, and a token that was evicted is not. The revocation request is sent once, and takes
    /// at most `attempt_timeout`.
    ///
    /// With a token store, this revokes the token of all instances. It stays in the store, and the other instances use it until an
    /// API rejects it. Then one of them renews it for all. So do not revoke the token when only one instance shuts down.
    ///
    /// # Errors
    ///
    /// [`RevokeError::NoEndpoint`] if the revocation endpoint is not known; the token is then still used. It comes from the issuer's metadata, or from
    /// [`revocation_endpoint`](crate::ClientBuilder::revocation_endpoint). [`RevokeError::Failed`] if the request fails.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the request is sent without the caller.
    pub async fn revoke(&self) -> Result<(), RevokeError> {
        if !self.token.holds_token() {
            return Ok(());
        }
        let revocation = Revocation::new(&self.token.ports)?;
        match self.token.take() {
            Some(token) => revocation.send(token).await,
            None => Ok(()),
        }
    }

    /// Returns a watch, which returns the token and then each new token. Use it to give tokens to another program or SDK.
    pub fn watch(&self) -> TokenWatch {
        TokenWatch::new(Arc::clone(&self.token))
    }

    /// Tells alf that a resource server rejected this token with a 401. alf renews the token.
    ///
    /// The renewal starts in the background, and the next call of [`token`](Self::token) waits for it. If `token` is no
    /// longer the current token, or is from another manager, the current token is not renewed. So a thousand rejections of
    /// one token cause one renewal. A token that is less than 5 s old may be too new for the API: if the previous one is
    /// still valid, [`token`](Self::token) returns that one meanwhile, and nothing is renewed.
    ///
    /// If the renewed token is rejected within a second, the renewal did not help. A cool-down of 1 s starts, which doubles
    /// up to 60 s. In a cool-down, a rejection starts no renewal. With [`reject_by`](Self::reject_by), alf detects this within a minute
    /// instead of a second.
    pub fn reject(&self, token: &Token) {
        self.token.reject_held(token, None);
    }

    /// Tells alf which origin rejected this token, and is otherwise like [`reject`](Self::reject). The cool-down is then for
    /// that origin only, so an API that always answers 401 does not delay the renewals that other APIs need.
    pub fn reject_by(&self, token: &Token, origin: &Origin) {
        self.token.reject_held(token, Some(origin));
    }

    /// Returns a manager for the token of another target. What `target` sets replaces the same setting of this manager's
    /// target. The other settings stay the same.
    ///
    /// This is cheap, and may be called for each request. The same target has the same token. All targets of a client
    /// share the connections of the HTTP library. They back off together while the authorization server is down or
    /// refuses the client. The client keeps the tokens of 256 targets
    /// ([`max_targets`](crate::ClientBuilder::max_targets)). If there are more, it evicts tokens that no manager, client
    /// or acquisition holds: expired tokens first, then the least recently used.
    ///
    /// # Errors
    ///
    /// If a parameter is set twice, if alf sets it itself, or if an allowed origin is not an origin.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(tokens: alf_core::TokenManager) -> Result<(), Box<dyn std::error::Error>> {
    /// use alf_core::TokenTarget;
    ///
    /// let billing = TokenTarget::new().with_scope("invoices").with_audience("billing");
    /// let token = tokens.with(billing)?.token().await?;
    /// # let _ = token;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(&self, target: TokenTarget) -> Result<Self, ConfigError> {
        Ok(self.with_checked(checked_target(target)?))
    }

    /// Returns a manager for the token of another `scope`: see [`with`](Self::with). Separate several scopes by spaces
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        self.with_checked(TokenTarget::new().with_scope(scope))
    }

    /// Returns a manager for the token of another `resource`: see [`with`](Self::with). It replaces all resources that were
    /// set ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
    #[must_use]
    pub fn with_resource(&self, resource: impl Into<String>) -> Self {
        self.with_checked(TokenTarget::new().with_resource(resource))
    }

    /// Returns a manager for the token of another `audience`: see [`with`](Self::with).
    #[must_use]
    pub fn with_audience(&self, audience: impl Into<String>) -> Self {
        self.with_checked(TokenTarget::new().with_audience(audience))
    }

    fn with_checked(&self, target: TokenTarget) -> Self {
        Self {
            token: self.targets.get(target.or(&self.token.target)),
            targets: Arc::clone(&self.targets),
        }
    }

    /// Returns the name of the header that carries the token: `Authorization`, unless
    /// [`token_header`](crate::ClientBuilder::token_header) is set.
    pub fn header_name(&self) -> &HeaderName {
        &self.token.ports.config.presentation.header
    }

    pub(crate) fn managed(&self) -> &Arc<ManagedToken> {
        &self.token
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("token_endpoint", &self.token.ports.shown_endpoint())
            .finish_non_exhaustive()
    }
}
