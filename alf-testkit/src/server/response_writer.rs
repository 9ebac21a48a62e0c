//! [`ResponseWriter`]: an HTTP response, in one write where it is short.

use std::io::{self, Write};

#[cfg(feature = "conformance")]
use super::answer::Content;
use super::answer::{Answer, Ending};
use super::answer_body::AnswerBody;
use super::gate::Gate;
use super::wire::Wire;

/// What is gathered before it is written; a longer response takes several writes.
const WRITE_BYTES: usize = 64 * 1024;

pub(super) struct ResponseWriter<'a> {
    wire: &'a Wire<'a>,
    buffer: Vec<u8>,
}

impl<'a> ResponseWriter<'a> {
    pub(super) fn new(wire: &'a Wire<'a>) -> Self {
        Self {
            wire,
            buffer: Vec::new(),
        }
    }

    /// Sends `status`, the headers of `answer` and `body`, as far as the ending of `answer` allows.
    /// `hold` waits at a gate in the middle of the body, and fails where the server ends meanwhile.
    pub(super) fn response(
        &mut self,
        status: u16,
        body: &AnswerBody,
        answer: &Answer,
        method: &str,
        hold: impl Fn(&Gate) -> io::Result<()>,
    ) -> io::Result<()> {
        self.buffer.clear();
        head(&mut self.buffer, status, body, answer)?;
        if answer.ending == Ending::HangUpInHeaders {
            self.buffer.truncate(self.buffer.len().saturating_sub(5));
            return self.flush();
        }
        if method.eq_ignore_ascii_case("HEAD") || has_no_body(status) {
            return self.flush();
        }
        let pause = answer.rest_at.as_ref().map(|gate| || hold(gate));
        if answer.ending == Ending::HangUpInBody {
            self.body(&body.half(), pause)?;
            return self.flush();
        }
        self.body(body, pause)?;
        if body.length().is_none() {
            self.buffer.extend_from_slice(b"0\r\n\r\n");
        }
        self.flush()
    }

    /// Sends the pieces; where there is a `pause`, the first in two halves, with it between them.
    fn body(
        &mut self,
        body: &AnswerBody,
        mut pause: Option<impl FnOnce() -> io::Result<()>>,
    ) -> io::Result<()> {
        let chunked = body.length().is_none();
        for piece in body.pieces() {
            let rest = match pause.take() {
                None => piece,
                Some(pause) => {
                    let (first, rest) = piece.split_at(piece.len() / 2);
                    self.piece(first, chunked)?;
                    self.flush()?;
                    pause()?;
                    rest
                }
            };
            self.piece(rest, chunked)?;
            if self.buffer.len() >= WRITE_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn piece(&mut self, piece: &[u8], chunked: bool) -> io::Result<()> {
        // An empty chunk would be the last one.
        let chunked = chunked && !piece.is_empty();
        if chunked {
            write!(self.buffer, "{:x}\r\n", piece.len())?;
        }
        self.buffer.extend_from_slice(piece);
        if chunked {
            self.buffer.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

fn head(buffer: &mut Vec<u8>, status: u16, body: &AnswerBody, answer: &Answer) -> io::Result<()> {
    write!(buffer, "HTTP/1.1 {status} {}\r\n", reason(status))?;
    for (name, value) in &answer.headers {
        for part in [name, &b": "[..], value, b"\r\n"] {
            buffer.extend_from_slice(part);
        }
    }
    let framed = answer.headers.iter().any(|(name, _)| {
        name.eq_ignore_ascii_case(b"content-length")
            || name.eq_ignore_ascii_case(b"transfer-encoding")
    });
    if !framed && !has_no_body(status) {
        match body.length() {
            Some(length) => write!(buffer, "Content-Length: {length}\r\n")?,
            None => buffer.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        }
    }
    if answer.ending == Ending::Close {
        buffer.extend_from_slice(b"Connection: close\r\n");
    }
    buffer.extend_from_slice(b"\r\n");
    Ok(())
}

#[cfg(feature = "conformance")]
impl Answer {
    /// How many bytes of this answer precede its body.
    pub(crate) fn head_length(&self) -> usize {
        let mut buffer = Vec::new();
        if let Content::Http { status, body } = &self.content {
            // Writing to a Vec cannot fail.
            let _ = head(&mut buffer, *status, body, self);
        }
        buffer.len()
    }
}

/// RFC 9110 §6.4.1: these end with their head, and say nothing of a length.
fn has_no_body(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        425 => "Too Early",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Scripted",
    }
}
