//! reqwest-middleware: reqwest-retry, reqwest-tracing and alf in one client, in the right order.
//!
//! Retry is first, so that it wraps all others: each retry has its own span, and the current token. alf is last:
//! `with_middleware` always puts it there. The API fails once, then the token is revoked. The program prints the spans.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use alf_reqwest::Client;
use alf_testkit::{Answer, Servers};
use reqwest_retry::policies::ExponentialBackoff;
use reqwest_retry::{RetryError, RetryTransientMiddleware};
use reqwest_tracing::TracingMiddleware;
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .init();
    let servers = Servers::start();
    let retries = ExponentialBackoff::builder()
        .retry_bounds(Duration::from_millis(10), Duration::from_millis(100))
        .build_with_max_retries(3);

    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?
        .with_middleware(|stack| {
            stack
                .with(RetryTransientMiddleware::new_with_policy(retries))
                .with(TracingMiddleware::default())
        });

    // A 503: reqwest-retry sends it again. Two requests.
    servers.resource.answer_next(Answer::status(503));
    let response = client.get(servers.url("/things")).send().await?;
    println!("after a 503: {}", response.status());

    // A 401: alf renews the token and replays the request. Two requests, and no retry.
    servers.revoke_all();
    let response = client.get(servers.url("/things")).send().await?;
    println!("after a 401: {}", response.status());

    // No token: an error of alf, which reqwest-retry does not retry. alf has made its attempts.
    servers.revoke_all();
    let refusal = Answer::oauth_error(401, "invalid_client", "the secret was rotated");
    servers.authorization.answer_always(refusal);
    let error = client.get(servers.url("/things")).send().await.err();
    let error = error.as_ref().and_then(error_of_alf);
    println!("without a token: {}", error.ok_or("not an error of alf")?);

    let counts = (
        servers.resource.request_count(),
        servers.authorization.token_requests(),
    );
    if counts != (2 + 2 + 1, 3) {
        return Err(format!("unexpected counts: {counts:?}").into());
    }
    println!("Every count is as expected.");
    Ok(())
}

/// The error of alf in an error of the client. reqwest-retry wraps each error once more.
fn error_of_alf(error: &reqwest_middleware::Error) -> Option<&alf_reqwest::Error> {
    let reqwest_middleware::Error::Middleware(error) = error else {
        return None;
    };
    match error.downcast_ref() {
        Some(RetryError::Error(inner) | RetryError::WithRetries { err: inner, .. }) => {
            error_of_alf(inner)
        }
        None => error.downcast_ref(),
    }
}
