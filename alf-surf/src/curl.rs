//! HTTP by curl, through isahc 0.9, surf's own.

use std::fmt;

use async_trait::async_trait;
use futures_util::io::BufReader;
use http_client::{Config, HttpClient};
use isahc::config::Configurable;
use isahc::http as isahc_http;
use surf::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue};
use surf::http::{Body, Request, Response, StatusCode};

use crate::guard::origin;

/// The back end of the feature `curl-client`, to be put under a `surf::Client` of your own.
///
/// It speaks by isahc 0.9 and curl, as surf's `IsahcClient` does, and differs from that one so: the
/// answer to a `HEAD` does not wait for a body, a header may have several values, and a response
/// with headers that are not ASCII, or with a status that surf does not know, does not panic.
///
/// What else isahc 0.9 cannot do, it cannot either: a response comes only with the first byte of its
/// body, and one that breaks off before is an error.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use alf_surf::isahc::{HttpClient, config::Configurable};
/// use alf_surf::{Client, CurlClient, surf};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let curl = HttpClient::builder().timeout(Duration::from_secs(5)).build()?;
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .http_client(surf::Client::with_http_client(CurlClient::from_isahc(curl)))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[must_use = "a back end does nothing by itself"]
pub struct CurlClient {
    client: isahc::HttpClient,
    config: Config,
    proxy_on_loopback: ProxyOnLoopback,
}

/// T8, X2: a secret or a token may go over plain `http` to loopback, because it does not leave the machine.
/// A proxy of the environment would be, and curl sends loopback through it too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ProxyOnLoopback {
    /// The user's client keeps its settings.
    AsSet,
    Never,
}

impl CurlClient {
    /// Over an `isahc::HttpClient` of yours. It must not follow redirects: alf does not see where
    /// they lead. Its proxy, also that of the environment, is used on loopback too: give it
    /// `proxy(None)` or a `proxy_blacklist` where that must not read the token.
    pub fn from_isahc(client: isahc::HttpClient) -> Self {
        Self {
            client,
            config: Config::new(),
            proxy_on_loopback: ProxyOnLoopback::AsSet,
        }
    }

    /// One of alf's own, which goes past every proxy on loopback.
    pub(crate) fn own(config: Config) -> Result<Self, isahc::Error> {
        Ok(Self {
            client: with_config(&config)?,
            config,
            proxy_on_loopback: ProxyOnLoopback::Never,
        })
    }
}

#[async_trait]
impl HttpClient for CurlClient {
    async fn send(&self, request: Request) -> surf::Result<Response> {
        let past_proxy =
            self.proxy_on_loopback == ProxyOnLoopback::Never && origin(request.url()).is_loopback();
        let response = self.client.send_async(to_isahc(request, past_proxy)?);
        let response = response.await?;
        to_surf(response)
    }

    fn set_config(&mut self, config: Config) -> surf::Result<()> {
        self.client = with_config(&config)?;
        self.config = config;
        Ok(())
    }

    fn config(&self) -> &Config {
        &self.config
    }
}

fn with_config(config: &Config) -> Result<isahc::HttpClient, isahc::Error> {
    let mut client =
        isahc::HttpClient::builder().max_connections_per_host(config.max_connections_per_host);
    if !config.http_keep_alive {
        client = client.connection_cache_size(0);
    }
    if config.tcp_no_delay {
        client = client.tcp_nodelay();
    }
    if let Some(timeout) = config.timeout {
        client = client.timeout(timeout);
    }
    client.build()
}

fn to_isahc(
    mut request: Request,
    past_proxy: bool,
) -> surf::Result<isahc_http::Request<isahc::Body>> {
    let mut built = isahc_http::Request::builder()
        .method(request.method().as_ref())
        .uri(request.url().as_str());
    if past_proxy {
        built = built.proxy(None);
    }
    for (name, values) in &request {
        for value in values {
            built = built.header(name.as_str(), value.as_str());
        }
    }
    let body = request.take_body();
    let body = match body.len() {
        Some(0) => isahc::Body::empty(),
        Some(length) => isahc::Body::from_reader_sized(body, length as u64),
        None => isahc::Body::from_reader(body),
    };
    Ok(built.body(body)?)
}

fn to_surf(response: isahc_http::Response<isahc::Body>) -> surf::Result<Response> {
    let (head, body) = response.into_parts();
    let mut response = Response::new(StatusCode::try_from(head.status.as_u16())?);
    for (name, value) in &head.headers {
        // What does not fit is left out.
        let value = HeaderValue::from_bytes(value.as_bytes().to_vec());
        let name = HeaderName::from_bytes(name.as_str().into());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.append_header(name, value);
        }
    }
    let had_type = response.header(CONTENT_TYPE).is_some();
    response.set_body(Body::from_reader(BufReader::new(body), None));
    if !had_type {
        // surf sets one with every change of the body.
        response.remove_header(CONTENT_TYPE);
    }
    Ok(response)
}

impl fmt::Debug for CurlClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurlClient").finish_non_exhaustive()
    }
}
