//! Metrics for Prometheus: `MetricsObserver`, with metrics-exporter-prometheus.
//!
//! A client obtains a token, and replays a request after the token was revoked. Then the authorization server refuses the
//! next renewal. The program prints the text that Prometheus would scrape. `docs/metrics.md` says what to alert on.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_reqwest::{Client, MetricsObserver};
use alf_testkit::{Answer, Servers};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

// On one thread, so that the counts are complete: callers get their token or error before the observer gets the event.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The recorder first: an observer registers its metrics when it is created. A service would call `install()`, which also
    // listens for Prometheus.
    let prometheus = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(
            Matcher::Full("alf.token.request.duration".into()),
            &[0.01, 0.1, 1.0, 10.0],
        )?
        .install_recorder()?;

    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        // If a program has several clients, each needs its own label.
        .observer(MetricsObserver::with_labels([("client", "things")]))
        .build()?;

    client.get(servers.url("/things")).send().await?;
    servers.revoke_all();
    client.get(servers.url("/things")).send().await?;
    servers.revoke_all();
    let refusal = Answer::oauth_error(401, "invalid_client", "the secret was rotated");
    servers.authorization.answer_always(refusal);
    if client.get(servers.url("/things")).send().await.is_ok() {
        return Err("a request without a token".into());
    }

    let text = prometheus.render();
    println!("{text}");
    for expected in [
        r#"alf_token_requests_total{client="things",outcome="success"} 2"#,
        r#"alf_token_requests_total{client="things",outcome="failure",error_type="invalid_client"} 1"#,
        r#"alf_token_renewals_total{client="things",outcome="failure"} 1"#,
        r#"alf_replays_total{client="things",outcome="accepted"} 1"#,
        r#"alf_token_expires_in_seconds{client="things"} 3600"#,
    ] {
        if !text.contains(expected) {
            return Err(format!("not found: {expected}").into());
        }
    }
    println!("Every count is as expected.");
    Ok(())
}
