//! The layer: the same settings as over HTTP.

use std::sync::Arc;

use tower_layer::Layer;

use crate::AuthorizationLayer;
use crate::clone_service::CloneService;
use crate::settings::Settings;

use super::service::GrpcAuthorization;

/// Puts an OAuth 2.0 token on every gRPC call, for clients of tonic. [`AuthorizationLayer::for_grpc`] returns it.
///
/// # What rejects a token
///
/// | the server answers | alf |
/// | --- | --- |
/// | HTTP 200 with `grpc-status: 16` (`UNAUTHENTICATED`) and no message | renews the token and replays the call |
/// | HTTP 401, for example from a proxy | does the same |
/// | `grpc-status: 16` in the trailers, after a message or after the headers | renews the token, and returns the status |
/// | `grpc-status: 7` (`PERMISSION_DENIED`), or another status | returns the status |
///
/// A call is replayed if its messages have at most [`replay_limit`](AuthorizationLayer::replay_limit) bytes, and its client stream
/// has ended, as in every unary call. Other calls return the status, and the next call has a new token. Bidirectional streams work:
/// the layer holds no message back.
///
/// # Metadata, deadlines and cancellation
///
/// The replay has the same metadata as the call. The deadline of the call (`grpc-timeout`) includes the wait for a token and the
/// replay. When it has passed, the call ends with the status `CANCELLED`, as it does with tonic's channel alone. Dropping the future
/// of the call cancels the call.
///
/// # Errors
///
/// The error of a call is a [`tonic::Status`]. tonic's clients return it as it is.
///
/// - `UNAVAILABLE` if no token could be obtained, and [a retry may succeed](alf_core::TokenError::is_transient).
/// - `UNAUTHENTICATED` if no token could be obtained for another reason, or the token must not be sent to the origin of the request.
/// - The status into which tonic converts the error of the service under the layer.
///
/// In the first two cases, [`source()`](std::error::Error::source) is the [`TokenError`](alf_core::TokenError), or the
/// [`NotAllowed`](alf_core::NotAllowed).
///
/// # Examples
///
/// ```
/// use alf_tower::AuthorizationLayer;
/// use tonic::transport::{Channel, Endpoint};
/// use tower::Layer;
///
/// # struct GreeterClient<T>(T);
/// # impl<T: tonic::client::GrpcService<tonic::body::Body>> GreeterClient<T> { fn new(service: T) -> Self { Self(service) } }
/// fn example(tokens: alf_core::TokenManager) {
///     let endpoint = Channel::from_static("https://api.example.com");
///     let layer = AuthorizationLayer::new(tokens).base_uri(endpoint.uri().clone()).for_grpc();
///     let client = GreeterClient::new(layer.layer(endpoint.connect_lazy()));
///     # let _ = client;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct GrpcAuthorizationLayer {
    settings: Settings,
}

impl AuthorizationLayer {
    /// Returns this layer for gRPC: for a channel of tonic, or another service that takes requests with `tonic::body::Body`.
    ///
    /// tonic's clients send requests without a scheme and a host. Set [`base_uri`](Self::base_uri) to the URI of the channel.
    #[cfg_attr(docsrs, doc(cfg(feature = "grpc")))]
    pub fn for_grpc(self) -> GrpcAuthorizationLayer {
        GrpcAuthorizationLayer {
            settings: self.settings,
        }
    }
}

impl<S: CloneService> Layer<S> for GrpcAuthorizationLayer {
    type Service = GrpcAuthorization<S>;

    fn layer(&self, inner: S) -> GrpcAuthorization<S> {
        GrpcAuthorization::new(inner, Arc::new(self.settings.clone()))
    }
}
