//! The trait, implemented by a user; and helpers for the tests of every method.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;
use pollster::block_on;

use crate::error::CurrentActivity;
use crate::wire::Redactor;
use crate::wire::token_request::TokenRequest;
use crate::{ConfigError, TokenTarget};

use super::*;

/// For the tests of other modules.
#[cfg(all(feature = "config", feature = "jwt"))]
pub(crate) use super::{
    jwt::tests::parts,
    key_pair::tests::{CERTIFICATE, P256, THUMBPRINT},
};

pub(super) const ENDPOINT: &str = "https://as.example/token";
pub(super) const NOW: u64 = 1_700_000_000;

static ACTIVITY: LazyLock<CurrentActivity> = LazyLock::new(CurrentActivity::default);

/// The first attempt of an acquisition, for the client `id`.
pub(super) fn context<'a>(endpoint: &'a Uri, id: &'a str) -> AuthenticationContext<'a> {
    AuthenticationContext {
        token_endpoint: endpoint,
        written_endpoint: ENDPOINT,
        issuer: None,
        client_id: id,
        wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(NOW),
        attempt: 1,
        activity: &ACTIVITY,
    }
}

/// A token request as it would be sent.
pub(super) struct Sent {
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    pub(super) redactor: Redactor,
    /// Of the credentials that it was made with.
    pub(super) fingerprint: CredentialsFingerprint,
}

/// The token request that `method` makes for the client `id`.
pub(super) fn sent(method: &dyn ClientAuthentication, id: &str) -> Sent {
    attempt(method, &context(&Uri::from_static(ENDPOINT), id)).unwrap()
}

/// The token request that `method` makes for that context.
pub(super) fn attempt(
    method: &dyn ClientAuthentication,
    context: &AuthenticationContext<'_>,
) -> Result<Sent, AuthenticationError> {
    let mut request = TokenRequest::new("client_credentials", &TokenTarget::new(), &[]);
    let fingerprint = block_on(method.authenticate(context, &mut request))?;
    let (request, redactor) = request.encode(context.token_endpoint());
    let (head, body) = request.into_parts();
    Ok(Sent {
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        redactor,
        fingerprint,
    })
}

/// Whether the credentials of `method` are others now than `since`. Those that cannot be read are not.
pub(super) fn has_changed(
    method: &dyn ClientAuthentication,
    since: &CredentialsFingerprint,
) -> bool {
    let endpoint = Uri::from_static(ENDPOINT);
    attempt(method, &context(&endpoint, "id")).is_ok_and(|now| now.fingerprint.differs_from(since))
}

impl Sent {
    /// A parameter of the form, decoded; empty if it is missing.
    pub(super) fn parameter(&self, name: &str) -> String {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        let values: Vec<_> = pairs.filter(|(key, _)| *key == name).collect();
        assert!(values.len() < 2, "{name} twice");
        let value = values.first().map_or("", |(_, value)| value);
        percent_decode_str(value)
            .decode_utf8()
            .unwrap()
            .into_owned()
    }
}

/// A file that is removed at the end of the test.
pub(crate) struct TemporaryFile(PathBuf);

impl TemporaryFile {
    pub(crate) fn new(contents: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("alf-secret-{}-{number}", std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        file.write(contents);
        file
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, contents: &[u8]) {
        std::fs::write(&self.0, contents).unwrap();
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A user's own method, which implements only what it must.
struct CustomMethod;

#[async_trait]
impl ClientAuthentication for CustomMethod {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        request.parameter("client_id", context.client_id());
        request.parameter("aud", &context.token_endpoint().to_string());
        request.parameter("iss", context.issuer().unwrap_or_default());
        request.parameter("jti", &context.attempt().to_string());
        let issued_at = context.wall_clock().duration_since(SystemTime::UNIX_EPOCH);
        request.parameter("iat", &issued_at.unwrap().as_secs().to_string());
        Ok(CredentialsFingerprint::unchanging())
    }
}

#[test]
fn t2_a_users_own_method_gets_all_that_client_authentication_may_need() {
    let endpoint = Uri::from_static("https://as/t");
    let context = AuthenticationContext {
        issuer: Some("https://as"),
        wall_clock: SystemTime::UNIX_EPOCH + Duration::from_secs(1234),
        attempt: 7,
        ..context(&endpoint, "me")
    };
    assert_eq!(
        attempt(&CustomMethod, &context).unwrap().body,
        "grant_type=client_credentials&client_id=me&aud=https%3A%2F%2Fas%2Ft&iss=https%3A%2F%2Fas\
         &jti=7&iat=1234"
    );
}

#[test]
fn b3_a_method_that_cannot_read_its_credentials_again_has_not_changed() {
    assert!(!has_changed(
        &CustomMethod,
        &CredentialsFingerprint::of("others")
    ));
    assert!(CustomMethod.check().is_ok());
    assert_eq!(CustomMethod.method(), None);
}

/// A method that overrides all defaults.
struct Rotated;

#[async_trait]
impl ClientAuthentication for Rotated {
    async fn authenticate(
        &self,
        context: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        CustomMethod.authenticate(context, request).await?;
        Ok(CredentialsFingerprint::of("new"))
    }

    fn check(&self) -> Result<(), ConfigError> {
        Err(ConfigError::new("own", "is wrong"))
    }

    fn method(&self) -> Option<&str> {
        Some("own")
    }
}

#[test]
fn b3_a_method_behind_a_pointer_is_the_same_method() {
    let method: Arc<dyn ClientAuthentication> = Arc::new(Rotated);
    assert!(has_changed(&method, &CredentialsFingerprint::of("old")));
    assert_eq!(method.check().unwrap_err().setting(), "own");
    assert_eq!(method.method(), Some("own"));
    let body = sent(&method, "me").body;
    assert!(body.starts_with("grant_type=client_credentials&client_id=me&aud="));
}

#[test]
fn b1_an_error_is_permanent_or_transient_and_keeps_its_cause() {
    let sealed = AuthenticationError::transient("no key").because("sealed");
    assert!(sealed.is_transient());
    assert_eq!(sealed.to_string(), "no key");
    assert_eq!(sealed.source().unwrap().to_string(), "sealed");
    let wrong = AuthenticationError::permanent("wrong key");
    assert!(!wrong.is_transient());
    assert!(wrong.source().is_none());
}
