//! The token of one client: kept, renewed, and the only place where callers wait for it.

mod announcement;
mod cached;
mod landing;
mod server_state;
mod shared;
mod state;
mod targets;
mod waiting;

use std::fmt;
use std::sync::Arc;

use crate::builder::CustomTokenTransport;
use crate::config::{Config, resources_of, scope_of};
use crate::wire::token_request::GrantParameters;
use crate::{
    ClientBuilder, ConfigError, Observer, Origin, Runtime, Token, TokenError, TokenTransport,
};

use targets::Targets;

pub(crate) use server_state::{Permission, SharedFailure};
pub(crate) use shared::Shared;
pub(crate) use waiting::Verdict;

/// Gets the token, keeps it, renews it: for those who send their requests themselves.
///
/// A [`Client`](crate::Client) does all that this does and sends the requests too; use this where
/// the token goes elsewhere than into an HTTP request that alf sends. Clones share one token.
///
/// # Examples
///
/// ```
/// # async fn example(tokens: alf_core::TokenManager) -> Result<(), alf_core::TokenError> {
/// let token = tokens.token().await?;
/// let status = 401; // of a request that was sent with `token.header_value()`
/// if status == 401 {
///     tokens.reject(&token);
///     let token = tokens.token().await?; // another one, if renewing helps: send it once more
/// #   let _ = token;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenManager {
    shared: Arc<Shared>,
    targets: Arc<Targets>,
}

impl TokenManager {
    /// Builds a token manager for the token endpoint at that URL.
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<CustomTokenTransport> {
        ClientBuilder::new(token_endpoint)
    }

    /// Builds a token manager for the authorization server of that issuer: see
    /// [`ClientBuilder::discover`].
    pub fn discover(issuer: impl Into<String>) -> ClientBuilder<CustomTokenTransport> {
        ClientBuilder::discover(issuer)
    }

    pub(crate) fn new(
        config: Config,
        endpoint: Arc<dyn TokenTransport>,
        runtime: Arc<dyn Runtime>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        let shared = Arc::new(Shared::new(config, endpoint, runtime, observer));
        Self {
            targets: Arc::new(Targets::new(Arc::clone(&shared))),
            shared,
        }
    }

    /// The token: at once where a usable one is held, else as soon as the one acquisition that gets it
    /// for all callers has landed.
    ///
    /// # Errors
    ///
    /// Where no token could be had within `acquire_timeout`; and at once while alf rests after a
    /// failure, with that failure.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the acquisition belongs to no caller and goes on.
    pub async fn token(&self) -> Result<Token, TokenError> {
        match self.shared.at_hand() {
            Some(token) => Ok(token),
            None => Box::pin(self.shared.acquire()).await,
        }
    }

    /// [`token`](Self::token), for a thread that may wait.
    ///
    /// The acquisition that it waits for needs a thread that goes on meanwhile:
    /// [`ThreadRuntime`](crate::ThreadRuntime), the default, gives it one. On another
    /// runtime, call this from outside of its tasks. Where it is called from the only thread of
    /// that runtime, it ends after `acquire_timeout`, without a token.
    ///
    /// # Errors
    ///
    /// Those of [`token`](Self::token).
    pub fn token_blocking(&self) -> Result<Token, TokenError> {
        pollster::block_on(self.token())
    }

    /// A resource server said 401 to this token: it is renewed, unless that was done already.
    ///
    /// The renewal begins at once and in the background; the next [`token`](Self::token) waits for
    /// it. Rejecting a token that is not the current one any more, or another manager's, does
    /// nothing, so that of a thousand rejections one causes a renewal. A token that was got in
    /// place of a rejected one, and is rejected within a second (a minute, if it is said by whom),
    /// is kept for a while (1 s, doubling to 60 s): renewing was useless.
    pub fn reject(&self, token: &Token) {
        // Whoever waits for the outcome asks for the next token.
        let _ = self.shared.reject(token, None);
    }

    /// [`reject`](Self::reject), and which origin rejected the token: one that always says 401 then
    /// cannot hold back the renewals that others need.
    pub fn reject_by(&self, token: &Token, origin: &Origin) {
        let _ = self.shared.reject(token, Some(origin));
    }

    /// The same client, and a token of another `scope`: several separated by spaces, in place of
    /// the one that was set ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
    ///
    /// It is cheap, and may be called for each request: the same scope gives the same token. All
    /// targets of a client share the HTTP library's connections, and rest together while the
    /// authorization server is down or refuses the client. 64 of them are kept, the least recently
    /// used go; what still holds one goes on with it.
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
        let scope = scope_of(Some(scope.into()));
        self.view(GrantParameters {
            scope,
            ..self.shared.grant.clone()
        })
    }

    /// The same client, and a token for another `resource`, in place of those that were set
    /// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
    ///
    /// As [`with_scope`](Self::with_scope), and together with it.
    ///
    /// # Errors
    ///
    /// Where it is no absolute URI, or has a fragment.
    pub fn with_resource(&self, resource: impl Into<String>) -> Result<Self, ConfigError> {
        let resources = resources_of(vec![resource.into()])?;
        Ok(self.view(GrantParameters {
            resources,
            ..self.shared.grant.clone()
        }))
    }

    fn view(&self, grant: GrantParameters) -> Self {
        Self {
            shared: self.targets.get(grant),
            targets: Arc::clone(&self.targets),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("token_endpoint", &self.shared.shown_endpoint())
            .finish_non_exhaustive()
    }
}
