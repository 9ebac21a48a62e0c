//! What the layer adds to a call that goes well: a request without a body, to a service that answers at once.
//!
//! `cargo bench -p alf-tower` prints nanoseconds and allocations of one call of the bare service, with a token that does not
//! change, and of one call through the layer. Compare the medians. `tests/allocations.rs` holds the allocations.

#![expect(clippy::expect_used, reason = "a benchmark may fail")]

use alf_tower::AuthorizationLayer;
use divan::{AllocProfiler, Bencher};
use futures_util::FutureExt;
use tower::Layer;

use service::{Answer, get, tokens};

#[path = "../tests/support/service.rs"]
mod service;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

#[divan::bench(sample_size = 1_000, sample_count = 200)]
fn bare(bencher: Bencher<'_, '_>) {
    let token = pollster::block_on(tokens().token()).expect("the issuer answers");
    bencher
        .with_inputs(|| {
            let mut request = get();
            let value = token.header_value().clone();
            request.headers_mut().insert("authorization", value);
            request
        })
        .bench_values(|request| service::call(&mut Answer, request).now_or_never());
}

#[divan::bench(sample_size = 1_000, sample_count = 200)]
fn layered(bencher: Bencher<'_, '_>) {
    let tokens = tokens();
    pollster::block_on(tokens.token()).expect("the issuer answers");
    let service = AuthorizationLayer::new(tokens).layer(Answer);
    bencher
        .with_inputs(|| (service.clone(), get()))
        .bench_values(|(mut service, request)| service::call(&mut service, request).now_or_never());
}
