//! What async-h1 must not see of a request, and cannot read of a response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};

/// A connection for one exchange, beneath async-h1.
///
/// - X1: async-h1 writes every request that it sends into the log, headers and all. So the
///   `Authorization` is not on its request, but goes in here, behind the request line.
/// - R1, X5: a response with a header that is not ASCII makes it fail or panic, and so does one
///   with a long header. Their lines are left out. An interim response (a 1xx) would be taken for
///   the response: it is skipped ([RFC 9110 §15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
pub(crate) struct Wire<S> {
    stream: S,
    secret_lines: Vec<u8>,
    writing: Writing,
    reading: Reading,
}

enum Writing {
    RequestLine,
    /// So many bytes of the secret lines are written.
    SecretLines(usize),
    Rest,
}

enum Reading {
    /// What was read of it.
    Head(Vec<u8>),
    /// Ready to be given, and so many bytes of it given.
    Ready(Vec<u8>, usize),
    Rest,
}

impl<S> Wire<S> {
    /// `secret_lines` are header lines, each with its line end.
    pub(crate) fn new(stream: S, secret_lines: Vec<u8>) -> Self {
        Self {
            stream,
            secret_lines,
            writing: Writing::RequestLine,
            reading: Reading::Head(Vec::new()),
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
                        this.writing = Writing::Rest;
                        continue;
                    }
                    match ready!(stream.as_mut().poll_write(context, left))? {
                        0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                        length => *written += length,
                    }
                }
                Writing::Rest => return stream.poll_write(context, bytes),
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
        loop {
            match &mut this.reading {
                Reading::Head(read) => {
                    let mut piece = [0; PIECE];
                    let length = ready!(stream.as_mut().poll_read(context, &mut piece))?;
                    read.extend(piece.iter().take(length));
                    if let Some(ready) = readable(read) {
                        this.reading = Reading::Ready(ready, 0);
                    } else if length == 0 || read.len() > LONGEST_HEAD {
                        // async-h1 says what is wrong with it.
                        this.reading = Reading::Ready(std::mem::take(read), 0);
                    }
                }
                Reading::Ready(bytes, given) => {
                    let left = bytes.get(*given..).unwrap_or_default();
                    if left.is_empty() {
                        this.reading = Reading::Rest;
                        continue;
                    }
                    let length = left.len().min(buffer.len());
                    for (to, from) in buffer.iter_mut().zip(left) {
                        *to = *from;
                    }
                    *given += length;
                    return Poll::Ready(Ok(length));
                }
                Reading::Rest => return stream.poll_read(context, buffer),
            }
        }
    }
}

/// The head that async-h1 shall read, and what was read behind it; `None` while it is not all there.
fn readable(read: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let end = end_of_head(read)?;
        let rest = read.split_off(end);
        let head = std::mem::replace(read, rest);
        if !is_interim(&head) {
            let mut ready = fitting_lines(&head);
            ready.append(read);
            return Some(ready);
        }
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

/// 101 is none: it is the last of its connection's HTTP.
fn is_interim(head: &[u8]) -> bool {
    let mut words = head.split(|byte| *byte == b' ');
    let status = words.nth(1).unwrap_or_default();
    status.len() == 3 && status.starts_with(b"1") && status != b"101"
}

fn fitting_lines(head: &[u8]) -> Vec<u8> {
    let mut fitting = Vec::with_capacity(head.len());
    let mut fits = true;
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        // A line that begins with a space goes on with the one before it.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            fits = number == 0 || (line.is_ascii() && line.len() <= LONGEST_LINE);
        }
        if fits {
            fitting.extend(line);
        }
    }
    fitting
}

const PIECE: usize = 4096;
/// X5: of what may be read before there is a response.
const LONGEST_HEAD: usize = 64 * 1024;
/// Half of what async-h1 reads of a whole head.
const LONGEST_LINE: usize = 4096;

#[cfg(test)]
mod tests {
    use futures_util::io::{AsyncReadExt, AsyncWriteExt, Cursor};

    use super::*;

    #[test]
    fn x1_secret_lines_go_behind_the_request_line() {
        let request = b"POST /token?q HTTP/1.1\r\nhost: a\r\n\r\nthe body";
        for length in [1, 7, request.len()] {
            let mut wire = Wire::new(Cursor::new(Vec::new()), b"authorization: x\r\n".to_vec());
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
        let cases: [(&[u8], &[u8]); 8] = [
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest"),
            (b"HTTP/1.1 200 OK\r\nX: \xff\r\nA: b\r\n\r\n\xff", b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n\xff"),
            (b"HTTP/1.1 200 OK\nX: \xc3\xa9\n y\nA: b\n\nrest", b"HTTP/1.1 200 OK\nA: b\n\nrest"),
            (long.as_bytes(), b"HTTP/1.1 401 No\r\nA: b\r\n\r\nrest"),
            (
                b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest",
                b"HTTP/1.1 200 OK\r\n\r\nrest",
            ),
            (b"HTTP/1.1 101 S\r\n\r\nrest", b"HTTP/1.1 101 S\r\n\r\nrest"),
            (b"HTTP/1.1 20", b"HTTP/1.1 20"),
            (b"", b""),
        ];
        for (sent, expected) in cases {
            let mut wire = Wire::new(Cursor::new(sent), Vec::new());
            let mut read = Vec::new();
            pollster::block_on(wire.read_to_end(&mut read)).unwrap();
            assert_eq!(read, expected, "{}", String::from_utf8_lossy(sent));
        }
    }

    #[test]
    fn x5_endless_head_is_not_read_to_its_end() {
        let sent = vec![b'x'; 10 * LONGEST_HEAD];
        let mut wire = Wire::new(Cursor::new(&sent), Vec::new());
        let mut buffer = [0; 10];
        let read = pollster::block_on(wire.read(&mut buffer)).unwrap();
        assert_eq!(read, 10);
        assert!(wire.stream.position() <= (LONGEST_HEAD + PIECE) as u64);
    }
}
