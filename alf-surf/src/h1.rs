//! HTTP/1.1 by async-h1, surf's own, on a connection for each request.

use std::fmt;
use std::io;
use std::pin::pin;
use std::time::Duration;

use async_h1::client::{Encoder, decode};
use async_std::future::timeout;
use async_std::net::TcpStream;
use async_trait::async_trait;
use futures_util::future::{Either, select};
use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWrite, Cursor, copy};
use http_client::{Config, HttpClient};
use surf::http::headers::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE};
use surf::http::{Body, Method, Request, Response, Url};

use crate::discard::ClosesItself;
use crate::head::{UNTIL_CLOSE, is_error, read_head};

/// The back end of the features `h1-client` and `h1-client-no-tls`. You can use it in a `surf::Client` of your own.
///
/// Like surf's own `H1Client`, it uses async-h1. These are the differences:
///
/// - It keeps no connections: surf's pool may return the response to another request (see [`Client::builder`]).
/// - The log does not show the `Authorization` header.
/// - Response headers that are not ASCII, or longer than 4 KiB, are left out. With them, async-h1 fails or panics. More
///   than 64 KiB of such headers are an error.
/// - A 1xx is not returned as the response.
/// - A header of the request with a line end in it is an error, and nothing is sent.
/// - HTTP/1.0 is understood, and so is a body that ends with its connection.
/// - If a server answers an upload with an error (a 4xx or 5xx) before it has read all of it, that is the response, and
///   no more is sent.
///
/// The other limits of async-h1 remain: a head of more than 8 KiB is an error. Over `https`, async-native-tls loads the
/// certificates of the system for each connection, which takes tens of milliseconds.
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
    // As surf does: to one that says `close`, some servers send a body without a length, of which nobody can tell whether it
    // is whole.
    request.insert_header(CONNECTION, "keep-alive");
    let method = request.method();
    let (mut reader, mut writer) = stream.split();
    // What `async_h1::connect` does, except for two things: that writes the request into the log, headers and all (X1), and does
    // not read if it cannot write to the end.
    let (head, sent) = {
        let head = pin!(read_head(&mut reader));
        let sent = pin!(copy(Encoder::new(request), &mut writer));
        match select(head, sent).await {
            // RFC 9112 §9.3: a client that gets an error while it sends a body should stop. Another answer may come of a
            // server that goes on reading.
            Either::Left((head, _)) if head.as_ref().is_ok_and(|head| is_error(head)) => {
                (head, Ok(0))
            }
            Either::Left((head, sent)) => (head, body_was_read(sent.await)?),
            // R4: a server may answer an upload before it has read it, and close the connection.
            Either::Right((sent, head)) => {
                let sent = body_was_read(sent)?;
                (head.await, sent)
            }
        }
    };
    let answer = match head {
        Ok(head) => decode(Cursor::new(head).chain(reader)).await,
        Err(error) => Err(error.into()),
    };
    let mut response = match (answer, sent) {
        (Err(_), Err(error)) => return Err(error.into()),
        (answer, _) => answer?,
    };
    if response.len() == Some(UNTIL_CLOSE) {
        end_with_connection(method, &mut response);
    }
    Ok(response)
}

/// Returns the outcome of sending a request, unless its own body could not be read: nobody answers that.
fn body_was_read(sent: io::Result<u64>) -> io::Result<io::Result<u64>> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    match sent {
        Err(error) if ![BrokenPipe, ConnectionAborted, ConnectionReset].contains(&error.kind()) => {
            Err(error)
        }
        sent => Ok(sent),
    }
}

/// Removes the length that [`read_head`] has put on it.
fn end_with_connection(method: Method, response: &mut Response) {
    let content_type = response.remove_header(CONTENT_TYPE);
    let body = response.take_body();
    if method != Method::Head {
        response.set_body(Body::from_reader(body, None));
    }
    response.remove_header(CONTENT_LENGTH);
    // surf sets one with every change of the body.
    response.remove_header(CONTENT_TYPE);
    if let Some(content_type) = content_type {
        response.insert_header(CONTENT_TYPE, &content_type);
    }
}

/// async-h1 writes headers as they are: what is behind a line end would be a header of its own, or
/// another request (RFC 9110 §5.5).
fn has_broken_header(request: &Request) -> bool {
    let is_broken = |text: &str| text.contains(['\r', '\n', '\0']);
    request.iter().any(|(name, values)| {
        is_broken(name.as_str()) || values.iter().any(|value| is_broken(value.as_str()))
    })
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

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures_util::io::BufReader;
    use pollster::block_on;
    use surf::http::StatusCode;

    use super::*;

    #[test]
    fn r4_answer_to_an_upload_that_is_not_read_is_the_response() {
        for takes_no_more in [TakesNoMore::Closes, TakesNoMore::Waits] {
            let mut response = block_on(speak(peer(takes_no_more, ANSWER), upload())).unwrap();
            assert_eq!(response.status(), StatusCode::Unauthorized);
            assert_eq!(block_on(response.body_string()).unwrap(), "no");
        }
        let error = block_on(speak(peer(TakesNoMore::Closes, b""), upload())).unwrap_err();
        let kind = error.downcast_ref().map(io::Error::kind);
        assert_eq!(kind, Some(io::ErrorKind::BrokenPipe));
    }

    /// Nobody waits for an answer.
    #[test]
    fn r4_error_of_a_body_is_the_error_of_the_request() {
        let mut request = upload();
        request.set_body(Body::from_reader(BufReader::new(BrokenBody), None));
        let peer = peer(TakesNoMore::Waits, ANSWER);
        let error = block_on(speak(peer, request)).unwrap_err();
        assert_eq!(error.to_string(), "no body");
    }

    const ANSWER: &[u8] = b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno";

    fn upload() -> Request {
        let url = Url::parse("http://127.0.0.1/").unwrap();
        let mut request = Request::new(Method::Post, url);
        request.set_body(vec![0; 100_000]);
        request
    }

    /// A server that takes 1000 bytes of a request.
    struct Peer {
        left: usize,
        takes_no_more: TakesNoMore,
        answer: &'static [u8],
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum TakesNoMore {
        /// Its answer is seen after that.
        Closes,
        Waits,
    }

    fn peer(takes_no_more: TakesNoMore, answer: &'static [u8]) -> Peer {
        Peer {
            left: 1000,
            takes_no_more,
            answer,
        }
    }

    impl AsyncWrite for Peer {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.left);
            self.left -= taken;
            if taken > 0 {
                return Poll::Ready(Ok(taken));
            }
            match self.takes_no_more {
                TakesNoMore::Waits => Poll::Pending,
                TakesNoMore::Closes => {
                    self.takes_no_more = TakesNoMore::Waits;
                    Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
                }
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncRead for Peer {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            if self.left > 0 || self.takes_no_more == TakesNoMore::Closes {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let (now, later) = self.answer.split_at(self.answer.len().min(buffer.len()));
            self.answer = later;
            buffer[..now.len()].copy_from_slice(now);
            Poll::Ready(Ok(now.len()))
        }
    }

    struct BrokenBody;

    impl AsyncRead for BrokenBody {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::Error::other("no body")))
        }
    }
}
