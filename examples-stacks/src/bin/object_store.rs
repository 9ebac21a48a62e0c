//! `object_store` with a token on every request: an `HttpConnector`, for storage that requires OAuth 2.0.
//!
//! The program puts an object over HTTP (`WebDAV`) and gets it, and the token is revoked in between. S3, GCS and Azure have their own
//! credentials. Their builders take a connector too, for a gateway in front of them.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use alf_reqwest::Client;
use alf_testkit::{Answer, Servers};
use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService,
};
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStoreExt, PutPayload};

/// Timeouts and proxies are those of the client, not those of `ClientOptions`.
#[derive(Clone, Debug)]
struct WithToken(Client);

impl HttpConnector for WithToken {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for WithToken {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        // object_store has it in memory. As bytes, and not as a stream, it can be replayed.
        let body = body.collect().await?.to_bytes();
        let request = http::Request::from_parts(head, body);
        let request = request.try_into().map_err(failed)?;
        let response = self.0.execute(request).await.map_err(failed)?;
        let response = http::Response::from(response);
        Ok(response.map(|body| HttpResponseBody::new(body.map_err(failed))))
    }
}

/// The kind says whether `object_store` may send the request again.
fn failed(error: impl Into<alf_reqwest::Error>) -> HttpError {
    let error = error.into();
    let kind = if let alf_reqwest::Error::Transport(error) = &error {
        if error.is_timeout() {
            HttpErrorKind::Timeout
        } else if error.is_connect() {
            HttpErrorKind::Connect
        } else {
            HttpErrorKind::Request
        }
    } else {
        // Not again: alf has made its attempts.
        HttpErrorKind::Unknown
    };
    HttpError::new(kind, error)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let object = Answer::status(200)
        .header("Last-Modified", "Sun, 29 Nov 2026 12:00:00 GMT")
        .header("ETag", "\"1\"")
        .body("some bytes");
    servers
        .resource
        .answer_at("GET /data/object", object.if_authorized());
    let stored = Answer::status(201).header("ETag", "\"1\"");
    servers
        .resource
        .answer_at("PUT /data/object", stored.if_authorized());

    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()?;
    let store = HttpBuilder::new()
        .with_url(servers.url("/data"))
        .with_http_connector(WithToken(client))
        .build()?;

    let path = Path::from("object");
    store
        .put(&path, PutPayload::from_static(b"some bytes"))
        .await?;
    servers.revoke_all();
    store
        .put(&path, PutPayload::from_static(b"some bytes"))
        .await?;
    let bytes = store.get(&path).await?.bytes().await?;
    println!("got {} bytes", bytes.len());

    let requests = servers.resource.requests();
    let puts = requests.iter().filter(|request| request.method() == "PUT");
    let replayed = puts.filter(|put| put.body() == b"some bytes").count();
    let counts = (
        replayed,
        requests.len(),
        servers.authorization.token_requests(),
    );
    if counts != (3, 4, 2) {
        return Err(format!("unexpected counts: {counts:?}").into());
    }
    println!("Every count is as expected.");
    Ok(())
}
