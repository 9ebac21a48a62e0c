//! An assertion that someone else has signed, read anew for each attempt (RFC 7521 §4.2).

use async_trait::async_trait;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, Problem,
};
use super::credential::Credential;
use super::fingerprint::CredentialsFingerprint;
use super::jwt::{JWT_BEARER, add_assertion};

/// An assertion that another party has signed for the client (workload identity federation)
/// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2),
/// [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
///
/// A platform (Kubernetes, a CI system, another cloud) gives the workload a token, and replaces it
/// before it expires. The authorization server trusts the platform and accepts that token as client
/// authentication. There is no secret to keep.
///
/// alf reads the assertion for each attempt, and once more after a permanent refusal (B3). It does not
/// parse the assertion.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, Credential};
///
/// // Kubernetes: a projected service account token, for the audience that the server expects.
/// let token = Credential::file("/var/run/secrets/tokens/auth.example.com");
/// # let client =
/// Client::builder("https://auth.example.com/token").client_assertion("client-id", token);
/// ```
#[derive(Debug)]
pub struct ClientAssertion {
    assertion: Credential,
    assertion_type: String,
    sends_client_id: bool,
}

impl ClientAssertion {
    /// The `client_assertion_type` of SAML 2.0
    /// ([RFC 7522 §2.2](https://www.rfc-editor.org/rfc/rfc7522#section-2.2)), for
    /// [`assertion_type`](Self::assertion_type). Such an assertion must be in base64url.
    pub const SAML2_BEARER: &'static str =
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";

    /// Uses this assertion: a file, or a callback, for example one that asks the metadata service of a cloud. White
    /// space around it is ignored.
    pub fn new(assertion: Credential) -> Self {
        Self {
            assertion,
            assertion_type: JWT_BEARER.to_owned(),
            sends_client_id: true,
        }
    }

    /// Sets the `client_assertion_type`. Default: the type of a JWT,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[must_use]
    pub fn assertion_type(mut self, assertion_type: impl Into<String>) -> Self {
        self.assertion_type = assertion_type.into();
        self
    }

    /// Does not send the `client_id`, because the assertion names the client
    /// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)). By default it is sent: most
    /// servers require it if another party has signed the assertion.
    #[must_use]
    pub fn without_client_id(mut self) -> Self {
        self.sends_client_id = false;
        self
    }
}

impl From<Credential> for ClientAssertion {
    fn from(assertion: Credential) -> Self {
        Self::new(assertion)
    }
}

#[async_trait]
impl ClientAuthentication for ClientAssertion {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let assertion = self.assertion.read(context, NAME, check_assertion).await?;
        if self.sends_client_id {
            request.parameter("client_id", context.client_id());
        }
        add_assertion(request, &self.assertion_type, assertion.text.trim());
        Ok(assertion.fingerprint)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.assertion_type.trim().is_empty() {
            return Err(ConfigError::new(NAME, "the assertion_type is empty"));
        }
        self.assertion.check(NAME, check_assertion)
    }
}

/// What errors call the assertion.
const NAME: &str = "client_assertion";

fn check_assertion(assertion: &str) -> Result<(), Problem> {
    let assertion = assertion.trim();
    if assertion.is_empty() {
        return Err("it is empty".into());
    }
    if assertion.contains(char::is_whitespace) {
        return Err("it is not an assertion: it contains white space".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
