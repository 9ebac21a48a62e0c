//! Tests of a program that uses alf: with scripted servers, or with a mock of `TokenTransport`.
//!
//!     cargo test -p examples --bin testing_your_app
//!
//! runs them. `cargo run --bin testing_your_app` prints one report of the program that they test.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_reqwest::Client;
use alf_testkit::Servers;

/// Your app, which reads a report from an API.
struct App {
    client: Client,
    api: String,
}

impl App {
    async fn report(&self) -> Result<String, alf_reqwest::Error> {
        let response = self
            .client
            .get(format!("{}/report", self.api))
            .send()
            .await?;
        Ok(response.error_for_status()?.text().await?)
    }
}

fn app(servers: &Servers) -> Result<App, alf_reqwest::ConfigError> {
    Ok(App {
        client: Client::builder(servers.token_endpoint())
            .client_secret("client-id", "secret")
            .build()?,
        api: servers.resource.origin(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    println!("{}", app(&servers)?.report().await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use alf_core::{ExchangeError, ExchangeOptions, TokenErrorKind, TokenTransport};
    use alf_testkit::Answer;
    use bytes::Bytes;
    use http::{Request, Response, StatusCode};
    use mockall::mock;

    use super::*;

    mock! {
        Endpoint {}

        #[async_trait::async_trait]
        impl TokenTransport for Endpoint {
            async fn exchange(
                &self,
                request: Request<Bytes>,
                options: &ExchangeOptions,
            ) -> Result<Response<Bytes>, ExchangeError>;
        }
    }

    #[tokio::test]
    async fn the_app_survives_a_revoked_token() {
        let servers = Servers::start();
        let app = app(&servers).unwrap();
        app.report().await.unwrap();

        servers.revoke_all();
        app.report().await.unwrap();
        assert_eq!(
            servers.authorization.token_requests(),
            2,
            "{}",
            servers.report()
        );
    }

    #[tokio::test]
    async fn the_app_survives_two_failures_of_the_authorization_server() {
        let servers = Servers::start();
        servers.authorization.answer_next_n(2, Answer::status(503));
        app(&servers).unwrap().report().await.unwrap();
        assert_eq!(
            servers.authorization.token_requests(),
            3,
            "{}",
            servers.report()
        );
    }

    #[tokio::test]
    async fn the_app_returns_an_error_when_the_api_is_broken() {
        let servers = Servers::start();
        servers.resource.answer_always(Answer::status(500));
        let error = app(&servers).unwrap().report().await.unwrap_err();
        assert!(error.to_string().contains("500"), "{error}");
    }

    /// Without a socket: the mock is the token endpoint.
    #[tokio::test]
    async fn a_refused_client_gets_an_error() {
        let mut endpoint = MockEndpoint::new();
        endpoint.expect_exchange().times(1).returning(|_, _| {
            let mut response = Response::new(Bytes::from_static(br#"{"error":"invalid_client"}"#));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        });
        let tokens = alf_core::Client::builder("https://auth.example.com/token")
            .client_secret("client-id", "secret")
            .build_tokens(endpoint)
            .unwrap();
        let error = tokens.token().await.unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
    }
}
