//! gRPC: alf-tower's layer under a generated tonic client, here that of tonic-health.
//!
//! The client makes three calls. The token is revoked before the second one. Before the third one it is revoked again, and the
//! authorization server refuses the client.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use alf_reqwest::{Client, TokenError};
use alf_testkit::{Answer, AuthorizationServer};
use alf_tower::AuthorizationLayer;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server, Uri};
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let authorization = AuthorizationServer::start();
    let revoked = Arc::new(Mutex::new(None));
    let endpoint = Endpoint::from(start_api(Arc::clone(&revoked))?);

    let tokens = Client::builder(authorization.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()?;
    let layer = AuthorizationLayer::new(tokens)
        .base_uri(endpoint.uri().clone()) // tonic's clients send requests without a host
        .for_grpc();
    let mut client = HealthClient::new(layer.layer(endpoint.connect_lazy()));

    let reply = client.check(HealthCheckRequest::default()).await?;
    println!("first call: {:?}", reply.into_inner().status());

    revoke(&revoked, authorization.last_token());
    let reply = client.check(HealthCheckRequest::default()).await?;
    println!("after a revocation: {:?}", reply.into_inner().status());

    revoke(&revoked, authorization.last_token());
    let refusal = Answer::oauth_error(401, "invalid_client", "the client was disabled");
    authorization.answer_always(refusal);
    let Err(status) = client.check(HealthCheckRequest::default()).await else {
        return Err("a call without a token".into());
    };
    println!("no token: {:?}: {}", status.code(), status.message());
    let error = status
        .source()
        .and_then(|source| source.downcast_ref::<TokenError>());
    let code = error.and_then(TokenError::error_code);

    let token_requests = authorization.token_requests();
    if (token_requests, code) != (3, Some("invalid_client")) {
        return Err(format!("{token_requests} token requests, {code:?}").into());
    }
    println!("Every count is as expected.");
    Ok(())
}

type Revoked = Mutex<Option<String>>;

fn revoke(revoked: &Revoked, token: Option<String>) {
    *revoked.lock().unwrap_or_else(PoisonError::into_inner) = token;
}

/// Starts a server that accepts every token but the revoked one. Returns its URI.
fn start_api(revoked: Arc<Revoked>) -> Result<Uri, Box<dyn Error>> {
    let check = move |request: Request<()>| {
        let header = request.metadata().get("authorization");
        let token = header.and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
        let revoked = revoked.lock().unwrap_or_else(PoisonError::into_inner);
        match token {
            Some(token) if revoked.as_deref() != Some(token) => Ok(request),
            Some(_) | None => Err(Status::unauthenticated("the token is not valid")),
        }
    };
    let (_, health) = tonic_health::server::health_reporter();
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse()?)?;
    let uri = format!("http://{}", incoming.local_addr()?).parse()?;
    let api = InterceptedService::new(health, check);
    tokio::spawn(Server::builder().serve_with_incoming(api, incoming));
    Ok(uri)
}
