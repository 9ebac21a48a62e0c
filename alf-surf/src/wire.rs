//! The parts of a request that async-h1 must not log, and those of a response that it cannot read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

/// A connection for one exchange, beneath async-h1.
///
/// - X1: async-h1 writes every request that it sends into the log, headers and all. So the
///   `Authorization` is not on its request, but goes in here, behind the request line.
/// - R1, X5: a response with a header that is not ASCII makes it fail or panic, and so does one
///   with a long header. Their lines are left out. An interim response (a 1xx) would be taken for
///   the response: it is skipped ([RFC 9110 §15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
/// - X5: a server that sends nothing but interim responses, or a head without an end, is an error.
pub(crate) struct Wire<S> {
    stream: S,
    secret_lines: Zeroizing<Vec<u8>>,
    writing: Writing,
    reading: Reading,
}

enum Writing {
    RequestLine,
    /// So many bytes of the secret lines are written.
    SecretLines(usize),
    Body,
}

/// X1: what is behind the head may be a token.
enum Reading {
    /// What was read of it, and how much with the interim heads before it.
    Head(Zeroizing<Vec<u8>>, usize),
    /// Ready to be given, and so many bytes of it given.
    Ready(Zeroizing<Vec<u8>>, usize),
    Body,
}

impl<S> Wire<S> {
    /// `secret_lines` are header lines, each with its line end.
    pub(crate) fn new(stream: S, secret_lines: Zeroizing<Vec<u8>>) -> Self {
        Self {
            stream,
            secret_lines,
            writing: Writing::RequestLine,
            reading: Reading::Head(Zeroizing::default(), 0),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut stream = Pin::new(&mut this.stream);
        loop {
            match &mut this.writing {
                Writing::RequestLine => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    let line = end.and_then(|end| bytes.get(..=end)).unwrap_or(bytes);
                    let written = ready!(stream.poll_write(context, line))?;
                    if end.is_some() && written == line.len() {
                        this.writing = Writing::SecretLines(0);
                    }
                    return Poll::Ready(Ok(written));
                }
                Writing::SecretLines(written) => {
                    let left = this.secret_lines.get(*written..).unwrap_or_default();
                    if left.is_empty() {
                        this.writing = Writing::Body;
                        continue;
                    }
                    match ready!(stream.as_mut().poll_write(context, left))? {
                        0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                        length => *written += length,
                    }
                }
                Writing::Body => return stream.poll_write(context, bytes),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let mut stream = Pin::new(&mut this.stream);
        let mut pieces = 0;
        loop {
            match &mut this.reading {
                Reading::Head(read, in_all) => {
                    if pieces == PIECES_AT_ONCE {
                        // S5: the task that waits for this may have a timer that wants to be polled.
                        context.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    pieces += 1;
                    let mut piece = Zeroizing::new([0; PIECE]);
                    let length = ready!(stream.as_mut().poll_read(context, &mut *piece))?;
                    push(read, piece.get(..length).unwrap_or_default());
                    *in_all += length;
                    if let Some(ready) = readable(read) {
                        this.reading = Reading::Ready(ready, 0);
                    } else if *in_all > LONGEST_HEAD {
                        return Poll::Ready(Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "the head of the response is too long",
                        )));
                    } else if length == 0 {
                        // async-h1 reports what is wrong with it.
                        this.reading = Reading::Ready(std::mem::take(read), 0);
                    }
                }
                Reading::Ready(bytes, given) => {
                    let left = bytes.get(*given..).unwrap_or_default();
                    if left.is_empty() {
                        this.reading = Reading::Body;
                        continue;
                    }
                    let length = left.len().min(buffer.len());
                    for (to, from) in buffer.iter_mut().zip(left) {
                        *to = *from;
                    }
                    *given += length;
                    return Poll::Ready(Ok(length));
                }
                Reading::Body => return stream.poll_read(context, buffer),
            }
        }
    }
}

/// X1: if there is no space, the old memory is wiped.
fn push(read: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let length = read.len() + piece.len();
    if length > read.capacity() {
        let mut roomier = Zeroizing::new(Vec::with_capacity(2 * length));
        roomier.extend_from_slice(read);
        *read = roomier;
    }
    read.extend_from_slice(piece);
}

/// The head that async-h1 shall read, and what was read behind it; `None` while it is not all there.
fn readable(read: &mut Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    loop {
        let end = end_of_head(read)?;
        let (head, body) = read.split_at_checked(end)?;
        if !is_interim(head) {
            let mut ready = Zeroizing::new(Vec::with_capacity(read.len()));
            push_fitting_lines(&mut ready, head);
            ready.extend_from_slice(body);
            return Some(ready);
        }
        read.drain(..end);
    }
}

/// As async-h1 finds it.
fn end_of_head(read: &[u8]) -> Option<usize> {
    let ends = [&b"\r\n\r\n"[..], b"\n\n"].map(|end| {
        let at = read.windows(end.len()).position(|bytes| bytes == end);
        at.map(|at| at + end.len())
    });
    ends.into_iter().flatten().min()
}

/// 101 is not interim: it is the last of its connection's HTTP. A reason is often left out, and the space
/// before it too.
fn is_interim(head: &[u8]) -> bool {
    let mut words = head.trim_ascii_start().split(u8::is_ascii_whitespace);
    let status = words.nth(1).unwrap_or_default();
    status.len() == 3 && status.starts_with(b"1") && status != b"101"
}

fn push_fitting_lines(fitting: &mut Vec<u8>, head: &[u8]) {
    let mut fits = true;
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        // A line that starts with a space continues the one before it.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            fits = number == 0 || (line.is_ascii() && line.len() <= LONGEST_LINE);
        }
        if fits {
            fitting.extend_from_slice(line);
        }
    }
}

const PIECE: usize = 4096;
/// So many, and then others may do something too.
const PIECES_AT_ONCE: usize = 4;
/// X5: of what may be read before there is a response, interim ones included.
const LONGEST_HEAD: usize = 64 * 1024;
/// Half of what async-h1 reads of a whole head.
const LONGEST_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use futures_util::io::{AsyncReadExt, AsyncWriteExt, Cursor};
    use futures_util::task::noop_waker_ref;

    use super::*;

    #[test]
    fn x1_secret_lines_go_behind_the_request_line() {
        let request = b"POST /token?q HTTP/1.1\r\nhost: a\r\n\r\nthe body";
        for length in [1, 7, request.len()] {
            let secret = Zeroizing::new(b"authorization: x\r\n".to_vec());
            let mut wire = Wire::new(Cursor::new(Vec::new()), secret);
            for piece in request.chunks(length) {
                pollster::block_on(wire.write_all(piece)).unwrap();
            }
            let written = String::from_utf8(wire.stream.into_inner()).unwrap();
            assert_eq!(
                written,
                "POST /token?q HTTP/1.1\r\nauthorization: x\r\nhost: a\r\n\r\nthe body"
            );
        }
    }

    #[test]
    fn x5_heads_are_made_readable() {
        let long = format!(
            "HTTP/1.1 401 No\r\nX: {}\r\nA: b\r\n\r\nrest",
            "x".repeat(30_000)
        );
        let cases: [(&[u8], &[u8]); 11] = [
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest"),
            (b"HTTP/1.1 200 OK\r\nX: \xff\r\nA: b\r\n\r\n\xff", b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\xff"),
            (b"HTTP/1.1 200 OK\nX: \xc3\xa9\n y\nA: b\n\nrest", b"HTTP/1.1 200 OK\nA: b\n\nrest"),
            (long.as_bytes(), b"HTTP/1.1 401 No\r\nA: b\r\n\r\nrest"),
            (
                b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest",
                b"HTTP/1.1 200 OK\r\n\r\nrest",
            ),
            (b"HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest", b"HTTP/1.1 200 OK\r\n\r\nrest"),
            (b"HTTP/1.1 100\nA: b\n\nHTTP/1.1 200\r\n\r\nrest", b"HTTP/1.1 200\r\n\r\nrest"),
            (b"HTTP/1.1 101\r\n\r\nrest", b"HTTP/1.1 101\r\n\r\nrest"),
            (b"HTTP/1.1 101 S\r\n\r\nrest", b"HTTP/1.1 101 S\r\n\r\nrest"),
            (b"HTTP/1.1 20", b"HTTP/1.1 20"),
            (b"", b""),
        ];
        for (sent, expected) in cases {
            let mut wire = Wire::new(Cursor::new(sent), Zeroizing::default());
            let mut read = Vec::new();
            pollster::block_on(wire.read_to_end(&mut read)).unwrap();
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[test]
    fn x5_endless_heads_are_an_error() {
        for beginning in [
            "x",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103\r\nA: b\r\n\r\n",
        ] {
            let mut wire = Wire::new(Endless::new(beginning, PIECE), Zeroizing::default());
            let error = pollster::block_on(wire.read(&mut [0; 10])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{beginning}");
            assert!(wire.stream.given <= LONGEST_HEAD + PIECE, "{beginning}");
        }
    }

    /// A stream that always has something would let no timer of its task fire.
    #[test]
    fn s5_other_tasks_run_while_a_head_is_read() {
        let mut wire = Wire::new(
            Endless::new("HTTP/1.1 100\r\n\r\n", 1),
            Zeroizing::default(),
        );
        let mut context = Context::from_waker(noop_waker_ref());
        for round in 1..10 {
            let read = Pin::new(&mut wire).poll_read(&mut context, &mut [0; 10]);
            assert!(read.is_pending());
            assert_eq!(wire.stream.given, round * PIECES_AT_ONCE);
        }
    }

    /// The same again and again, so many bytes at a time at most.
    struct Endless {
        text: &'static [u8],
        most: usize,
        given: usize,
    }

    impl Endless {
        fn new(text: &'static str, most: usize) -> Self {
            let text = text.as_bytes();
            Self {
                text,
                most,
                given: 0,
            }
        }
    }

    impl AsyncRead for Endless {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            let length = buffer.len().min(this.most);
            for byte in buffer.iter_mut().take(length) {
                *byte = this.text[this.given % this.text.len()];
                this.given += 1;
            }
            Poll::Ready(Ok(length))
        }
    }
}
