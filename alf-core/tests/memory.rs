//! The memory of alf after many renewals. A program of its own, because it measures that of its process.

#![cfg(target_os = "linux")]

use std::future::pending;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use alf_core::{
    BoxFuture, Client, ExchangeError, ExchangeOptions, Moment, Origin, Runtime, TokenTransport,
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use pollster::block_on;

/// Runs each task inside of `spawn`. Its clock is that of the test.
#[derive(Default)]
struct Inline(Mutex<Duration>);

impl Inline {
    fn elapsed(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += duration;
    }
}

impl Runtime for Inline {
    fn now(&self) -> Moment {
        Moment::START + self.elapsed()
    }

    fn wall_clock(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn sleep(&self, _: Duration) -> BoxFuture {
        Box::pin(pending())
    }

    fn spawn(&self, task: BoxFuture) {
        block_on(task);
    }
}

/// Issues a new token for each request.
#[derive(Default)]
struct Issues(AtomicU64);

#[async_trait]
impl TokenTransport for Issues {
    async fn exchange(
        &self,
        _: Request<Bytes>,
        _: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let token = format!(r#"{{"access_token":"token-{number}","expires_in":1000}}"#);
        Ok(Response::new(Bytes::from(token)))
    }
}

/// The memory of this process, in KiB.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn x5_memory_is_flat_over_thousands_of_renewals() {
    let runtime = Arc::new(Inline::default());
    let tokens = Client::builder("https://auth.example.com/token")
        .client_secret("client-id", "secret")
        .runtime(Arc::clone(&runtime))
        .build_tokens(Issues::default())
        .unwrap();
    // A renewal for each, because the token has expired, or because one of many APIs rejects it.
    let renew = |rounds: u32| {
        for round in 0..rounds {
            runtime.advance(Duration::from_secs(1000));
            let token = block_on(tokens.token()).unwrap();
            let origin = format!("https://api-{}.example.com", round % 500);
            tokens.reject_by(&token, &Origin::parse(&origin).unwrap());
            let next = block_on(tokens.token()).unwrap();
            assert_ne!(next.generation(), token.generation());
        }
    };
    renew(500);
    let before = resident().unwrap();
    renew(1000);
    let grown = resident().unwrap().saturating_sub(before);
    assert!(grown < 64, "by {grown} KiB");
}
