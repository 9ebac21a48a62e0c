//! Reads requests: a [`RequestHead`], then the body.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use httparse::Status;

const MOST_HEADERS: usize = 256;

/// A head or a line that is longer is refused: none of our clients sends one.
const LONGEST_HEAD: usize = 256 * 1024;

/// A request line and its headers, as they came.
#[derive(Clone, Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) framing: BodyFraming,
    pub(super) expects_continue: bool,
    pub(super) closes: bool,
}

/// How the end of a request body is found (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    Length(u64),
    Chunked,
}

impl RequestHead {
    /// Returns the next head, or `None` if the peer closed the connection between two requests.
    ///
    /// # Errors
    ///
    /// `InvalidData` for bytes that are not HTTP, `UnexpectedEof` for half a head, else the error of the
    /// connection.
    pub(super) fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut bytes = Vec::new();
        while bytes.len() < LONGEST_HEAD {
            let before = bytes.len();
            let arrived = match reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                // TLS whose peer closed TCP and did not announce it.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => &[],
                arrived => arrived?,
            };
            if arrived.is_empty() {
                return match before {
                    0 => Ok(None),
                    _ => Err(ErrorKind::UnexpectedEof.into()),
                };
            }
            bytes.extend_from_slice(arrived);
            if let Some((head, length)) = Self::parse(&bytes)? {
                reader.consume(length - before);
                return Ok(Some(head));
            }
            reader.consume(bytes.len() - before);
        }
        Err(invalid("a head is too long"))
    }

    /// Returns the head at the start of `bytes` and its length; `None` while it is not complete.
    fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err(invalid("not an HTTP request")),
        };
        let headers: Vec<(String, String)> = request
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value);
                (header.name.to_owned(), value.into_owned())
            })
            .collect();
        let connection = elements(&headers, "connection");
        let head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            framing: framing(&headers)?,
            expects_continue: elements(&headers, "expect").contains(&"100-continue".to_owned()),
            closes: match request.version {
                Some(0) => !connection.contains(&"keep-alive".to_owned()),
                _ => connection.contains(&"close".to_owned()),
            },
            headers,
        };
        Ok(Some((head, length)))
    }

    /// Returns the target without its query, and without scheme and authority if the client of a proxy
    /// sent them.
    pub(super) fn path(&self) -> &str {
        let target = match self.target.split_once("://") {
            Some((_, after)) => after
                .find('/')
                .and_then(|at| after.get(at..))
                .unwrap_or("/"),
            None => &self.target,
        };
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// Returns the values of every header of this name, in order.
    pub(super) fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        values(&self.headers, name)
    }
}

impl BodyFraming {
    /// Reads a body and writes it to `sink`, piece by piece.
    pub(super) fn read_body(
        self,
        reader: &mut impl BufRead,
        sink: &mut impl Write,
    ) -> io::Result<()> {
        if let Self::Length(length) = self {
            return copy(length, reader, sink);
        }
        loop {
            let size_line = line(reader)?;
            let Ok(Status::Complete((_, size))) = httparse::parse_chunk_size(&size_line) else {
                return Err(invalid("not a chunk size"));
            };
            if size == 0 {
                // The trailers.
                while line(reader)? != b"\r\n" {}
                return Ok(());
            }
            copy(size, reader, sink)?;
            if line(reader)? != b"\r\n" {
                return Err(invalid("a chunk is longer than its size"));
            }
        }
    }
}

fn line(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut bounded = reader.by_ref().take(LONGEST_HEAD as u64);
    bounded.read_until(b'\n', &mut line)?;
    match line.last() {
        Some(b'\n') => Ok(line),
        _ => Err(ErrorKind::UnexpectedEof.into()),
    }
}

fn copy(length: u64, reader: &mut impl BufRead, sink: &mut impl Write) -> io::Result<()> {
    if io::copy(&mut reader.by_ref().take(length), sink)? < length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

fn framing(headers: &[(String, String)]) -> io::Result<BodyFraming> {
    let codings = elements(headers, "transfer-encoding");
    if codings.last().is_some_and(|coding| coding == "chunked") {
        return Ok(BodyFraming::Chunked);
    }
    let length = match elements(headers, "content-length").first() {
        None => 0,
        Some(length) => length
            .parse()
            .map_err(|_| invalid("not a Content-Length"))?,
    };
    Ok(BodyFraming::Length(length))
}

/// Returns the elements of a header that is a list, in lower case.
fn elements(headers: &[(String, String)], name: &str) -> Vec<String> {
    values(headers, name)
        .flat_map(|value| value.split(','))
        .map(|element| element.trim().to_ascii_lowercase())
        .collect()
}

fn values<'a>(headers: &'a [(String, String)], name: &str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RequestHead {
        RequestHead::parse(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn framing_is_found_in_any_spelling() {
        let head = parsed("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n");
        assert_eq!(head.framing, BodyFraming::Chunked);
        let head = parsed("POST / HTTP/1.1\r\ncontent-length: 12\r\nExpect: 100-Continue\r\n\r\n");
        assert_eq!(head.framing, BodyFraming::Length(12));
        assert!(head.expects_continue && !head.closes);
    }

    #[test]
    fn old_and_closing_clients_are_recognized() {
        assert!(parsed("GET / HTTP/1.0\r\n\r\n").closes);
        assert!(!parsed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").closes);
        assert!(parsed("GET / HTTP/1.1\r\nConnection: te, Close\r\n\r\n").closes);
    }

    #[test]
    fn nonsense_is_refused_and_half_a_head_is_not() {
        assert!(RequestHead::parse(b"\x16\x03\x01\r\n\r\n").is_err());
        assert!(RequestHead::parse(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n").is_err());
        let half = RequestHead::parse(b"GET / HTTP/1.1\r\nHost:");
        assert!(half.unwrap().is_none());
    }

    #[test]
    fn the_path_ends_before_the_query() {
        for (target, path) in [
            ("/a?b=c", "/a"),
            ("http://host:1/a?b", "/a"),
            ("http://host", "/"),
            ("*", "*"),
        ] {
            let head = parsed(&format!("GET {target} HTTP/1.1\r\n\r\n"));
            assert_eq!((head.path(), &*head.target), (path, target));
        }
    }
}
