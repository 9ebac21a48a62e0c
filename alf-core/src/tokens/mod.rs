//! The tokens of a client: obtained, kept, renewed.

mod cached;
mod managed;
mod pending;
mod state;
mod targets;
mod waiting;
mod watch;

use std::fmt;
use std::sync::Arc;

use crate::acquisition::revoke;
use crate::config::checked_target;
use crate::ports::Ports;
use crate::{ConfigError, Origin, RevokeError, Token, TokenError, TokenTarget};

use state::Step;
use targets::Targets;

pub(crate) use managed::ManagedToken;
pub use watch::TokenWatch;

/// Obtains a token, keeps it and renews it, for programs that send their requests themselves.
///
/// A [`Client`](crate::Client) does the same and sends the requests too. Use a `TokenManager` if the token goes elsewhere
/// than into an HTTP request that alf sends. `ClientBuilder::build_tokens` builds one, and each client has one. Clones share
/// one token.
///
/// # Examples
///
/// ```
/// # async fn example(tokens: alf_core::TokenManager) -> Result<(), alf_core::TokenError> {
/// let token = tokens.token().await?;
/// let status = 401; // of a request that was sent with `token.header_value()`
/// if status == 401 {
///     tokens.reject(&token);
///     let token = tokens.token().await?; // another one, if renewing helped: send it again
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

    /// Returns the token: at once if a usable one is held, otherwise as soon as the acquisition that all callers share has
    /// succeeded.
    ///
    /// # Errors
    ///
    /// If no token could be obtained within `acquire_timeout`. While alf backs off after a failure, that failure, at
    /// once.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the acquisition belongs to no caller and goes on.
    pub async fn token(&self) -> Result<Token, TokenError> {
        match self.token.cached() {
            Some(token) => Ok(token),
            None => Box::pin(waiting::acquire(&self.token)).await,
        }
    }

    /// [`token`](Self::token) for a thread that may block.
    ///
    /// The acquisition needs a thread that runs meanwhile. [`ThreadRuntime`](crate::ThreadRuntime), the default, gives it
    /// one. With another runtime, call this from outside of its tasks: on the only thread of that runtime it returns an
    /// error after `acquire_timeout`.
    ///
    /// # Errors
    ///
    /// Those of [`token`](Self::token).
    pub fn token_blocking(&self) -> Result<Token, TokenError> {
        pollster::block_on(self.token())
    }

    /// Returns the token if a usable one is held, and never waits: for code that cannot, such as a synchronous interceptor.
    ///
    /// If there is none, or it is due, an acquisition starts in the background, as for [`token`](Self::token). To have a
    /// token from the first call on, wait for [`ready`](Self::ready) at the start.
    pub fn cached_token(&self) -> Option<Token> {
        if let Some(token) = self.token.cached() {
            return Some(token);
        }
        match self.token.demand() {
            Step::Use(token) => Some(token),
            Step::Wait(_) | Step::Fail(_) => None,
        }
    }

    /// Waits until there is a usable token: at the start of a program, or for a readiness check.
    ///
    /// Unlike [`token`](Self::token), it goes on after `acquire_timeout` while the failures are transient: put a time-out
    /// of your own around it if it must not wait for the end of an outage.
    ///
    /// # Errors
    ///
    /// A failure that is not transient, such as a wrong secret.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(tokens: alf_core::TokenManager) -> Result<(), alf_core::TokenError> {
    /// tokens.ready().await?; // fails if the secret is wrong
    /// # Ok(())
    /// # }
    /// ```
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

    /// Requests a new token now, whatever the age of the held one, and returns it. Other callers use the held one until
    /// then. If an acquisition is under way already, this waits for that one.
    ///
    /// The authorization server may answer with the same token again. For a token that an API has rejected use
    /// [`reject`](Self::reject), which renews once for all callers.
    ///
    /// # Errors
    ///
    /// If no token could be obtained within `acquire_timeout`; while alf backs off, the failure before, at once. The held
    /// token is still used then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the acquisition goes on.
    pub async fn renew(&self) -> Result<Token, TokenError> {
        waiting::renew(&self.token).await
    }

    /// Revokes the held token at the authorization server
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)), at shutdown for example. If none is held, it does nothing.
    ///
    /// alf stops using the token before it sends the request, whatever the answer is. Requests under way that carry it may
    /// be rejected. The next caller obtains a new token. Only the token of this manager's target is revoked. The request
    /// is sent once, and may take `attempt_timeout`.
    ///
    /// # Errors
    ///
    /// [`RevokeError::NoEndpoint`] if no revocation endpoint is known: it comes from the issuer's metadata, or from
    /// [`revocation_endpoint`](crate::ClientBuilder::revocation_endpoint). [`RevokeError::Failed`] if the request fails.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the token may not be revoked. alf does not use it any more.
    pub async fn revoke(&self) -> Result<(), RevokeError> {
        match self.token.take() {
            Some(token) => revoke(&self.token.ports, &token).await,
            None => Ok(()),
        }
    }

    /// Returns a watch, which returns the token and then each new one: to hand tokens to another program or SDK.
    pub fn watch(&self) -> TokenWatch {
        TokenWatch::new(Arc::clone(&self.token))
    }

    /// Renews a token that a resource server rejected with a 401, unless that was done already.
    ///
    /// The renewal starts at once and in the background; the next [`token`](Self::token) waits for it. Rejecting a token
    /// that is not the current one any more, or that another manager gave, does not renew the current one, so that a
    /// thousand rejections cause one renewal.
    ///
    /// If renewing did not help, the token is kept for a while (1 s, doubling to 60 s): a token that was obtained because
    /// of a rejection is rejected within a second. [`reject_by`](Self::reject_by) detects this within a minute.
    pub fn reject(&self, token: &Token) {
        // The next call of `token` waits for the outcome.
        let _ = self.token.reject(token, None);
    }

    /// [`reject`](Self::reject), with the origin that rejected the token: an API that always answers 401 then cannot
    /// delay the renewals that other APIs need.
    pub fn reject_by(&self, token: &Token, origin: &Origin) {
        let _ = self.token.reject(token, Some(origin));
    }

    /// Returns a manager for the token of another target: what `target` sets replaces what this manager's token is for,
    /// and everything else stays.
    ///
    /// This is cheap and may be called for each request: the same target gives the same token. All targets of a client
    /// share the connections of the HTTP library, and back off together while the authorization server is down or
    /// refuses the client. The client keeps the tokens of 256 targets
    /// ([`max_targets`](crate::ClientBuilder::max_targets)). Beyond that it evicts tokens that no manager, client or
    /// acquisition holds: expired ones first, then the least recently used.
    ///
    /// # Errors
    ///
    /// If a resource is not an absolute URI without a fragment, or a parameter is one that alf sets itself or is set
    /// twice.
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

    /// [`with`](Self::with) another `scope`: several separated by spaces
    /// ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(tokens: alf_core::TokenManager) -> Result<(), alf_core::TokenError> {
    /// let to_read = tokens.token().await?;
    /// let to_write = tokens.with_scope("write").token().await?;
    /// # let _ = (to_read, to_write);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        self.with_checked(TokenTarget::new().with_scope(scope))
    }

    /// [`with`](Self::with) another `resource`, in place of those that were set
    /// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
    ///
    /// # Errors
    ///
    /// If `resource` is not an absolute URI, or has a fragment.
    pub fn with_resource(&self, resource: impl Into<String>) -> Result<Self, ConfigError> {
        self.with(TokenTarget::new().with_resource(resource))
    }

    /// [`with`](Self::with) another `audience`.
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
