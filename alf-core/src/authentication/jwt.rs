//! The assertion that a client signs itself (RFC 7523 §3, OIDC Core §9).

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::ConfigError;
use crate::wire::token_request::TokenRequest;

use super::client_authentication::{AuthenticationContext, AuthenticationError};

/// The settings of an assertion, however it is signed.
#[derive(Debug)]
pub(super) struct AssertionSettings {
    pub(super) audience: Option<String>,
    pub(super) typ: Option<String>,
    pub(super) key_id: Option<String>,
    /// How long it is valid.
    pub(super) lifetime: Duration,
    /// How far its `iat` lies in the past.
    pub(super) backdate: Duration,
}

/// The setters of [`AssertionSettings`], for each method that signs an assertion.
macro_rules! assertion_setters {
    ($method:ty) => {
        impl $method {
            /// Sets the `aud` of the assertion. Default:
            /// [`AuthenticationContext::audience`](crate::AuthenticationContext::audience).
            #[must_use]
            pub fn audience(mut self, audience: impl Into<String>) -> Self {
                self.settings.audience = Some(audience.into());
                self
            }

            /// Sets the `typ` of the assertion's header, for servers that require
            /// `client-authentication+jwt`. Default: none.
            #[must_use]
            pub fn typ(mut self, typ: impl Into<String>) -> Self {
                self.settings.typ = Some(typ.into());
                self
            }

            /// Sets how long the assertion is valid (`exp`). Default: 120 s, so that a server whose clock is ahead accepts it. Some
            /// servers refuse a long lifetime.
            #[must_use]
            pub fn lifetime(mut self, lifetime: std::time::Duration) -> Self {
                self.settings.lifetime = lifetime;
                self
            }

            /// Sets how far the `iat` of the assertion is in the past. Default: 10 s, so that a server whose clock is behind
            /// accepts it.
            #[must_use]
            pub fn backdate(mut self, time: std::time::Duration) -> Self {
                self.settings.backdate = time;
                self
            }
        }
    };
}
pub(super) use assertion_setters;

impl Default for AssertionSettings {
    fn default() -> Self {
        Self {
            audience: None,
            typ: None,
            key_id: None,
            lifetime: LIFETIME,
            backdate: BACKDATE,
        }
    }
}

impl AssertionSettings {
    /// Adds the client's id, and the assertion: a [message](Self::message) and its signature.
    pub(super) fn add_signed(
        &self,
        request: &mut TokenRequest,
        context: &AuthenticationContext<'_>,
        message: &str,
        signature: Vec<u8>,
    ) {
        let signature = Zeroizing::new(signature);
        let signature = Zeroizing::new(base64url(&signature));
        // RFC 7515 §7.1.
        let assertion = Zeroizing::new([message, &signature].join("."));
        if self.audience.is_none() {
            request.credentials_check = Some(if context.issuer().is_some() {
                AUDIENCE_IS_ISSUER
            } else {
                AUDIENCE_IS_ENDPOINT
            });
        }
        request.asserted_at = Some(context.wall_clock());
        request.parameter("client_id", context.client_id());
        add_assertion(request, JWT_BEARER, &assertion);
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (name, setting) in [
            ("audience", &self.audience),
            ("typ", &self.typ),
            ("key_id", &self.key_id),
        ] {
            if setting.as_deref() == Some("") {
                let problem = format!("the {name} of the assertion is empty");
                return Err(ConfigError::new("client_authentication", problem));
            }
        }
        if self.lifetime.is_zero() {
            let problem = "the lifetime of the assertion is zero; set a longer time";
            return Err(ConfigError::new("client_authentication", problem));
        }
        Ok(())
    }

    /// Returns the message to sign: header and claims (RFC 7515 §5.1), with a new `jti` and the
    /// current time. `thumbprint` is that of the key's certificate: SHA-256, in base64url.
    pub(super) fn message(
        &self,
        context: &AuthenticationContext<'_>,
        algorithm: &str,
        key_id: Option<&str>,
        thumbprint: Option<&str>,
    ) -> Result<String, AuthenticationError> {
        let header: Map<_, _> = [
            ("alg", Some(algorithm)),
            ("kid", self.key_id.as_deref().or(key_id)),
            ("typ", self.typ.as_deref()),
            ("x5t#S256", thumbprint),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.into())))
        .collect();
        let Ok(now) = context.wall_clock().duration_since(SystemTime::UNIX_EPOCH) else {
            let problem = "an assertion contains the time, but the clock of the system is before 1970; set the clock";
            return Err(AuthenticationError::permanent(problem));
        };
        let claims = json!({
            "iss": context.client_id(),
            "sub": context.client_id(),
            // A single string and not a list: one of several servers could use the assertion at another.
            "aud": self.audience.as_deref().unwrap_or_else(|| context.audience()),
            "jti": unique_id(now),
            // Seconds since 1970 (RFC 7519 §2).
            "iat": now.saturating_sub(self.backdate).as_secs(),
            "exp": now.saturating_add(self.lifetime).as_secs(),
        });
        let encoded =
            [header.into(), claims].map(|part: Value| base64url(part.to_string().as_bytes()));
        Ok(encoded.join("."))
    }
}

/// Adds an assertion to the request (RFC 7521 §4.2).
pub(super) fn add_assertion(request: &mut TokenRequest, assertion_type: &str, assertion: &str) {
    request.parameter("client_assertion_type", assertion_type);
    request.secret_parameter("client_assertion", assertion);
    // A server may repeat one part of a JWT. Only the last one, the signature, is secret.
    if let Some((_, signature)) = assertion.rsplit_once('.') {
        request.mask(signature);
    }
}

pub(super) fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns 128 bits that no other assertion has (RFC 7519 §4.1.7). They are unique, not secret. The process id and the
/// time distinguish a forked process and a restored machine, whose random numbers are the same.
fn unique_id(since_1970: Duration) -> String {
    let process = u128::from(std::process::id()) << 96;
    let id = fastrand::u128(..) ^ process ^ since_1970.as_nanos();
    base64url(&id.to_be_bytes())
}

const AUDIENCE_IS_ISSUER: &str = "check the `kid` of the assertion; its `aud` is the issuer: if the server wants another, \
                                  set it with `.audience(..)`";
const AUDIENCE_IS_ENDPOINT: &str = "check the `kid` of the assertion; its `aud` is the token endpoint: if the server wants \
                                    another, set it with `.audience(..)`";
/// RFC 7523 §2.2.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion is used at once, but the clock of the server may be ahead. A longer lifetime would only help someone who steals
/// it.
const LIFETIME: Duration = Duration::from_secs(120);
/// The clock of the server may be behind, and an `iat` in its future is refused.
const BACKDATE: Duration = Duration::from_secs(10);

#[cfg(test)]
pub(super) mod tests;
