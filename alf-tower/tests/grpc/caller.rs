//! A client of tonic with the layer under it.

use alf_core::{TokenManager, TokioRuntime};
use alf_testkit::VirtualTime;
use alf_tower::{AuthorizationLayer, GrpcAuthorization};
use http::Uri;
use http::uri::PathAndQuery;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{IntoRequest, IntoStreamingRequest, Status, Streaming};
use tower::Layer;

use crate::api::{Api, Rejecting};
use crate::codec::Text;

/// Clones share the connection and the token.
#[derive(Clone)]
pub(crate) struct Caller {
    grpc: Grpc<GrpcAuthorization<Channel>>,
}

/// A server, and a caller that has a token of it.
pub(crate) async fn start(rejecting: Rejecting) -> (Api, Caller) {
    let (api, caller, _) = start_on(VirtualTime::on(TokioRuntime::new()), rejecting).await;
    (api, caller)
}

pub(crate) async fn start_on(
    time: VirtualTime,
    rejecting: Rejecting,
) -> (Api, Caller, TokenManager) {
    let (api, uri) = Api::start(rejecting);
    let tokens = api.issuer.tokens(time);
    tokens.token().await.unwrap();
    let caller = Caller::new(tokens.clone(), uri);
    (api, caller, tokens)
}

impl Caller {
    pub(crate) fn new(tokens: TokenManager, uri: Uri) -> Self {
        let layer = AuthorizationLayer::new(tokens)
            .base_uri(uri.clone())
            .for_grpc();
        let channel = Endpoint::from(uri).connect_lazy();
        Self {
            grpc: Grpc::new(layer.layer(channel)),
        }
    }

    pub(crate) async fn unary(
        &mut self,
        path: &'static str,
        request: impl IntoRequest<String>,
    ) -> Result<String, Status> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static(path);
        let response = self.grpc.unary(request.into_request(), path, Text).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn client_streaming(
        &mut self,
        messages: impl IntoStreamingRequest<Message = String>,
    ) -> Result<String, Status> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static("/api/client-stream");
        let messages = messages.into_streaming_request();
        let response = self.grpc.client_streaming(messages, path, Text).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn server_streaming(
        &mut self,
        message: &str,
    ) -> Result<Streaming<String>, Status> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static("/api/server-stream");
        let request = tonic::Request::new(message.to_owned());
        let response = self.grpc.server_streaming(request, path, Text).await?;
        Ok(response.into_inner())
    }

    pub(crate) async fn streaming(
        &mut self,
        messages: impl IntoStreamingRequest<Message = String>,
    ) -> Result<Streaming<String>, Status> {
        self.grpc.ready().await?;
        let path = PathAndQuery::from_static("/api/both");
        let messages = messages.into_streaming_request();
        let response = self.grpc.streaming(messages, path, Text).await?;
        Ok(response.into_inner())
    }
}

pub(crate) fn text(text: &str) -> tonic::Request<String> {
    tonic::Request::new(text.to_owned())
}
