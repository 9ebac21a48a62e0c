//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::sensitive_header;
use crate::wire::token_request::TokenRequest;

use super::secret_source::Reader;
use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, ClientSecret, Reload,
};

/// `client_secret_basic`: id and secret in the `Authorization` header of the token request.
///
/// The RFC says that both are form-encoded first; many servers do not decode them. By default
/// exactly those characters are encoded that every server must see encoded (`%`, `+`, space,
/// controls, non-ASCII, and `:` in the id), so that plain and base64 secrets without a `+` work at
/// both kinds.
#[derive(Debug)]
pub struct ClientSecretBasic {
    secret: Reader,
    encoding: Encoding,
}

/// `client_secret_post`: id and secret in the body of the token request.
#[derive(Debug)]
pub struct ClientSecretPost {
    secret: Reader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Percent,
    Raw,
}

impl ClientSecretBasic {
    /// With a secret by value, from a file, or from a callback.
    pub fn new(secret: impl Into<ClientSecret>) -> Self {
        Self {
            secret: Reader::new(secret.into()),
            encoding: Encoding::Percent,
        }
    }

    /// Sends id and secret as they are: for a server that does not decode them, and a secret with
    /// a `%`, a `+` or a space.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.encoding = Encoding::Raw;
        self
    }
}

impl ClientSecretPost {
    /// With a secret by value, from a file, or from a callback.
    pub fn new(secret: impl Into<ClientSecret>) -> Self {
        Self {
            secret: Reader::new(secret.into()),
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretBasic {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<(), AuthenticationError> {
        let secret = self.secret.read().await?;
        let encoded_id = self.encoding.of(context.client_id(), IN_ID);
        let encoded_secret = self.encoding.of(&secret, IN_SECRET);
        request.mask(&secret);
        request.mask(&encoded_secret);
        let pair = Zeroizing::new([encoded_id.as_str(), ":", &encoded_secret].concat());
        let credentials = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let value = sensitive_header(["Basic ", &credentials].concat())
            .ok_or_else(|| AuthenticationError::permanent("the secret does not fit a header"))?;
        request.authorization(value);
        Ok(())
    }

    async fn reload(&self) -> Reload {
        self.secret.reload().await
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check()
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretPost {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<(), AuthenticationError> {
        let secret = self.secret.read().await?;
        request.parameter("client_id", context.client_id());
        request.secret_parameter("client_secret", &secret);
        Ok(())
    }

    async fn reload(&self) -> Reload {
        self.secret.reload().await
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check()
    }
}

impl Encoding {
    /// The text, encoded; it leaves no copies behind.
    fn of(self, text: &str, set: &'static AsciiSet) -> Zeroizing<String> {
        // At most three bytes for one: it never grows.
        let mut encoded = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
        match self {
            Self::Raw => encoded.push_str(text),
            Self::Percent => encoded.extend(utf8_percent_encode(text, set)),
        }
        encoded
    }
}

/// T3: these, controls and non-ASCII, and nothing else.
const IN_SECRET: &AsciiSet = &CONTROLS.add(b'%').add(b'+').add(b' ');
const IN_ID: &AsciiSet = &IN_SECRET.add(b':');
