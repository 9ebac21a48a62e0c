//! Each new token, for code that keeps a token itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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
    /// If no token could be obtained. Each failure is returned once; while the client backs off, that may be the failure of
    /// another target. After that, the call waits until the back-off ends. The failure of a renewal is not returned while the
    /// token can still be used.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing: the next call returns the token.
    pub async fn next(&mut self) -> Result<Token, TokenError> {
        let ports = &self.token.ports;
        loop {
            // Before the token is read, so that no change is missed.
            let changed = self.token.changed();
            match self.token.acquire().await {
                Ok(token) if self.is_new(&token) => {
                    self.failure = None;
                    self.latest = Some(token.clone());
                    return Ok(token);
                }
                Ok(_) => {
                    // E7: a timer does not run while the computer is suspended.
                    let pause = self.token.unchanged_for().min(LONGEST_PAUSE);
                    ports.within(pause, changed).await;
                }
                Err(error) if self.is_known(&error) => waiting::back_off(ports, &error).await,
                Err(error) => {
                    self.failure = Some(error.clone());
                    return Err(error);
                }
            }
        }
    }

    fn is_known(&self, error: &TokenError) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|failure| failure.is_same(error))
    }

    /// R9: a previous token that is used again for a moment is not new.
    fn is_new(&self, token: &Token) -> bool {
        let latest = self.latest.as_ref();
        latest.is_none_or(|latest| latest.generation() <= token.generation() && !latest.is(token))
    }
}

impl fmt::Debug for TokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenWatch").finish_non_exhaustive()
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(15);
