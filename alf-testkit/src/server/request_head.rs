//! [`RequestHead`]: the first lines of a request.

use std::io;

const MOST_HEADERS: usize = 256;

/// How the length of a request body is told (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

/// A request line and its headers, as they came.
#[derive(Debug)]
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) framing: Framing,
    pub(super) expects_continue: bool,
    pub(super) closes: bool,
}

impl RequestHead {
    /// The head at the beginning of `bytes` and its length; `None` while it is not complete.
    pub(super) fn parse(bytes: &[u8]) -> io::Result<Option<(Self, usize)>> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let length = match request.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
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
        let connection = tokens(&headers, "connection");
        let head = Self {
            method: request.method.unwrap_or_default().to_owned(),
            target: request.path.unwrap_or_default().to_owned(),
            framing: framing(&headers)?,
            expects_continue: tokens(&headers, "expect").contains(&"100-continue".to_owned()),
            closes: match request.version {
                Some(0) => !connection.contains(&"keep-alive".to_owned()),
                _ => connection.contains(&"close".to_owned()),
            },
            headers,
        };
        Ok(Some((head, length)))
    }

    pub(super) fn path(&self) -> &str {
        path_of(&self.target)
    }
}

/// A request target without its query, and without scheme and authority where a proxy's client sent
/// them.
pub(super) fn path_of(target: &str) -> &str {
    let target = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    };
    target.split_once('?').map_or(target, |(path, _)| path)
}

fn framing(headers: &[(String, String)]) -> io::Result<Framing> {
    if tokens(headers, "transfer-encoding")
        .last()
        .is_some_and(|coding| coding == "chunked")
    {
        return Ok(Framing::Chunked);
    }
    match tokens(headers, "content-length").first() {
        None => Ok(Framing::Length(0)),
        Some(length) => match length.parse() {
            Ok(length) => Ok(Framing::Length(length)),
            Err(_) => Err(invalid("not a Content-Length")),
        },
    }
}

/// The elements of a header that is a list, in lower case.
fn tokens(headers: &[(String, String)], name: &str) -> Vec<String> {
    headers
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| value.split(','))
        .map(|token| token.trim().to_ascii_lowercase())
        .collect()
}

pub(super) fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> RequestHead {
        RequestHead::parse(text.as_bytes()).unwrap().unwrap().0
    }

    #[test]
    fn framing_is_found_in_any_spelling() {
        let head = parsed("POST /a?b=c HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n");
        assert_eq!(head.framing, Framing::Chunked);
        assert_eq!((head.path(), head.target.as_str()), ("/a", "/a?b=c"));
        let head = parsed("POST / HTTP/1.1\r\ncontent-length: 12\r\nExpect: 100-Continue\r\n\r\n");
        assert_eq!(head.framing, Framing::Length(12));
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
        assert!(
            RequestHead::parse(b"GET / HTTP/1.1\r\nHost:")
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn path_is_what_stands_before_the_query() {
        assert_eq!(path_of("http://host:1/a?b"), "/a");
        assert_eq!(path_of("http://host"), "/");
        assert_eq!(path_of("*"), "*");
    }
}
