//! [`ResponseWriter`]: an HTTP response, in one write where it is short.

use std::io::{self, Write};
use std::net::TcpStream;

use super::answer::Answer;
use super::answer_body::AnswerBody;
use super::delivery::Ending;

/// What is gathered before it is written; a longer response takes several writes.
const WRITE_BYTES: usize = 64 * 1024;

pub(super) struct ResponseWriter<'a> {
    stream: &'a TcpStream,
    buffer: Vec<u8>,
}

impl<'a> ResponseWriter<'a> {
    pub(super) fn new(stream: &'a TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends `status`, the headers of `answer` and `body`, as far as the ending of `answer` allows.
    pub(super) fn response(
        &mut self,
        status: u16,
        body: &AnswerBody,
        answer: &Answer,
        method: &str,
    ) -> io::Result<()> {
        self.buffer.clear();
        self.head(status, body, answer)?;
        if answer.ending == Ending::HangUpInHeaders {
            self.buffer.truncate(self.buffer.len().saturating_sub(5));
            return self.flush();
        }
        if method.eq_ignore_ascii_case("HEAD") || has_no_body(status) {
            return self.flush();
        }
        if answer.ending == Ending::HangUpInBody {
            self.body(&body.half())?;
            return self.flush();
        }
        self.body(body)?;
        if body.length().is_none() {
            self.buffer.extend_from_slice(b"0\r\n\r\n");
        }
        self.flush()
    }

    fn head(&mut self, status: u16, body: &AnswerBody, answer: &Answer) -> io::Result<()> {
        write!(self.buffer, "HTTP/1.1 {status} {}\r\n", reason(status))?;
        for (name, value) in &answer.headers {
            for part in [name, &b": "[..], value, b"\r\n"] {
                self.buffer.extend_from_slice(part);
            }
        }
        let framed = answer.headers.iter().any(|(name, _)| {
            name.eq_ignore_ascii_case(b"content-length")
                || name.eq_ignore_ascii_case(b"transfer-encoding")
        });
        if !framed && !has_no_body(status) {
            match body.length() {
                Some(length) => write!(self.buffer, "Content-Length: {length}\r\n")?,
                None => self
                    .buffer
                    .extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
            }
        }
        if answer.ending == Ending::Close {
            self.buffer.extend_from_slice(b"Connection: close\r\n");
        }
        self.buffer.extend_from_slice(b"\r\n");
        Ok(())
    }

    fn body(&mut self, body: &AnswerBody) -> io::Result<()> {
        let chunked = body.length().is_none();
        for piece in body.pieces() {
            // An empty chunk would be the last one.
            if chunked && !piece.is_empty() {
                write!(self.buffer, "{:x}\r\n", piece.len())?;
            }
            self.buffer.extend_from_slice(piece);
            if chunked && !piece.is_empty() {
                self.buffer.extend_from_slice(b"\r\n");
            }
            if self.buffer.len() >= WRITE_BYTES {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut stream = self.stream;
        stream.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
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
