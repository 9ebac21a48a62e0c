//! The tokens of a client: obtained, kept, renewed.

mod cached;
mod managed;
mod pending;
mod state;
mod targets;
mod waiting;

use std::fmt;
use std::sync::Arc;

use crate::config::{resources_of, scope_of};
use crate::ports::Ports;
use crate::wire::token_request::GrantParameters;
use crate::{ConfigError, Origin, Token, TokenError};

use targets::Targets;

pub(crate) use managed::ManagedToken;
pub(crate) use waiting::{reject, renewed};

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

    /// Renews a token that a resource server rejected with a 401, unless that was done already.
    ///
    /// The renewal starts at once and in the background; the next [`token`](Self::token) waits for it. Rejecting a token
    /// that is not the current one any more, or that another manager gave, does nothing, so that a thousand rejections
    /// cause one renewal.
    ///
    /// If renewing did not help, the token is kept for a while (1 s, doubling to 60 s): a token that was obtained because
    /// of a rejection is rejected within a second. [`reject_by`](Self::reject_by) detects this within a minute.
    pub fn reject(&self, token: &Token) {
        // The next call of `token` waits for the outcome.
        let _ = reject(&self.token, token, None);
    }

    /// [`reject`](Self::reject), with the origin that rejected the token: an API that always answers 401 then cannot
    /// delay the renewals that other APIs need.
    pub fn reject_by(&self, token: &Token, origin: &Origin) {
        let _ = reject(&self.token, token, Some(origin));
    }

    /// Returns a manager for a token with another `scope`: several separated by spaces, in place of the scope that was
    /// set ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    ///
    /// This is cheap and may be called for each request: the same scope gives the same token. All token targets of a
    /// client share the connections of the HTTP library, and back off together while the authorization server is down or
    /// refuses the client. 64 targets are kept, and the least recently used one is replaced. A manager that still exists
    /// keeps its token.
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
        self.with_grant(GrantParameters {
            scope: scope_of(Some(scope.into())),
            ..self.token.grant.clone()
        })
    }

    /// Returns a manager for a token for another `resource`, in place of those that were set
    /// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)). Like [`with_scope`](Self::with_scope), with
    /// which it can be combined.
    ///
    /// # Errors
    ///
    /// If `resource` is not an absolute URI, or has a fragment.
    pub fn with_resource(&self, resource: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(self.with_grant(GrantParameters {
            resources: resources_of(vec![resource.into()])?,
            ..self.token.grant.clone()
        }))
    }

    fn with_grant(&self, grant: GrantParameters) -> Self {
        Self {
            token: self.targets.get(grant),
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
