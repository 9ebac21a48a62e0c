//! Each new token, for code that keeps a token itself.

use std::fmt;
use std::sync::Arc;

use crate::{Token, TokenError};

use super::managed::ManagedToken;
use super::waiting;

/// Returns the token of a [`TokenManager`](crate::TokenManager), and then each new token.
///
/// While a caller waits for [`next`](Self::next), the token is renewed when it is due, even if there are no other callers.
/// Between two calls, the watch does nothing.
///
/// # Examples
///
/// ```
/// # struct Sdk;
/// # impl Sdk { fn set_token(&self, _: &str, _: Option<std::time::SystemTime>) {} }
/// async fn hand_over(tokens: &alf_core::TokenManager, sdk: &Sdk) {
///     let mut watch = tokens.watch();
///     loop {
///         match watch.next().await {
///             Ok(token) => sdk.set_token(token.expose_access_token(), token.expires_at()),
///             Err(error) => eprintln!("{error}"), // the next call waits until the back-off ends
///         }
///     }
/// }
/// ```
pub struct TokenWatch {
    token: Arc<ManagedToken>,
    /// The token that it returned last.
    latest: Option<Token>,
    /// The error that it returned last, if no token came after it.
    failure: Option<TokenError>,
}

impl TokenWatch {
    pub(super) fn new(token: Arc<ManagedToken>) -> Self {
        Self {
            token,
            latest: None,
            failure: None,
        }
    }

    /// Waits for a token that this watch has not returned yet. The first call returns the cached token at once, if there is
    /// one.
    ///
    /// The same token with another lifetime counts as new, because its [`expires_at`](Token::expires_at) differs. If a
    /// token was replaced between two calls, only the latest token is returned.
    ///
    /// # Errors
    ///
    /// If no token could be obtained. Each failed acquisition is returned once. The next call waits until alf sends the
    /// next token request.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call returns the token.
    pub async fn next(&mut self) -> Result<Token, TokenError> {
        if let Some(error) = &self.failure {
            waiting::back_off(&self.token.ports, error).await;
            self.failure = None;
        }
        loop {
            // Before the token is read, so that no change is missed.
            let obtained = self.token.obtained();
            match waiting::acquire(&self.token).await {
                Ok(token) if self.is_new(&token) => {
                    self.latest = Some(token.clone());
                    return Ok(token);
                }
                Ok(_) => {}
                Err(error) => {
                    self.failure = Some(error.clone());
                    return Err(error);
                }
            }
            let unchanged_for = self.token.unchanged_for();
            self.token.ports.within(unchanged_for, obtained).await;
        }
    }

    fn is_new(&self, token: &Token) -> bool {
        let latest = self.latest.as_ref();
        latest.is_none_or(|latest| !latest.is(token))
    }
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenWatch").finish_non_exhaustive()
    }
}
