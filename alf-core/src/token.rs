//! A token and what the authorization server said of it; it never prints itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use zeroize::Zeroizing;

use crate::machine::Generation;

/// An access token, ready to be sent.
///
/// Cheap to clone. Its `Debug` shows neither the access token nor the header (X1), nor the `scope`,
/// which is as long as the server likes; its memory is wiped when the last copy is dropped.
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

/// A token as it is presented, with a header value of its own: copies of a [`Token`] made by
/// [`Token::unshared`] share no reference count, so that threads do not fight for one cache line.
struct Presented {
    header: HeaderValue,
    generation: Generation,
    grant: Arc<Grant>,
}

/// What the authorization server granted (RFC 6749 §5.1).
pub(crate) struct Grant {
    pub(crate) access_token: Zeroizing<String>,
    pub(crate) token_type: String,
    pub(crate) scope: Option<String>,
    pub(crate) expires_in: Option<Duration>,
}

/// E6: the same token, whatever else is said of it, what is left of its lifetime say.
impl PartialEq for Grant {
    fn eq(&self, other: &Self) -> bool {
        self.access_token == other.access_token
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

    /// The value of the `Authorization` header: `Bearer …`. It is marked sensitive.
    pub fn header_value(&self) -> &HeaderValue {
        &self.0.header
    }

    /// The access token itself, for protocols that carry it elsewhere than in a header.
    ///
    /// It is a secret: do not log it, and do not put it in a URL
    /// ([RFC 6750 §5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3)).
    pub fn expose_access_token(&self) -> &str {
        &self.0.grant.access_token
    }

    /// The `token_type` as the authorization server spelled it; `Bearer` where it said none.
    pub fn token_type(&self) -> &str {
        &self.0.grant.token_type
    }

    /// The `scope` that was granted, where the authorization server said it
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    ///
    /// A server may grant less than was asked for, and then says so here.
    pub fn scope(&self) -> Option<&str> {
        self.0.grant.scope.as_deref()
    }

    /// The lifetime that the authorization server stated when it gave this token.
    pub fn expires_in(&self) -> Option<Duration> {
        self.0.grant.expires_in
    }

    /// Which token of its client this is, counted from 1. Safe to log.
    pub fn generation(&self) -> u64 {
        self.0.generation.as_u64()
    }

    pub(crate) fn key(&self) -> Generation {
        self.0.generation
    }

    /// Whether it is the very same obtained of a token: a renewal that brings the same access token
    /// is another one, since it may say something else of it.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it is the same access token, whatever else was said of it.
    pub(crate) fn is_same_token(&self, other: &Self) -> bool {
        self.0.grant == other.0.grant
    }

    /// A copy that shares no header memory with this one; `header` has the same value.
    pub(crate) fn unshared(&self, header: HeaderValue) -> Self {
        Self::new(Arc::clone(&self.0.grant), self.key(), header)
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
