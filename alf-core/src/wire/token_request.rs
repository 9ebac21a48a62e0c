//! The token request: a form and its headers (RFC 6749 §4.4.2).

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::secret::{SecretBytes, percent_encoded};
use crate::{Token, TokenTarget};

use super::Redactor;

/// The `User-Agent` of token requests, and of those for metadata and revocation (T1): `alf/` and the version. The user can set
/// another.
pub const USER_AGENT: &str = concat!("alf/", env!("CARGO_PKG_VERSION"));

/// A token request that is not complete yet. A [`ClientAuthentication`](crate::ClientAuthentication) adds the client's
/// authentication.
///
/// It already has the parameters of the grant and of the token target. Secrets that are added are masked in errors, in case
/// the authorization server repeats them.
pub struct TokenRequest {
    form: SecretBytes,
    headers: HeaderMap,
    secrets: Vec<Zeroizing<String>>,
    /// What to check if the server refuses the client's authentication.
    pub(crate) credentials_check: Option<&'static str>,
    /// The time of the assertion in it, which the server compares with its clock.
    pub(crate) asserted_at: Option<SystemTime>,
}

impl TokenRequest {
    /// A request for that target, with its parameters in the order of T1. The headers are those that the user has set.
    pub(crate) fn new(
        grant_type: &str,
        target: &TokenTarget,
        headers: &[(HeaderName, HeaderValue)],
    ) -> Self {
        let mut request = Self::with_headers(headers);
        request.parameter("grant_type", grant_type);
        if let Some(scope) = &target.scope {
            request.parameter("scope", scope);
        }
        for resource in &target.resources {
            request.parameter("resource", resource);
        }
        if let Some(audience) = &target.audience {
            request.parameter("audience", audience);
        }
        for (name, value) in &target.parameters {
            request.parameter(name, value);
        }
        request
    }

    /// A request that revokes a token (RFC 7009 §2.1).
    pub(crate) fn revocation(token: &Token, headers: &[(HeaderName, HeaderValue)]) -> Self {
        let mut request = Self::with_headers(headers);
        request.secret_parameter("token", token.expose_access_token());
        request.parameter("token_type_hint", "access_token");
        request
    }

    fn with_headers(headers: &[(HeaderName, HeaderValue)]) -> Self {
        let mut request = Self {
            form: SecretBytes::with_capacity(USUAL_LENGTH),
            headers: HeaderMap::with_capacity(4),
            secrets: Vec::new(),
            credentials_check: None,
            asserted_at: None,
        };
        request
            .headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        request
            .headers
            .insert(ACCEPT, HeaderValue::from_static(JSON));
        request
            .headers
            .insert(header::USER_AGENT, user_agent(headers));
        for (name, value) in headers {
            // To mask a short value would mask other text of the server's.
            if value.len() < SHORTEST_SECRET {
                request.headers.insert(name.clone(), value.clone());
            } else {
                request.header(name.clone(), value.clone());
            }
        }
        request
    }

    /// Adds a form parameter that is not a secret, such as `client_id` or `client_assertion_type`.
    pub fn parameter(&mut self, name: &str, value: &str) {
        if !self.form.is_empty() {
            self.form.push(b"&");
        }
        self.push_encoded(name);
        self.form.push(b"=");
        self.push_encoded(value);
    }

    /// Adds a form parameter that is a secret, such as `client_secret` or `client_assertion`.
    pub fn secret_parameter(&mut self, name: &str, value: &str) {
        self.mask(value);
        self.secrets.push(percent_encoded(value, URLENCODED));
        self.parameter(name, value);
    }

    /// Sets a header. It replaces a header of the same name, and is marked as sensitive.
    pub fn header(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        if let Ok(text) = value.to_str() {
            self.mask(text);
            // The server may repeat the part of `Basic …` after the scheme.
            if let Some((_, credentials)) = text.split_once(' ') {
                self.mask(credentials);
            }
        }
        self.headers.insert(name, value);
    }

    /// Masks this text in errors. Use it for a secret that the request contains in another form.
    pub fn mask(&mut self, secret: &str) {
        self.secrets.push(Zeroizing::new(secret.to_owned()));
    }

    /// Sets the `Authorization` header. It is marked as sensitive.
    pub fn authorization(&mut self, value: HeaderValue) {
        self.header(AUTHORIZATION, value);
    }

    /// Returns the request, and the redactor for the answer.
    pub(crate) fn encode(self, endpoint: &Uri) -> (Request<Bytes>, Redactor) {
        let mut request = Request::new(self.form.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.clone();
        *request.headers_mut() = self.headers;
        (request, Redactor::new(self.secrets))
    }

    fn push_encoded(&mut self, text: &str) {
        for piece in utf8_percent_encode(text, URLENCODED) {
            self.form.push(piece.as_bytes());
        }
    }
}

/// T1: the one that the user has set, otherwise that of alf.
pub(crate) fn user_agent(headers: &[(HeaderName, HeaderValue)]) -> HeaderValue {
    let of_user = headers.iter().find(|(name, _)| *name == header::USER_AGENT);
    of_user.map_or(HeaderValue::from_static(USER_AGENT), |(_, value)| {
        value.clone()
    })
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

/// `application/x-www-form-urlencoded`, with `%20` for a space, which every server accepts.
const URLENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*');
/// A shorter value of a header is not masked.
const SHORTEST_SECRET: usize = 8;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const USUAL_LENGTH: usize = 512;

#[cfg(test)]
mod tests;
