//! The assertion that a client signs itself (RFC 7523 §3, OIDC Core §9).

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::{AuthenticationContext, AuthenticationError};

/// What can be set of an assertion, whoever signs it.
#[derive(Debug, Default)]
pub(super) struct AssertionSettings {
    pub(super) audience: Option<String>,
    pub(super) typ: Option<String>,
}

/// What its header says of the key (RFC 7515 §4.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header<'a> {
    pub(super) algorithm: &'a str,
    pub(super) key_id: Option<&'a str>,
    /// The SHA-256 thumbprint of its certificate, in base64url.
    pub(super) thumbprint: Option<&'a str>,
}

impl AssertionSettings {
    /// What is signed: header and claims (RFC 7515 §5.1), with a `jti` and times of its own.
    pub(super) fn message(
        &self,
        header: Header<'_>,
        context: &AuthenticationContext<'_>,
    ) -> Result<String, AuthenticationError> {
        let issued_at = seconds(context.wall_clock())?;
        let header = object([
            ("alg", Some(header.algorithm.into())),
            ("kid", header.key_id.map(Into::into)),
            ("typ", self.typ.as_deref().map(Into::into)),
            ("x5t#S256", header.thumbprint.map(Into::into)),
        ]);
        let claims = object([
            ("iss", Some(context.client_id().into())),
            ("sub", Some(context.client_id().into())),
            ("aud", Some(self.audience(context).into())),
            ("jti", Some(unique_id(context.wall_clock()).into())),
            ("iat", Some(issued_at.into())),
            (
                "exp",
                Some(issued_at.saturating_add(LIFETIME.as_secs()).into()),
            ),
        ]);
        Ok([encoded(header.as_bytes()), encoded(claims.as_bytes())].join("."))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |problem: &'static str| Err(ConfigError::new("client_authentication", problem));
        if self.audience.as_ref().is_some_and(String::is_empty) {
            return wrong("the audience of its assertion is empty");
        }
        if self.typ.as_ref().is_some_and(String::is_empty) {
            return wrong("the typ of its assertion is empty");
        }
        Ok(())
    }

    /// A single string, and never a list: what is meant for several servers, one of them may use
    /// at another.
    fn audience<'a>(&'a self, context: &AuthenticationContext<'a>) -> &'a str {
        self.audience
            .as_deref()
            .unwrap_or_else(|| context.audience())
    }
}

/// The assertion: what was signed, and its signature (RFC 7515 §7.1).
pub(super) fn signed(message: &str, signature: &[u8]) -> Zeroizing<String> {
    let signature = Zeroizing::new(encoded(signature));
    Zeroizing::new([message, &signature].join("."))
}

/// Puts an assertion into the request (RFC 7521 §4.2).
pub(super) fn add_assertion(request: &mut TokenRequest, assertion_type: &str, assertion: &str) {
    request.parameter("client_assertion_type", assertion_type);
    request.secret_parameter("client_assertion", assertion);
    // A server may repeat a part of it. The last one is the proof; the others are no secret.
    if let Some((_, signature)) = assertion.rsplit_once('.') {
        request.mask(signature);
    }
}

/// A JSON object of the members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> String {
    let members = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(members.collect::<Map<_, _>>()).to_string()
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Seconds since 1970 (RFC 7519 §2, `NumericDate`).
fn seconds(wall_clock: SystemTime) -> Result<u64, AuthenticationError> {
    match wall_clock.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => Ok(since.as_secs()),
        Err(_) => Err(AuthenticationError::permanent(
            "the wall clock is before 1970, so that no assertion can be dated",
        )),
    }
}

/// 128 bits that no other assertion has (RFC 7519 §4.1.7): it must be unique, and is no secret.
fn unique_id(wall_clock: SystemTime) -> String {
    // Each has keys of its own, out of those that the operating system drew for this thread. The
    // process and the time are for one that was forked, and a machine that was restored.
    let half = || {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        let since = wall_clock.duration_since(SystemTime::UNIX_EPOCH);
        hasher.write_u128(since.unwrap_or_default().as_nanos());
        hasher.finish().to_be_bytes()
    };
    encoded(&[half(), half()].concat())
}

/// RFC 7523 §2.2.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// It is used at once; more would only serve who steals it.
const LIFETIME: Duration = Duration::from_secs(60);

#[cfg(test)]
pub(super) mod tests;
