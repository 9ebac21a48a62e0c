//! A token and what the authorization server granted with it. It never prints itself.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::machine::Generation;
use crate::secret::counted_apart;

/// An access token, ready to be sent.
///
/// It is cheap to clone. Its `Debug` does not show the access token or the header (X1). It does not show
/// the `scope` either, because a server may return a very long one. Its memory is wiped when the last
/// clone is dropped.
///
/// # Examples
///
/// ```
/// # fn add_to(token: &alf_core::Token, headers: &mut http::HeaderMap) {
/// headers.insert(http::header::AUTHORIZATION, token.header_value().clone());
/// # }
/// ```
#[derive(Clone)]
pub struct Token(Arc<Presented>);

/// Copies of a [`Token`] by [`Token::counted_apart`] have one each, with a header value that has a reference count of its
/// own: threads do not compete for one cache line.
struct Presented {
    header: HeaderValue,
    generation: Generation,
    grant: Arc<Grant>,
}

/// What the authorization server granted (RFC 6749 §5.1).
#[cfg_attr(feature = "store", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Grant {
    pub(crate) access_token: Zeroizing<String>,
    pub(crate) token_type: String,
    pub(crate) scope: Option<String>,
    pub(crate) expires_in: Option<Duration>,
    /// When its lifetime ends, counted from before its request was sent (T9). The shared record has the start instead.
    #[cfg_attr(feature = "store", serde(skip))]
    pub(crate) expires_at: Option<SystemTime>,
    /// The other members of the token response: a string's text, or JSON.
    pub(crate) extra: Vec<(String, Zeroizing<String>)>,
}

/// E6: the same access token. The other members may differ, such as the remaining lifetime.
impl PartialEq<Arc<Grant>> for Token {
    fn eq(&self, other: &Arc<Grant>) -> bool {
        self.0.grant.access_token == other.access_token
    }
}

impl Token {
    pub(crate) fn new(grant: Arc<Grant>, generation: Generation, header: HeaderValue) -> Self {
        Self(Arc::new(Presented {
            header,
            generation,
            grant,
        }))
    }

    /// Returns the value of the `Authorization` header: `Bearer …`. It is marked sensitive.
    pub fn header_value(&self) -> &HeaderValue {
        &self.0.header
    }

    /// Returns the access token itself, for protocols that do not send it in a header.
    ///
    /// It is a secret: do not log it, and do not put it in a URL
    /// ([RFC 6750 §5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3)).
    pub fn expose_access_token(&self) -> &str {
        &self.0.grant.access_token
    }

    /// Returns the `token_type` as the authorization server wrote it, or `Bearer` if the response has none.
    pub fn token_type(&self) -> &str {
        &self.0.grant.token_type
    }

    /// Returns the `scope` that was granted, if the authorization server returned it
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    ///
    /// The server must return it if it differs from the requested scope.
    pub fn scope(&self) -> Option<&str> {
        self.0.grant.scope.as_deref()
    }

    /// Returns the lifetime that the authorization server stated with this token.
    pub fn expires_in(&self) -> Option<Duration> {
        self.0.grant.expires_in
    }

    /// Returns when the token expires, as wall-clock time: the stated lifetime, counted from before the token request was
    /// sent. If the authorization server stated none, `default_lifetime` is used. Without that, this is `None`.
    ///
    /// alf itself uses a monotonic clock. This is for code that needs the expiry of a token, such as another SDK.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.grant.expires_at
    }

    /// Returns a further member of the token response by its name, such as Salesforce's `instance_url`. A string is
    /// returned as its text, any other value as JSON. `None` if the member is missing or `null`, or if another method
    /// returns it.
    ///
    /// Some members are secrets, such as `id_token`.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn url_for(token: &alf_core::Token) -> Option<String> {
    /// let instance = token.extra("instance_url")?;
    /// Some(format!("{instance}/services/data"))
    /// # }
    /// ```
    pub fn extra(&self, name: &str) -> Option<&str> {
        let mut extra = self.0.grant.extra.iter();
        extra.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }

    /// Returns the number of this token: the first token of a target has 1, the next has 2. It is safe to log.
    pub fn generation(&self) -> u64 {
        self.0.generation.as_u64()
    }

    pub(crate) fn generation_id(&self) -> Generation {
        self.0.generation
    }

    /// Whether it is from the same token response: a renewal that obtains the same access token may
    /// state another lifetime.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.grant, &other.0.grant)
    }

    /// Whether it is the same access token with the same number, from any response.
    pub(crate) fn is_same_token(&self, other: &Self) -> bool {
        self.0.generation == other.0.generation && *self == other.0.grant
    }

    /// Returns a copy with reference counts of its own. It shares the memory of the access token and of the header.
    pub(crate) fn counted_apart(&self) -> Self {
        let header = counted_apart(self.header_value());
        Self::new(Arc::clone(&self.0.grant), self.generation_id(), header)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.generation())
            .field("token_type", &self.token_type())
            .field("expires_in", &self.expires_in())
            .finish_non_exhaustive()
    }
}
