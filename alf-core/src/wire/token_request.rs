//! The token request: a form and its headers (RFC 6749 §4.4.2).

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::secret::{SecretBytes, percent_encoded};

use super::Redactor;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GrantParameters {
    pub(crate) scope: Option<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) audience: Option<String>,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// A token request in the making: what a [`ClientAuthentication`](crate::ClientAuthentication)
/// adds its proof to.
///
/// The grant's own parameters are in it already. What is added as a secret is masked wherever the
/// authorization server repeats it in an error.
pub struct TokenRequest {
    form: SecretBytes,
    headers: HeaderMap,
    secrets: Vec<Zeroizing<String>>,
}

impl TokenRequest {
    fn new() -> Self {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        headers.insert(ACCEPT, HeaderValue::from_static(JSON));
        Self {
            form: SecretBytes::with_capacity(ROOM),
            headers,
            secrets: Vec::new(),
        }
    }

    /// The grant's own parameters, in the order of the form (T1).
    pub(crate) fn for_grant(grant: &GrantParameters) -> Self {
        let mut request = Self::new();
        request.parameter("grant_type", "client_credentials");
        let scope = grant.scope.iter().map(|scope| ("scope", scope));
        let resources = grant
            .resources
            .iter()
            .map(|resource| ("resource", resource));
        let audience = grant.audience.iter().map(|audience| ("audience", audience));
        for (name, value) in scope.chain(resources).chain(audience) {
            request.parameter(name, value);
        }
        for (name, value) in &grant.extra {
            request.parameter(name, value);
        }
        for (name, value) in &grant.headers {
            // A short one would mask what the server says of other things.
            if value.len() < SHORTEST_SECRET {
                request.headers.insert(name.clone(), value.clone());
            } else {
                request.header(name.clone(), value.clone());
            }
        }
        request
    }

    /// Adds a form parameter that is no secret: `client_id`, `client_assertion_type`.
    pub fn parameter(&mut self, name: &str, value: &str) {
        if !self.form.is_empty() {
            self.push("&");
        }
        utf8_percent_encode(name, URLENCODED).for_each(|piece| self.push(piece));
        self.push("=");
        utf8_percent_encode(value, URLENCODED).for_each(|piece| self.push(piece));
    }

    /// Adds a form parameter that is a secret: `client_secret`, `client_assertion`.
    pub fn secret_parameter(&mut self, name: &str, value: &str) {
        self.secrets.push(Zeroizing::new(value.to_owned()));
        self.secrets.push(percent_encoded(value, URLENCODED));
        self.parameter(name, value);
    }

    /// Sets a header, in place of one of that name. It is marked sensitive.
    pub fn header(&mut self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(true);
        if let Ok(text) = value.to_str() {
            self.mask(text);
            // Of `Basic …` the server may repeat the part after the scheme alone.
            if let Some((_, credentials)) = text.split_once(' ') {
                self.mask(credentials);
            }
        }
        self.headers.insert(name, value);
    }

    /// Names a secret that is in the request in some other form, so that errors mask it.
    pub fn mask(&mut self, secret: &str) {
        self.secrets.push(Zeroizing::new(secret.to_owned()));
    }

    /// Sets the `Authorization` header. It is marked sensitive.
    pub fn authorization(&mut self, value: HeaderValue) {
        self.header(AUTHORIZATION, value);
    }

    /// The request as it is sent, and what masks its secrets in whatever comes back.
    pub(crate) fn encode(self, endpoint: &Uri) -> (Request<Bytes>, Redactor) {
        let mut request = Request::new(self.form.into_bytes());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = endpoint.clone();
        *request.headers_mut() = self.headers;
        (request, Redactor::new(self.secrets))
    }

    fn push(&mut self, piece: &str) {
        self.form.push(piece.as_bytes());
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").finish_non_exhaustive()
    }
}

/// `application/x-www-form-urlencoded`, with `%20` for a space: every server takes that.
const URLENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'*');
/// In a header of the user's.
const SHORTEST_SECRET: usize = 8;
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const ROOM: usize = 512;

#[cfg(test)]
mod tests;
