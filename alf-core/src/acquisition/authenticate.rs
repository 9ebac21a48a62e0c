//! The client's authentication in a request to the authorization server.

use crate::config::TokenEndpoint;
use crate::error::{Awaited, CurrentlyAwaited};
use crate::ports::Ports;
use crate::{AuthenticationContext, AuthenticationError, CredentialsFingerprint, TokenRequest};

/// Adds the client's authentication to `request`, made anew for this attempt.
pub(super) async fn authenticate(
    ports: &Ports,
    endpoint: &TokenEndpoint,
    attempt: u32,
    awaited: &CurrentlyAwaited,
    request: &mut TokenRequest,
) -> Result<CredentialsFingerprint, AuthenticationError> {
    let context = AuthenticationContext {
        token_endpoint: &endpoint.uri,
        written_endpoint: &endpoint.written,
        issuer: endpoint.issuer.as_deref(),
        client_id: &ports.config.client_id,
        wall_clock: ports.clock.wall(),
        attempt,
        awaited,
    };
    awaited.set(Awaited::Authentication);
    let authentication = ports.config.authentication.as_ref();
    authentication.authenticate(&context, request).await
}
