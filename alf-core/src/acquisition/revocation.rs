//! Revokes a token at the authorization server (RFC 7009).

use std::sync::Arc;

use http::Uri;

use crate::config::{Server, TokenEndpoint, shown_endpoint};
use crate::error::{Cause, ErrorDetails};
use crate::machine::{Failure, Moment};
use crate::ports::Ports;
use crate::wire::token_response;
use crate::{
    ExchangeOptions, RevokeError, TimeoutPhase, Token, TokenError, TokenErrorKind, TokenRequest,
};

use super::authenticate::authenticate;
use super::failure::MAX_RESPONSE;
use super::failure::{authentication_failed, no_response};

/// Sends one revocation request, and waits `attempt_timeout` for its answer at most.
pub(crate) async fn revoke(ports: &Ports, token: &Token) -> Result<(), RevokeError> {
    let known = match &ports.config.server {
        Server::Endpoint(endpoint) => Some(Arc::clone(endpoint)),
        Server::Issuer(_) => ports.server.metadata.endpoint(),
    };
    let token_endpoint = known.ok_or(RevokeError::NoEndpoint)?;
    let configured = ports.config.revocation_endpoint.as_ref();
    let endpoint = configured
        .or(token_endpoint.revocation.as_ref())
        .ok_or(RevokeError::NoEndpoint)?;
    let started_at = ports.now();
    let timeout = ports.config.attempt_timeout;
    let exchange = exchange(
        ports,
        &token_endpoint,
        endpoint,
        token,
        started_at + timeout,
    );
    let result = ports.within(timeout, exchange).await;
    let timed_out = || {
        let kind = TokenErrorKind::Timeout(TimeoutPhase::Attempt);
        Err(Cause::new(kind, Failure::TRANSIENT))
    };
    result.unwrap_or_else(timed_out).map_err(|cause| {
        RevokeError::Failed(TokenError::new(ErrorDetails {
            cause,
            request: "revocation request",
            endpoint: shown_endpoint(endpoint),
            target: None,
            attempts: 1,
            elapsed: ports.now().saturating_since(started_at),
            retry_at: None,
        }))
    })
}

async fn exchange(
    ports: &Ports,
    token_endpoint: &TokenEndpoint,
    endpoint: &Uri,
    token: &Token,
    until: Moment,
) -> Result<(), Cause> {
    let mut request = TokenRequest::revocation(token, &ports.config.headers);
    authenticate(ports, token_endpoint, 1, &mut request)
        .await
        .map_err(authentication_failed)?;
    let (request, redactor) = request.encode(endpoint);
    let options = ExchangeOptions::new(MAX_RESPONSE, until.saturating_since(ports.now()));
    let transport = ports.token_transport.as_ref();
    let response = transport
        .exchange(request, &options)
        .await
        .map_err(|error| no_response(error, &redactor))?;
    // RFC 7009 §2.2: the body of a success has no meaning.
    if response.status().is_success() {
        return Ok(());
    }
    match token_response::decode(&response, &redactor, ports.clock.wall()) {
        Ok(_) => Ok(()),
        Err(cause) => Err(cause),
    }
}
