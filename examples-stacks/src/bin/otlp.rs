//! An OpenTelemetry exporter whose collector requires a token: `opentelemetry_http::HttpClient`.
//!
//! The exporter calls its client on its own threads, without an async runtime, so the client is the blocking one. The program exports
//! three spans, and the token is revoked in between.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_reqwest::blocking::Client;
use alf_testkit::Servers;
use async_trait::async_trait;
use bytes::Bytes;
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;

#[derive(Debug)]
struct WithToken(Client);

#[async_trait]
impl HttpClient for WithToken {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut response = self.0.execute(request.try_into()?)?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        *answer.body_mut() = response.bytes()?;
        Ok(answer)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    // A client of its own, without tracing: its spans would be exported, by another request, and so on.
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(WithToken(client))
        .with_endpoint(servers.url("/v1/traces"))
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter)
        .build();
    let tracer = provider.tracer("example");

    for name in ["first", "second", "third"] {
        tracer.in_span(name, |_| ());
        if name == "first" {
            servers.revoke_all();
        }
    }
    provider.shutdown()?;

    let counts = (
        servers.resource.request_count(),
        servers.authorization.token_requests(),
    );
    println!("requests to the collector, token requests: {counts:?}");
    if counts != (4, 2) {
        return Err("the spans of three requests, and one replay, were expected".into());
    }
    println!("Every count is as expected.");
    Ok(())
}
