//! What all requests through one layer share.

use alf_core::TokenManager;
use http::{HeaderMap, Uri};

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) tokens: TokenManager,
    pub(crate) replay_limit: usize,
    /// Of requests whose own URI has no scheme and host.
    pub(crate) base_uri: Option<Uri>,
}

impl Settings {
    pub(crate) fn new(tokens: TokenManager) -> Self {
        Self {
            tokens,
            replay_limit: REPLAY_LIMIT,
            base_uri: None,
        }
    }

    /// Returns the URI that alf checks in place of a request's.
    pub(crate) fn checked_uri<'u>(&'u self, uri: &'u Uri) -> &'u Uri {
        match &self.base_uri {
            Some(base) if uri.authority().is_none() => base,
            Some(_) | None => uri,
        }
    }

    /// Whether a request has the token already: another layer above has put it there.
    pub(crate) fn has_token(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(self.tokens.header_name());
        value.is_some_and(|value| {
            let token = self.tokens.cached_token();
            token.is_some_and(|token| token.header_value() == value)
        })
    }
}

/// Longer than most requests in JSON and most messages of gRPC.
const REPLAY_LIMIT: usize = 64 * 1024;
