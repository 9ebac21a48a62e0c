//! A `Subject` that blocks: a small HTTP/1.1 client on `std::net`, whose futures are ready at once.

use std::collections::HashMap;
use std::future::Future;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::marker::PhantomData;
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alf_core::{
    ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef, Runtime, ThreadRuntime,
    TokenTransport, Transport,
};
use alf_testkit::conformance::{Body, Capability, ReadError, Setup, Subject};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};

/// What happens to a connection whose response was not read to its end.
pub(crate) trait Unread: Send + Sync + 'static {
    /// It is reused, which is a flaw.
    const IS_REUSED: bool;
}

pub(crate) struct Blocking<U>(PhantomData<U>);

pub(crate) struct BlockingTransport<U> {
    pool: Arc<Pool>,
    unread: PhantomData<U>,
}

#[derive(Default)]
struct Pool(Mutex<HashMap<String, Vec<BufReader<TcpStream>>>>);

impl Pool {
    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<BufReader<TcpStream>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct BlockingResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Incoming,
}

/// A body and its connection, which the pool gets back if it may be reused.
struct Incoming {
    connection: Option<BufReader<TcpStream>>,
    left: Framing,
    is_reused_unread: bool,
    /// The server announced that this is the last response on the connection.
    closes: bool,
    authority: String,
    pool: Arc<Pool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    /// The bytes left of a chunk; 0 before the next chunk.
    Chunk(u64),
    UntilClose,
    Done,
}

impl<U: Unread> Subject for Blocking<U> {
    type Transport = BlockingTransport<U>;

    fn transport(_: &Setup) -> Self::Transport {
        BlockingTransport {
            pool: Arc::default(),
            unread: PhantomData,
        }
    }

    fn runtime() -> Arc<dyn Runtime> {
        Arc::new(ThreadRuntime::new())
    }

    fn request(_: &Self::Transport, request: Request<Body>) -> Request<Body> {
        request
    }

    async fn read(
        mut response: BlockingResponse,
        sink: &mut (dyn Write + Send),
    ) -> Result<(), ReadError> {
        io::copy(&mut response.body, sink)?;
        Ok(())
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        pollster::block_on(future)
    }

    fn lacks() -> Vec<Capability> {
        vec![
            Capability::Redirects,
            Capability::Cancellation,
            Capability::Tls,
            Capability::ConnectionLimit,
            // It sends a whole request before it reads.
            Capability::EarlyAnswers,
        ]
    }
}

impl<U: Unread> Transport for BlockingTransport<U> {
    type Request = Request<Body>;
    type Response = BlockingResponse;
    type Error = io::Error;

    async fn send(&self, request: Request<Body>) -> Result<BlockingResponse, io::Error> {
        self.exchange(request, None)
            .map_err(|failure| failure.error)
    }

    fn origin<'r>(&self, request: &'r Request<Body>) -> OriginRef<'r> {
        OriginRef::of(request.uri()).unwrap_or(OriginRef::NOWHERE)
    }

    fn head(&self, request: &Request<Body>) -> (Method, Uri) {
        (request.method().clone(), request.uri().clone())
    }

    fn insert_header(&self, request: &mut Request<Body>, name: &HeaderName, value: &HeaderValue) {
        request.headers_mut().insert(name.clone(), value.clone());
    }

    fn try_clone(&self, request: &mut Request<Body>) -> Option<Request<Body>> {
        let body = match request.body() {
            Body::Empty => Body::Empty,
            Body::Bytes(bytes) => Body::Bytes(bytes.clone()),
            Body::Stream(_) | _ => return None,
        };
        let mut copy = Request::new(body);
        *copy.method_mut() = request.method().clone();
        *copy.uri_mut() = request.uri().clone();
        *copy.headers_mut() = request.headers().clone();
        Some(copy)
    }

    fn status(&self, response: &BlockingResponse) -> StatusCode {
        response.status
    }

    fn header_values(&self, response: &BlockingResponse, name: &HeaderName) -> Vec<HeaderValue> {
        response.headers.get_all(name).iter().cloned().collect()
    }

    fn response_origin<'r>(&self, _: &'r BlockingResponse) -> Option<OriginRef<'r>> {
        // It follows no redirect.
        None
    }

    async fn discard(&self, mut response: BlockingResponse) {
        response.body.is_reused_unread = U::IS_REUSED;
        // What blocks cannot be dropped, so only what has arrived already is read.
        if response.body.left != Framing::Done {
            if let Some(connection) = &mut response.body.connection {
                let timeout = Some(Duration::from_millis(200));
                let _ = connection.get_ref().set_read_timeout(timeout);
            }
            if !U::IS_REUSED {
                let _ = io::copy(&mut (&mut response.body).take(64 * 1024), &mut io::sink());
            }
        }
    }
}

#[async_trait]
impl<U: Unread> TokenTransport for BlockingTransport<U> {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let mut response = self
            .exchange(request.map(Body::Bytes), Some(options.timeout()))
            .map_err(Failure::of_exchange)?;
        let most = options.max_bytes();
        let mut body = Vec::new();
        (&mut response.body)
            .take(most as u64 + 1)
            .read_to_end(&mut body)
            .map_err(|error| Failure::broken(error).of_exchange())?;
        if body.len() > most {
            if response.status.is_success() {
                return Err(ExchangeErrorKind::TooLarge.into());
            }
            body.truncate(most);
        }
        let mut answer = Response::new(Bytes::from(body));
        *answer.status_mut() = response.status;
        *answer.headers_mut() = std::mem::take(&mut response.headers);
        Ok(answer)
    }
}

struct Failure {
    kind: ExchangeErrorKind,
    error: io::Error,
}

impl Failure {
    fn broken(error: io::Error) -> Self {
        let timed_out = [io::ErrorKind::WouldBlock, io::ErrorKind::TimedOut];
        let kind = if timed_out.contains(&error.kind()) {
            ExchangeErrorKind::Timeout
        } else {
            ExchangeErrorKind::Exchange
        };
        Self { kind, error }
    }

    fn of_exchange(self) -> ExchangeError {
        ExchangeError::new(self.kind, self.error)
    }
}

impl<U: Unread> BlockingTransport<U> {
    fn exchange(
        &self,
        mut request: Request<Body>,
        timeout: Option<Duration>,
    ) -> Result<BlockingResponse, Failure> {
        let host = request.uri().host().unwrap_or_default();
        let authority = format!("{host}:{}", request.uri().port_u16().unwrap_or(80));
        let value = HeaderValue::from_str(&authority);
        let value = value.map_err(|error| Failure::broken(io::Error::other(error)))?;
        request.headers_mut().entry(HOST).or_insert(value);
        let mut connection = self.connect(&authority)?;
        let stream = connection.get_ref();
        stream.set_read_timeout(timeout).map_err(Failure::broken)?;
        // A server may answer and close the connection before it has read the whole request.
        let sent = send(stream, &mut request);
        let (status, headers) = match (receive(&mut connection), sent) {
            (Ok(head), _) => head,
            (Err(_), Err(error)) | (Err(error), Ok(())) => return Err(Failure::broken(error)),
        };
        let left = framing(&request, status, &headers).map_err(Failure::broken)?;
        let closes = headers
            .get("connection")
            .is_some_and(|value| value == "close");
        let body = Incoming {
            connection: Some(connection),
            left,
            is_reused_unread: U::IS_REUSED,
            closes,
            authority,
            pool: Arc::clone(&self.pool),
        };
        Ok(BlockingResponse {
            status,
            headers,
            body,
        })
    }

    fn connect(&self, authority: &str) -> Result<BufReader<TcpStream>, Failure> {
        let idle = || self.pool.idle().get_mut(authority)?.pop();
        while let Some(connection) = idle() {
            if is_alive::<U>(&connection) {
                return Ok(connection);
            }
        }
        let stream = TcpStream::connect(authority).map_err(|error| Failure {
            kind: ExchangeErrorKind::Connect,
            error,
        })?;
        stream.set_nodelay(true).map_err(Failure::broken)?;
        Ok(BufReader::new(stream))
    }
}

/// Returns whether nothing can be read from an idle connection, and it was not closed.
fn is_alive<U: Unread>(connection: &BufReader<TcpStream>) -> bool {
    if U::IS_REUSED {
        return true;
    }
    let stream = connection.get_ref();
    let _ = stream.set_nonblocking(true);
    let silent =
        matches!(stream.peek(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
    let _ = stream.set_nonblocking(false);
    silent && connection.buffer().is_empty()
}

fn send(mut stream: &TcpStream, request: &mut Request<Body>) -> io::Result<()> {
    let method = request.method().clone();
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let mut head = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
    for (name, value) in request.headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    match request.body_mut() {
        Body::Empty => {
            head.extend_from_slice(b"\r\n");
            stream.write_all(&head)
        }
        Body::Bytes(bytes) => {
            head.extend_from_slice(format!("content-length: {}\r\n\r\n", bytes.len()).as_bytes());
            head.extend_from_slice(bytes);
            stream.write_all(&head)
        }
        Body::Stream(chunks) => {
            stream.write_all(&head)?;
            stream.write_all(b"transfer-encoding: chunked\r\n\r\n")?;
            for chunk in chunks {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
                stream.write_all(&chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")
        }
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Reads the head of the final response.
fn receive(connection: &mut BufReader<TcpStream>) -> io::Result<(StatusCode, HeaderMap)> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > 128 * 1024 {
                return Err(io::Error::other("the head is too long"));
            }
            if connection
                .by_ref()
                .take(64 * 1024)
                .read_until(b'\n', &mut head)?
                == 0
            {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut headers = [httparse::EMPTY_HEADER; 512];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(&head).map_err(io::Error::other)?;
        let status = StatusCode::from_u16(response.code.unwrap_or_default());
        let status = status.map_err(io::Error::other)?;
        if status.is_informational() {
            continue;
        }
        let mut map = HeaderMap::new();
        for header in response.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(io::Error::other)?;
            let value = HeaderValue::from_bytes(header.value).map_err(io::Error::other)?;
            map.append(name, value);
        }
        return Ok((status, map));
    }
}

fn framing(
    request: &Request<Body>,
    status: StatusCode,
    headers: &HeaderMap,
) -> io::Result<Framing> {
    if request.method() == Method::HEAD || [204, 304].contains(&status.as_u16()) {
        return Ok(Framing::Done);
    }
    if headers.contains_key(TRANSFER_ENCODING) {
        return Ok(Framing::Chunk(0));
    }
    let lengths: Vec<_> = headers.get_all(CONTENT_LENGTH).iter().collect();
    match lengths.as_slice() {
        [] => Ok(Framing::UntilClose),
        [length] => match length.to_str().ok().and_then(|length| length.parse().ok()) {
            Some(0) => Ok(Framing::Done),
            Some(length) => Ok(Framing::Length(length)),
            None => Err(io::ErrorKind::InvalidData.into()),
        },
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

impl Read for Incoming {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == Framing::Chunk(0) {
            self.next_chunk()?;
        }
        let Some(connection) = &mut self.connection else {
            return Ok(0);
        };
        let most = match self.left {
            Framing::Done => return Ok(0),
            Framing::UntilClose => u64::MAX,
            Framing::Length(left) | Framing::Chunk(left) => left,
        };
        let length = connection.take(most).read(buffer)?;
        match &mut self.left {
            Framing::UntilClose if length == 0 => self.connection = None,
            Framing::Length(left) | Framing::Chunk(left) if length > 0 => *left -= length as u64,
            Framing::UntilClose | Framing::Done => {}
            Framing::Length(_) | Framing::Chunk(_) => {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        match self.left {
            Framing::Length(0) => self.left = Framing::Done,
            Framing::Chunk(0) => self.line()?.clear(),
            Framing::Length(_) | Framing::Chunk(_) | Framing::UntilClose | Framing::Done => {}
        }
        Ok(length)
    }
}

impl Incoming {
    fn next_chunk(&mut self) -> io::Result<()> {
        let line = self.line()?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(io::Error::other)?;
        self.left = Framing::Chunk(size);
        if size == 0 {
            while !self.line()?.trim().is_empty() {}
            self.left = Framing::Done;
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if let Some(connection) = &mut self.connection {
            connection.take(1000).read_line(&mut line)?;
        }
        if line.ends_with('\n') {
            Ok(line)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.closes || (self.left != Framing::Done && !self.is_reused_unread) {
            return;
        }
        if let Some(connection) = self.connection.take() {
            let mut idle = self.pool.idle();
            idle.entry(std::mem::take(&mut self.authority))
                .or_default()
                .push(connection);
        }
    }
}
