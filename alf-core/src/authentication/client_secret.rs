//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::{percent_encoded, sensitive_header};
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, Problem,
};
use super::credential::Credential;
use super::fingerprint::CredentialsFingerprint;

/// `client_secret_basic`: the id and the secret are in the `Authorization` header of the token request.
///
/// The RFC requires that both are form-encoded first, but many servers do not decode them. By default,
/// alf encodes only the characters that every server must receive encoded: `%`, `+`, space, control
/// characters, non-ASCII characters, and `:` in the id. Secrets without these characters, such as base64
/// without a `+`, work with both kinds of server.
#[derive(Debug)]
pub struct ClientSecretBasic {
    secret: Credential,
    raw: bool,
    with_client_id: bool,
}

/// `client_secret_post`: the id and the secret are in the body of the token request.
#[derive(Debug)]
pub struct ClientSecretPost {
    secret: Credential,
}

impl ClientSecretBasic {
    /// Uses this secret: a value, a file, or a callback.
    pub fn new(secret: impl Into<Credential>) -> Self {
        Self {
            secret: secret.into(),
            raw: false,
            with_client_id: false,
        }
    }

    /// Sends the id and the secret without encoding. Use it if the server does not decode them and the
    /// secret contains a `%`, a `+` or a space.
    #[must_use]
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// Sends the client's id in the body too (`client_id`), for servers that look there for it. Default: it is in the
    /// header alone, since some servers refuse a request that names the client twice.
    #[must_use]
    pub fn with_client_id(mut self) -> Self {
        self.with_client_id = true;
        self
    }

    /// Leaves no copies behind.
    fn encoded(&self, text: &str, set: &'static AsciiSet) -> Zeroizing<String> {
        if self.raw {
            Zeroizing::new(text.to_owned())
        } else {
            percent_encoded(text, set)
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretBasic {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let secret = self.secret.read(context, NAME, check_secret).await?;
        let encoded_id = self.encoded(context.client_id(), IN_ID);
        let encoded_secret = self.encoded(&secret.text, IN_SECRET);
        request.mask(&secret.text);
        request.mask(&encoded_secret);
        if *encoded_id != context.client_id() || encoded_secret != secret.text {
            request.credentials_check = Some(ENCODING);
        }
        let pair = Zeroizing::new([encoded_id.as_str(), ":", &encoded_secret].concat());
        let credentials = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        let value = sensitive_header(["Basic ", &credentials].concat()).ok_or_else(|| {
            AuthenticationError::permanent("the secret cannot be sent in a header")
        })?;
        request.authorization(value);
        if self.with_client_id {
            request.parameter("client_id", context.client_id());
        }
        Ok(secret.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(NAME, check_secret)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_basic")
    }
}

impl ClientSecretPost {
    /// Uses this secret: a value, a file, or a callback.
    pub fn new(secret: impl Into<Credential>) -> Self {
        Self {
            secret: secret.into(),
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretPost {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let secret = self.secret.read(context, NAME, check_secret).await?;
        request.parameter("client_id", context.client_id());
        request.secret_parameter("client_secret", &secret.text);
        Ok(secret.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(NAME, check_secret)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_post")
    }
}

/// T3: these, controls and non-ASCII, and nothing else.
const IN_SECRET: &AsciiSet = &CONTROLS.add(b'%').add(b'+').add(b' ');
const IN_ID: &AsciiSet = &IN_SECRET.add(b':');

const ENCODING: &str = "encoding changed the id or the secret: if the server does not decode them, use the `raw` switch of \
                        client_secret_basic";

/// What errors call the secret.
pub(super) const NAME: &str = "client_secret";

pub(super) fn check_secret(secret: &str) -> Result<(), Problem> {
    if secret.is_empty() {
        return Err("it is empty".into());
    }
    if secret.contains(['\r', '\n']) {
        let problem =
            "it contains a line break, which is probably not part of the secret; remove it";
        return Err(problem.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
