//! An authorization server without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::{ExchangeError, ExchangeOptions, Runtime, TokenManager, TokenTransport};
use alf_tower::AuthorizationLayer;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Answers token requests with `token-1`, `token-2`, …
#[derive(Clone, Default)]
pub(crate) struct Issuer {
    issued: Arc<AtomicUsize>,
    /// Up to which number tokens are revoked.
    revoked: Arc<AtomicUsize>,
}

impl Issuer {
    pub(crate) fn tokens(&self, runtime: impl Runtime) -> TokenManager {
        AuthorizationLayer::builder("https://auth.example.com/token")
            .client_secret("client-id", "secret")
            .runtime(runtime)
            .build_tokens(self.clone())
            .unwrap()
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.issued.load(Ordering::SeqCst)
    }

    pub(crate) fn revoke(&self) {
        self.revoked.store(self.token_requests(), Ordering::SeqCst);
    }

    pub(crate) fn accepts(&self, authorization: &str) -> bool {
        let number = authorization.strip_prefix("Bearer token-").unwrap_or("0");
        number.parse::<usize>().unwrap() > self.revoked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl TokenTransport for Issuer {
    async fn exchange(
        &self,
        _: Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = format!(r#"{{"access_token":"token-{number}","expires_in":3600}}"#);
        Ok(Response::new(answer.into()))
    }
}
