//! The token alone.

use crate::{ConfigError, Origin, Token, TokenError, TokenManagerBuilder};

/// Gets the token, keeps it, renews it, over isahc: for those who send their requests themselves.
///
/// A [`Client`](crate::Client) does all that this does and sends the requests too. Clones share one
/// token.
///
/// # Examples
///
/// ```no_run
/// # async fn send_with(_: &alf_isahc::Token) -> u16 { 401 }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tokens = alf_isahc::TokenManager::builder("https://auth.example.com/token")
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

    /// Builds a token manager for the authorization server of that issuer: see
    /// [`discover`](alf_core::ClientBuilder::discover).
    pub fn discover(issuer: impl Into<String>) -> TokenManagerBuilder {
        TokenManagerBuilder::discover(issuer)
    }

    /// The token of another `scope`: see [`alf_core::TokenManager::with_scope`].
    #[must_use]
    pub fn with_scope(&self, scope: impl Into<String>) -> Self {
        Self(self.0.with_scope(scope))
    }

    /// The token for another `resource`: see [`alf_core::TokenManager::with_resource`].
    ///
    /// # Errors
    ///
    /// Where it is no absolute URI, or has a fragment.
    pub fn with_resource(&self, resource: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(Self(self.0.with_resource(resource)?))
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
    pub fn token(&self) -> impl Future<Output = Result<Token, TokenError>> + Send + '_ {
        self.0.token()
    }

    /// [`token`](Self::token), for a thread that may wait. Unless another
    /// [`runtime`](TokenManagerBuilder::runtime) was set, it may be called from anywhere, an async
    /// task included: what it waits for runs on other threads.
    ///
    /// # Errors
    ///
    /// Those of [`token`](Self::token).
    pub fn token_blocking(&self) -> Result<Token, TokenError> {
        self.0.token_blocking()
    }

    /// A resource server said 401 to this token: it is renewed, unless that was done already.
    ///
    /// The renewal begins at once and in the background; the next [`token`](Self::token) waits for
    /// it. Rejecting a token that is not the current one any more, or another manager's, does
    /// nothing, so that of a thousand rejections one causes a renewal. Where renewing was useless,
    /// because the token that came of it was rejected too, the token is kept for a while:
    /// [`alf_core::TokenManager::reject`] says when and for how long.
    pub fn reject(&self, token: &Token) {
        self.0.reject(token);
    }

    /// [`reject`](Self::reject), and which origin rejected the token.
    pub fn reject_by(&self, token: &Token, origin: &Origin) {
        self.0.reject_by(token, origin);
    }

    /// The token manager of alf-core that this one is a face of, for code that knows no HTTP
    /// library.
    pub fn core(&self) -> &alf_core::TokenManager {
        &self.0
    }
}
