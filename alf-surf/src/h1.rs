//! HTTP/1.1 by async-h1, surf's own, on a connection for each request.

use std::fmt;
use std::time::Duration;

use async_std::future::timeout;
use async_std::net::TcpStream;
use async_trait::async_trait;
use futures_util::io::{AsyncRead, AsyncWrite};
use http_client::{Config, HttpClient};
use surf::http::headers::{AUTHORIZATION, CONNECTION, HeaderValue};
use surf::http::{Request, Response, Url};
use zeroize::Zeroizing;

use crate::discard::ClosesItself;
use crate::wire::Wire;

/// The back end of the features `h1-client` and `h1-client-no-tls`, to be put under a
/// `surf::Client` of your own.
///
/// It speaks by async-h1, as surf's `H1Client` does, and differs from that one so:
///
/// - It keeps no connections. surf's pool mixes answers up (see [`Client::builder`]).
/// - The `Authorization` does not show in the log.
/// - Headers that are not ASCII, or longer than 4 KiB, are left out, where async-h1 fails or
///   panics; and a 1xx is not taken for the response. More than 64 KiB of them are an error.
///
/// - A header of the request with a line end in it is an error, and nothing is sent.
///
/// What else async-h1 cannot do, it cannot either: a body without `Content-Length` that ends with
/// its connection is read as empty, HTTP/1.0 is refused, and so is a head of more than 8 KiB. It
/// writes the whole body before it reads: if a server answers 401 to a large upload and does not
/// read it, that is a broken pipe or a timeout, and the token is not renewed.
///
/// [`Client::builder`]: crate::Client::builder
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use alf_surf::{Client, H1Client, surf};
///
/// let http_client = surf::Client::with_http_client(
///     H1Client::new().timeout(Some(Duration::from_secs(5))),
/// );
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .http_client(http_client)
///     .build()?;
/// # let _ = client;
/// # Ok::<(), alf_surf::ConfigError>(())
/// ```
#[must_use = "a back end does nothing by itself"]
pub struct H1Client {
    config: Config,
    #[cfg(feature = "h1-client")]
    tls: async_native_tls::TlsConnector,
}

impl H1Client {
    /// With surf's defaults, and the certificates of the system.
    pub fn new() -> Self {
        Self {
            config: Config::new(),
            #[cfg(feature = "h1-client")]
            tls: async_native_tls::TlsConnector::new(),
        }
    }

    /// The longest that a request may take until the head of its response is there. Default: 60 s.
    pub fn timeout(mut self, timeout: Option<Duration>) -> Self {
        self.config.timeout = timeout;
        self
    }

    /// How to speak TLS: with other certificates, say. Needs the feature `h1-client`.
    #[cfg(feature = "h1-client")]
    pub fn tls(mut self, tls: async_native_tls::TlsConnector) -> Self {
        self.tls = tls;
        self
    }

    async fn exchange(&self, request: Request) -> surf::Result<Response> {
        if has_broken_header(&request) {
            return Err(surf::Error::from_str(
                400,
                "a header of the request has a line end or a NUL in it",
            ));
        }
        let url = request.url();
        match url.scheme() {
            "http" => speak(connect(url).await?, request).await,
            #[cfg(feature = "h1-client")]
            "https" => {
                let host = url.host_str().unwrap_or_default().to_owned();
                let stream = connect(url).await?;
                speak(self.tls.connect(host, stream).await?, request).await
            }
            #[cfg(not(feature = "h1-client"))]
            "https" => Err(surf::Error::from_str(
                400,
                "this build of alf-surf speaks no TLS: enable one of its features curl-client \
                 and h1-client",
            )),
            _ => Err(surf::Error::from_str(
                400,
                "the URL is not an http or https one",
            )),
        }
    }
}

#[async_trait]
impl HttpClient for H1Client {
    async fn send(&self, request: Request) -> surf::Result<Response> {
        let exchange = self.exchange(request);
        let mut response = match self.config.timeout {
            Some(time) => timeout(time, exchange).await??,
            None => exchange.await?,
        };
        response.ext_mut().insert(ClosesItself);
        Ok(response)
    }

    fn set_config(&mut self, config: Config) -> surf::Result<()> {
        self.config = config;
        Ok(())
    }

    fn config(&self) -> &Config {
        &self.config
    }
}

async fn connect(url: &Url) -> surf::Result<TcpStream> {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = url.port_or_known_default().unwrap_or_default();
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn speak<S>(stream: S, mut request: Request) -> surf::Result<Response>
where
    S: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static,
{
    let secret_lines = secret_lines(&mut request);
    // As surf does: to one that says `close`, some servers send a body without a length, which
    // async-h1 takes for none.
    request.insert_header(CONNECTION, "keep-alive");
    async_h1::client::connect(Wire::new(stream, secret_lines), request).await
}

/// async-h1 writes headers as they are: what is behind a line end would be a header of its own, or
/// another request (RFC 9110 §5.5).
fn has_broken_header(request: &Request) -> bool {
    let is_broken = |text: &str| text.contains(['\r', '\n', '\0']);
    request.iter().any(|(name, values)| {
        is_broken(name.as_str()) || values.iter().any(|value| is_broken(value.as_str()))
    })
}

/// X1: takes them off the request.
fn secret_lines(request: &mut Request) -> Zeroizing<Vec<u8>> {
    let values = request.remove_header(AUTHORIZATION);
    let values = || values.iter().flatten().map(HeaderValue::as_str);
    let lines = || values().flat_map(|value| ["authorization: ", value, "\r\n"]);
    // All the space at once: no copy is left behind.
    let mut secret_lines = Zeroizing::new(Vec::with_capacity(lines().map(str::len).sum()));
    for part in lines() {
        secret_lines.extend_from_slice(part.as_bytes());
    }
    secret_lines
}

impl Default for H1Client {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for H1Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("H1Client").finish_non_exhaustive()
    }
}
