//! One request to the authorization server, with the client's authentication.

use std::sync::Arc;

use http::{StatusCode, Uri};

use crate::config::TokenEndpoint;
use crate::error::{Activity, Cause, CurrentActivity};
use crate::machine::Moment;
use crate::ports::Ports;
use crate::secret::wipe;
use crate::token::Grant;
use crate::wire::{Redactor, clock_difference, token_response};
use crate::{AuthenticationContext, CredentialsFingerprint, ExchangeOptions, TokenRequest};

use super::failure::{MAX_RESPONSE, authentication_failed, no_response};

/// What an attempt authenticated with.
pub(super) struct Credentials {
    pub(super) endpoint: Arc<TokenEndpoint>,
    pub(super) fingerprint: CredentialsFingerprint,
}

/// The answer to a token request or a revocation.
pub(super) struct ServerAnswer {
    pub(super) status: StatusCode,
    pub(super) grant: Result<Grant, Cause>,
    pub(super) redactor: Redactor,
}

/// Adds the client's authentication to `request`, made anew for this attempt.
pub(super) async fn authenticate(
    ports: &Ports,
    endpoint: &TokenEndpoint,
    attempt: u32,
    activity: &CurrentActivity,
    request: &mut TokenRequest,
) -> Result<CredentialsFingerprint, Cause> {
    let context = AuthenticationContext {
        token_endpoint: &endpoint.uri,
        written_endpoint: &endpoint.written,
        issuer: endpoint.issuer.as_deref(),
        client_id: &ports.config.client_id,
        wall_clock: ports.clock.wall(),
        attempt,
        activity,
    };
    activity.set(Activity::Authentication);
    let authentication = ports.config.authentication.as_ref();
    let credentials = authentication.authenticate(&context, request).await;
    credentials.map_err(authentication_failed)
}

/// Sends `request` and decodes the answer.
pub(super) async fn exchange(
    ports: &Ports,
    endpoint: &Uri,
    until: Moment,
    activity: &CurrentActivity,
    request: TokenRequest,
) -> Result<ServerAnswer, Cause> {
    let credentials_check = request.credentials_check;
    let asserted_at = request.asserted_at;
    let (request, redactor) = request.encode(endpoint);
    let options = ExchangeOptions::new(MAX_RESPONSE, until.saturating_since(ports.now()));
    activity.set(Activity::Response);
    let response = ports.token_transport.exchange(request, &options).await;
    let response = response.map_err(|error| no_response(error, &redactor))?;
    let now = ports.clock.wall();
    let grant = token_response::decode(&response, &redactor, now).map_err(|cause| {
        let difference = asserted_at.and_then(|at| clock_difference(response.headers(), at, now));
        cause
            .with_credentials_check(credentials_check)
            .with_clock_difference(difference)
    });
    let status = response.status();
    wipe(response.into_body());
    Ok(ServerAnswer {
        status,
        grant,
        redactor,
    })
}
