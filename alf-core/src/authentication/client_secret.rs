//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1).

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::secret::{percent_encoded, sensitive_header};
use crate::wire::token_request::TokenRequest;

use super::source::Reader;
use super::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, ClientSecret,
    CredentialsFingerprint,
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
            secret: secret.into().into_reader(),
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
            secret: secret.into().into_reader(),
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
        Ok(CredentialsFingerprint::of(secret.as_str()))
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        self.secret.has_changed(since).await
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(|_| None)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_basic")
    }
}

#[async_trait]
impl ClientAuthentication for ClientSecretPost {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let secret = self.secret.read().await?;
        request.parameter("client_id", context.client_id());
        request.secret_parameter("client_secret", &secret);
        Ok(CredentialsFingerprint::of(secret.as_str()))
    }

    async fn has_changed(&self, since: &CredentialsFingerprint) -> bool {
        self.secret.has_changed(since).await
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.secret.check(|_| None)
    }

    fn method(&self) -> Option<&str> {
        Some("client_secret_post")
    }
}

impl Encoding {
    /// The text, encoded; it leaves no copies behind.
    fn of(self, text: &str, set: &'static AsciiSet) -> Zeroizing<String> {
        match self {
            Self::Raw => Zeroizing::new(text.to_owned()),
            Self::Percent => percent_encoded(text, set),
        }
    }
}

/// T3: these, controls and non-ASCII, and nothing else.
const IN_SECRET: &AsciiSet = &CONTROLS.add(b'%').add(b'+').add(b' ');
const IN_ID: &AsciiSet = &IN_SECRET.add(b':');

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::super::tests::sent;
    use super::*;

    /// What the server reads in the `Authorization` header, after base64.
    fn credentials(method: &dyn ClientAuthentication, id: &str) -> String {
        let headers = sent(method, id).headers;
        let value = headers.get(AUTHORIZATION).unwrap();
        assert!(value.is_sensitive(), "X1");
        let encoded = value.to_str().unwrap().strip_prefix("Basic ").unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }

    #[test]
    fn t3_only_what_every_server_must_see_encoded_is_encoded() {
        for (id, secret, sent) in [
            ("me", "secret", "me:secret"),
            ("me", "100%", "me:100%25"),
            ("me", "a+b", "me:a%2Bb"),
            ("me", "a b", "me:a%20b"),
            ("me", "a:b", "me:a:b"),
            ("https://me:1", "x", "https%3A//me%3A1:x"),
            ("m%e + u", "x", "m%25e%20%2B%20u:x"),
            ("me", "é€", "me:%C3%A9%E2%82%AC"),
            ("mé", "x", "m%C3%A9:x"),
            ("me", "\t\0\u{7f}", "me:%09%00%7F"),
            (
                "me",
                "!\"#$&'()*,-./09:;<=>?@AZ[\\]^_`az{|}~",
                "me:!\"#$&'()*,-./09:;<=>?@AZ[\\]^_`az{|}~",
            ),
            ("me", "c2VjcmV0/w==", "me:c2VjcmV0/w=="),
        ] {
            let method = ClientSecretBasic::new(secret);
            assert_eq!(credentials(&method, id), sent);
        }
    }

    #[test]
    fn t3_a_switch_sends_all_raw() {
        for (id, secret) in [("me", "100% a+b :é"), ("m:e %+", "x"), ("mé", "\t")] {
            let method = ClientSecretBasic::new(secret).raw();
            assert_eq!(credentials(&method, id), format!("{id}:{secret}"));
        }
    }

    #[test]
    fn t2_basic_is_in_the_header_alone_and_post_in_the_body_alone() {
        let basic = sent(&ClientSecretBasic::new("s3cr3t"), "me");
        assert_eq!(basic.headers.get_all(AUTHORIZATION).iter().count(), 1);
        assert_eq!(basic.body, "grant_type=client_credentials");

        let post = sent(&ClientSecretPost::new("s3 cr3t"), "m e");
        assert_eq!(post.headers.get(AUTHORIZATION), None);
        assert_eq!(
            post.body,
            "grant_type=client_credentials&client_id=m%20e&client_secret=s3%20cr3t"
        );

        let none = sent(&crate::NoClientAuthentication::new(), "me");
        assert_eq!(none.headers.get(AUTHORIZATION), None);
        assert_eq!(none.body, "grant_type=client_credentials&client_id=me");
    }

    #[test]
    fn t4_every_form_in_which_the_secret_was_sent_is_masked() {
        let secret = "top %:e";
        let basic = ClientSecretBasic::new(secret);
        let raw = ClientSecretBasic::new(secret).raw();
        let post = ClientSecretPost::new(secret);
        let cases: [(&dyn ClientAuthentication, [&str; 3]); 3] = [
            (&basic, ["top %:e", "top%20%25:e", "bWU6dG9wJTIwJTI1OmU="]),
            (&raw, ["top %:e", "me:top %:e", "bWU6dG9wICU6ZQ=="]),
            (&post, ["top %:e", "top%20%25%3Ae", "client_secret=top %:e"]),
        ];
        for (method, echoes) in cases {
            let redactor = sent(method, "me").redactor;
            for echo in echoes {
                let shown = redactor.show(&format!("the secret is {echo}"));
                let prefix = shown.strip_prefix("the secret is ");
                assert!(shown.ends_with("[masked]"), "{echo}: {shown}");
                assert!(prefix.is_some(), "and nothing else is: {shown}");
            }
        }
    }
}
