//! The head of a response, as async-h1 can read it.
//!
//! - R1, X5: a header that is not ASCII makes async-h1 fail or panic, and so does a long one. Their lines are left out. It takes
//!   an interim response (a 1xx) for the response: they are skipped
//!   ([RFC 9110 §15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
//! - X5: a server that sends nothing but interim responses, or a head without an end, is an error.

use std::io;

use futures_util::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

/// Reads the head of the response. Returns it as async-h1 can read it, and what was read of the body (X1: it may be a token).
pub(crate) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut read = Zeroizing::default();
    let mut in_all = 0;
    let mut piece = Zeroizing::new(vec![0; PIECE]);
    loop {
        let length = stream.read(&mut piece).await?;
        push(&mut read, piece.get(..length).unwrap_or_default());
        in_all += length;
        if let Some(ready) = readable(&mut read) {
            return Ok(ready);
        }
        if length == 0 {
            // async-h1 reports what is wrong with it.
            return Ok(read);
        }
        if in_all > LONGEST_HEAD {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the head of the response is too long",
            ));
        }
    }
}

/// X1: if there is no space, the old memory is wiped.
fn push(read: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let length = read.len() + piece.len();
    if length > read.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
        larger.extend_from_slice(read);
        *read = larger;
    }
    read.extend_from_slice(piece);
}

/// The head that async-h1 shall read, and what was read behind it; `None` while it is not all there. `read` has neither
/// then.
///
/// A response whose body ends with its connection gets the length [`UNTIL_CLOSE`]: async-h1 takes one without a length for
/// empty.
fn readable(read: &mut Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    loop {
        let end = end_of_head(read)?;
        let (head, body) = read.split_at_checked(end)?;
        if !is_interim(head) {
            let space = read.len() + LONGEST_LENGTH_LINE;
            let mut ready = Zeroizing::new(Vec::with_capacity(space));
            push_fitting_lines(&mut ready, head);
            ready.extend_from_slice(body);
            return Some(ready);
        }
        read.drain(..end);
    }
}

/// Whether the response says that the request failed.
pub(crate) fn is_error(head: &[u8]) -> bool {
    matches!(status(head), [b'4' | b'5', _, _])
}

/// As async-h1 finds it.
fn end_of_head(read: &[u8]) -> Option<usize> {
    let ends = [&b"\r\n\r\n"[..], b"\n\n"].map(|end| {
        let at = read.windows(end.len()).position(|bytes| bytes == end);
        at.map(|at| at + end.len())
    });
    ends.into_iter().flatten().min()
}

/// 101 is not interim: it is the last of its connection's HTTP.
fn is_interim(head: &[u8]) -> bool {
    matches!(status(head), [b'1', _, _] if status(head) != b"101")
}

/// A reason is often left out, and the space before it too.
fn status(head: &[u8]) -> &[u8] {
    let mut words = head.trim_ascii_start().split(u8::is_ascii_whitespace);
    words.nth(1).unwrap_or_default()
}

fn push_fitting_lines(fitting: &mut Vec<u8>, head: &[u8]) {
    let mut fits = true;
    // RFC 9112 §6.3: these have no body.
    let mut ends_by_itself = matches!(status(head), b"101" | b"204" | b"304");
    for (number, line) in head.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if number == 0 {
            push_status_line(fitting, line);
            continue;
        }
        // A line that starts with a space continues the one before it.
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            fits = line.is_ascii() && line.len() <= LONGEST_LINE;
        }
        ends_by_itself |= fits && states_length(line);
        if line.trim_ascii().is_empty() && !ends_by_itself {
            fitting.extend_from_slice(format!("content-length: {UNTIL_CLOSE}\r\n").as_bytes());
        }
        if fits {
            fitting.extend_from_slice(line);
        }
    }
}

/// async-h1 refuses HTTP/1.0, which it could read: what differs are connections that are kept, and here none is.
fn push_status_line(fitting: &mut Vec<u8>, line: &[u8]) {
    match line.strip_prefix(b"HTTP/1.0") {
        Some(status) => {
            fitting.extend_from_slice(b"HTTP/1.1");
            fitting.extend_from_slice(status);
        }
        None => fitting.extend_from_slice(line),
    }
}

fn states_length(line: &[u8]) -> bool {
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    [&b"content-length"[..], b"transfer-encoding"]
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// More than any response has: all until the connection closes (RFC 9112 §6.3).
pub(crate) const UNTIL_CLOSE: usize = usize::MAX;
/// `content-length`, and a number of 64 bits.
const LONGEST_LENGTH_LINE: usize = 64;
/// Half of what async-h1 reads of a whole head.
const LONGEST_LINE: usize = 4096;
const PIECE: usize = 4096;
/// X5: of what may be read before there is a response, interim ones included.
const LONGEST_HEAD: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    #[test]
    fn x5_endless_heads_are_an_error() {
        for beginning in [
            "x",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103\r\nA: b\r\n\r\n",
        ] {
            let mut endless = Endless {
                text: beginning.as_bytes(),
                given: 0,
            };
            let error = pollster::block_on(read_head(&mut endless)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{beginning}");
            assert!(endless.given <= LONGEST_HEAD + PIECE, "{beginning}");
        }
    }

    /// The same again and again.
    struct Endless {
        text: &'static [u8],
        given: usize,
    }

    impl AsyncRead for Endless {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            for byte in &mut *buffer {
                *byte = this.text[this.given % this.text.len()];
                this.given += 1;
            }
            Poll::Ready(Ok(buffer.len()))
        }
    }

    #[test]
    fn x5_heads_are_made_readable() {
        let long = format!(
            "HTTP/1.1 401 No\r\nX: {}\r\nA: b\r\n\r\nrest",
            "x".repeat(30_000)
        );
        // `{}` is the length that alf states.
        let cases: [(&[u8], &str); 9] = [
            (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest", "HTTP/1.1 200 OK\r\nA: b\r\n{}\r\nrest"),
            (b"HTTP/1.1 200 OK\r\nX: \xff\r\nA: b\r\n\r\nrest", "HTTP/1.1 200 OK\r\nA: b\r\n{}\r\nrest"),
            (b"HTTP/1.1 200 OK\nX: \xc3\xa9\n y\nA: b\n\nrest", "HTTP/1.1 200 OK\nA: b\n{}\nrest"),
            (long.as_bytes(), "HTTP/1.1 401 No\r\nA: b\r\n{}\r\nrest"),
            (
                b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest",
                "HTTP/1.1 200 OK\r\n{}\r\nrest",
            ),
            (b"HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest", "HTTP/1.1 200 OK\r\n{}\r\nrest"),
            (b"HTTP/1.1 100\nA: b\n\nHTTP/1.1 200\r\n\r\nrest", "HTTP/1.1 200\r\n{}\r\nrest"),
            (b"HTTP/1.1 101\r\n\r\nrest", "HTTP/1.1 101\r\n\r\nrest"),
            (b"HTTP/1.1 101 S\r\n\r\nrest", "HTTP/1.1 101 S\r\n\r\nrest"),
        ];
        for (sent, expected) in cases {
            let length = format!("content-length: {UNTIL_CLOSE}\r\n");
            let expected = expected.replace("{}", &length);
            assert_eq!(read(sent).as_deref(), Some(&*expected));
        }
        for incomplete in [&b"HTTP/1.1 20"[..], b""] {
            assert_eq!(read(incomplete), None);
        }
    }

    #[test]
    fn t4_http_1_0_is_read_like_http_1_1() {
        for (sent, expected) in [
            (
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            ),
            ("HTTP/1.0 204\r\n\r\n", "HTTP/1.1 204\r\n\r\n"),
            (
                "HTTP/1.1 200\r\nTRANSFER-ENCODING: chunked\r\n\r\n0",
                "HTTP/1.1 200\r\nTRANSFER-ENCODING: chunked\r\n\r\n0",
            ),
            (
                "HTTP/2.0 200\r\nContent-Length: 0\r\n\r\n",
                "HTTP/2.0 200\r\nContent-Length: 0\r\n\r\n",
            ),
        ] {
            assert_eq!(read(sent.as_bytes()).as_deref(), Some(expected));
        }
    }

    fn read(sent: &[u8]) -> Option<String> {
        let ready = readable(&mut Zeroizing::new(sent.to_vec()))?;
        Some(String::from_utf8(ready.to_vec()).unwrap())
    }
}
