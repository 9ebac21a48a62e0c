//! The token alone.

use std::ops::Deref;

use crate::TokenManagerBuilder;

/// Gets the token, keeps it, renews it, over reqwest: for those who send their requests themselves.
///
/// A [`Client`](crate::Client) does all that this does and sends the requests too. Clones share one
/// token. The methods are those of [`alf_core::TokenManager`]: `token` and `reject`.
///
/// # Examples
///
/// ```no_run
/// # async fn send_with(_: &alf_reqwest::Token) -> u16 { 401 }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = alf_reqwest::TokenManager::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .build()?;
///
/// let token = tokens.token().await?; // token.header_value() is what `Authorization` takes
/// if send_with(&token).await == 401 {
///     tokens.reject(&token);
///     send_with(&tokens.token().await?).await; // another token: once more
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokenManager(alf_core::TokenManager);

impl TokenManager {
    pub(crate) fn new(tokens: alf_core::TokenManager) -> Self {
        Self(tokens)
    }

    /// Builds a token manager for the token endpoint at that URL.
    ///
    /// Its token requests go through a client of alf's own, or through the one that is set as
    /// `token_http_client`.
    pub fn builder(token_endpoint: impl Into<String>) -> TokenManagerBuilder {
        TokenManagerBuilder::new(token_endpoint)
    }
}

/// `token` and `reject`.
impl Deref for TokenManager {
    type Target = alf_core::TokenManager;

    fn deref(&self) -> &alf_core::TokenManager {
        &self.0
    }
}
