//! A Kubernetes API with tokens from an authorization server (OIDC): the layer of alf-tower, in a stack like kube's.
//!
//! The requests have no scheme and host. A service below the layer adds the URL of the cluster, so `base_uri` is set to it. With kube, give
//! the stack to `kube::Client::new(service, namespace)` in place of `ClientBuilder::try_from(config)`, and leave `config.auth_info`
//! empty.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use alf_testkit::{Answer, Servers};
use alf_tower::{AuthorizationLayer, BoxError, ReplayBody};
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::util::MapRequestLayer;
use tower::{ServiceBuilder, ServiceExt};

type Body = ReplayBody<Full<Bytes>>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let servers = Servers::start();
    let pods = Answer::json(200, r#"{"kind":"PodList","items":[]}"#);
    let path = "/api/v1/namespaces/default/pods";
    servers.resource.answer_at(path, pods.if_authorized());

    let tokens = alf_reqwest::Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .audience("kubernetes")
        .build_tokens()?;
    let cluster: Uri = servers.url("/").parse()?;
    let to_cluster = MapRequestLayer::new({
        let cluster = cluster.clone();
        move |request: Request<Body>| at(&cluster, request)
    });
    let service = ServiceBuilder::new()
        .layer(AuthorizationLayer::new(tokens).base_uri(cluster))
        .layer(to_cluster)
        .service(Client::builder(TokioExecutor::new()).build_http::<Body>());

    for _ in 0..2 {
        let request = Request::get(path).body(Full::default())?;
        let response = service.clone().oneshot(request).await?;
        println!("{}", response.status());
        let body = response.into_body().collect().await?.to_bytes();
        println!("{}", String::from_utf8_lossy(&body));
        servers.revoke_all();
    }

    let counts = (
        servers.resource.request_count(),
        servers.authorization.token_requests(),
    );
    if counts != (3, 2) {
        return Err(format!("unexpected counts: {counts:?}").into());
    }
    println!("Every count is as expected.");
    Ok(())
}

/// The request at the cluster's scheme and host.
fn at(cluster: &Uri, mut request: Request<Body>) -> Request<Body> {
    let mut parts = cluster.clone().into_parts();
    let path = request.uri().path_and_query().cloned();
    parts.path_and_query = Some(path.unwrap_or(PathAndQuery::from_static("/")));
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
