//! The token of one client: kept, renewed, and the only place where callers wait for it.

mod announcement;
mod shared;
mod state;
mod waiting;

use std::fmt;
use std::sync::Arc;

use crate::builder::OwnTokens;
use crate::config::Config;
use crate::{ClientBuilder, Observer, Origin, Runtime, Token, TokenEndpoint, TokenError};

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
}

/// Which token was rejected, and by whom.
///
/// A `&Token` becomes one by itself.
#[derive(Clone, Copy, Debug)]
pub struct Rejection<'a> {
    pub(crate) token: &'a Token,
    pub(crate) origin: Option<&'a Origin>,
}

impl TokenManager {
    /// Builds a token manager for the token endpoint at that URL.
    pub fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<OwnTokens> {
        ClientBuilder::new(token_endpoint)
    }

    pub(crate) fn new(
        config: Config,
        endpoint: Arc<dyn TokenEndpoint>,
        runtime: Arc<dyn Runtime>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared::new(config, endpoint, runtime, observer)),
        }
    }

    /// The token: at once where a usable one is held, else as soon as the one flight that gets it
    /// for all callers has landed.
    ///
    /// # Errors
    ///
    /// Where no token could be had within `acquire_timeout`; and at once while alf rests after a
    /// failure, with that failure.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the flight belongs to no caller and goes on.
    pub async fn token(&self) -> Result<Token, TokenError> {
        match self.shared.at_hand() {
            Some(token) => Ok(token),
            None => Box::pin(self.shared.acquire()).await,
        }
    }

    /// [`token`](Self::token), for a thread that may wait.
    ///
    /// The flight that it waits for needs a thread that goes on meanwhile:
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
    pub fn reject<'a>(&self, rejection: impl Into<Rejection<'a>>) {
        let Rejection { token, origin } = rejection.into();
        // Whoever waits for the outcome asks for the next token.
        let _ = self.shared.reject(token, origin);
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl<'a> Rejection<'a> {
    /// Says which origin rejected it: one that always says 401 then cannot hold back the renewals
    /// that others need.
    #[must_use]
    pub fn by(mut self, origin: &'a Origin) -> Self {
        self.origin = Some(origin);
        self
    }
}

impl<'a> From<&'a Token> for Rejection<'a> {
    fn from(token: &'a Token) -> Self {
        Self {
            token,
            origin: None,
        }
    }
}

impl fmt::Debug for TokenManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManager")
            .field("token_endpoint", &self.shared.shown_endpoint())
            .finish_non_exhaustive()
    }
}
