//! What alf costs a request that goes well: the header for the token that is held.
//!
//! `cargo bench -p alf-core` prints nanoseconds and allocations of one call, at one and at two
//! threads. Read the medians; at two threads they should be what they are at one. Allocations are
//! printed where there are any.

#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark: it may fail, and it compares with a precise clock"
)]

use std::sync::LazyLock;

use alf_core::{Client, ExchangeError, ThreadRuntime, TokenManager};
use bytes::Bytes;
use divan::{AllocProfiler, Bencher};
use futures_util::FutureExt;
use http::{Request, Response};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

static TOKENS: LazyLock<TokenManager> = LazyLock::new(with_a_token);

fn main() {
    divan::main();
}

/// The whole public path: the future made, polled, and its header looked at.
#[divan::bench(threads = [1, 2], sample_size = 10_000, sample_count = 200)]
fn token(bencher: Bencher<'_, '_>) {
    LazyLock::force(&TOKENS);
    bencher.bench(|| {
        TOKENS
            .token()
            .now_or_never()
            .and_then(Result::ok)
            .map(|token| token.header_value().len())
    });
}

/// The same, and the header value cloned, as it is put on a request.
#[divan::bench(threads = [1, 2], sample_size = 10_000, sample_count = 200)]
fn token_and_header(bencher: Bencher<'_, '_>) {
    LazyLock::force(&TOKENS);
    bencher.bench(|| {
        TOKENS
            .token()
            .now_or_never()
            .and_then(Result::ok)
            .map(|token| token.header_value().clone())
    });
}

/// To compare: reading a precise clock, which alf does not.
#[divan::bench(threads = [1, 2], sample_size = 10_000, sample_count = 200)]
fn instant_now() -> std::time::Instant {
    std::time::Instant::now()
}

fn with_a_token() -> TokenManager {
    let tokens = Client::builder("https://auth.example.com/token")
        .client_secret("client-id", "secret")
        .runtime(ThreadRuntime::new())
        .build_tokens(alf_core::from_fn(alf_core::Redirects::NotFollowed, answer))
        .expect("the settings are right");
    pollster::block_on(tokens.token()).expect("the closure gives a token");
    tokens
}

async fn answer(
    _request: Request<Bytes>,
) -> Result<Response<http_body_util::Full<Bytes>>, ExchangeError> {
    let body =
        r#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":86400}"#;
    Ok(Response::new(Bytes::from_static(body.as_bytes()).into()))
}
