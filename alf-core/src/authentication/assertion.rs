//! An assertion that another has signed, read anew for each attempt (RFC 7521 §4.2).

use std::borrow::Cow;
use std::future::Future;
use std::path::Path;

use async_trait::async_trait;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::jwt::{JWT_BEARER, add_assertion};
use super::source::{Reader, Sort, Source};
use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, CredentialsFingerprint,
    SecretError,
};

/// An assertion that another has signed for the client, and that is read anew for each attempt:
/// workload identity federation
/// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2),
/// [RFC 7523 §2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)).
///
/// A platform (Kubernetes, a CI system, another cloud) gives the workload a token of its own, in a
/// file or by a call, and replaces it before it ends. The authorization server trusts the platform
/// and takes that token as the client's proof, so that there is no secret to keep.
///
/// It is read for every attempt, and once more where the authorization server refuses (B3). What is
/// wrong with it (it has expired, it is for another audience) the authorization server says.
///
/// # Examples
///
/// ```
/// use alf_core::{Client, ClientAssertion};
///
/// // Kubernetes: a projected service account token, for the audience that the server expects.
/// let token = ClientAssertion::file("/var/run/secrets/tokens/auth.example.com");
/// # let client =
/// Client::builder("https://auth.example.com/token").client_assertion("client-id", token);
/// ```
#[derive(Debug)]
pub struct ClientAssertion {
    assertion: Reader,
    assertion_type: Cow<'static, str>,
    client_id: ClientId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientId {
    Sent,
    LeftOut,
}

impl ClientAssertion {
    /// The `client_assertion_type` of SAML 2.0
    /// ([RFC 7522 §2.2](https://www.rfc-editor.org/rfc/rfc7522#section-2.2)), for
    /// [`assertion_type`](Self::assertion_type). Such an assertion is given in base64url.
    pub const SAML2_BEARER: &'static str =
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";

    /// A file that holds the assertion and nothing else.
    ///
    /// White space around it is not part of it. It is read as that of
    /// [`ClientSecret::file`](crate::ClientSecret::file) is. A file that cannot be opened, is larger than 64 KiB, or holds no
    /// assertion is a permanent failure; every other error of reading it may pass, and is tried
    /// again within the acquisition.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(Source::file(path.as_ref()))
    }

    /// A callback that gives the assertion: from the metadata service of a cloud, say.
    ///
    /// A failure is taken as one that may pass, and is tried again within the acquisition. Users get
    /// and log its error, in the chain of a [`TokenError`](crate::TokenError): neither it nor what
    /// lies beneath it may show anything of the assertion.
    pub fn from_fn<F, Fut, S, E>(read: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<S, E>> + Send + 'static,
        S: Into<String>,
        E: Into<SecretError>,
    {
        Self::new(Source::from_fn(read))
    }

    /// The `client_assertion_type`. Default: that of a JWT,
    /// `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[must_use]
    pub fn assertion_type(mut self, assertion_type: impl Into<String>) -> Self {
        self.assertion_type = Cow::Owned(assertion_type.into());
        self
    }

    /// Leaves the `client_id` out of the request: the assertion names the client
    /// ([RFC 7521 §4.2](https://www.rfc-editor.org/rfc/rfc7521#section-4.2)). Default: it is sent,
    /// which most servers want where the assertion is another's.
    #[must_use]
    pub fn without_client_id(mut self) -> Self {
        self.client_id = ClientId::LeftOut;
        self
    }

    fn new(source: Source) -> Self {
        Self {
            assertion: Reader::new(source, &CLIENT_ASSERTION),
            assertion_type: Cow::Borrowed(JWT_BEARER),
            client_id: ClientId::Sent,
        }
    }
}

#[async_trait]
impl ClientAuthentication for ClientAssertion {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let assertion = self.assertion.read().await?;
        if self.client_id == ClientId::Sent {
            request.parameter("client_id", context.client_id());
        }
        add_assertion(request, &self.assertion_type, assertion.trim());
        Ok(CredentialsFingerprint::of(assertion.as_str()))
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        self.assertion.has_changed(since).await
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.assertion_type.trim().is_empty() {
            return Err(ConfigError::new("client_assertion", "its type is empty"));
        }
        self.assertion.check(|_| None)
    }
}

const CLIENT_ASSERTION: Sort = Sort {
    name: "client_assertion",
    not_text: "it is no text in UTF-8",
    in_file: str::trim,
    problem,
};

/// Why this cannot be meant as an assertion.
fn problem(assertion: &str) -> Option<Cow<'static, str>> {
    let assertion = assertion.trim();
    if assertion.is_empty() {
        Some("it is empty".into())
    } else if assertion.contains(char::is_whitespace) {
        Some("it has white space inside, and so is no assertion".into())
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
