//! [`ResponseWriter`]: writes an HTTP response, a short one at once.

use std::io::{self, Write};

use http::StatusCode;

#[cfg(feature = "conformance")]
use super::answer::Content;
use super::answer::{Answer, Ending};
use super::connection::Connection;
use super::gate::StopSignal;
use super::scripted_body::{PIECE, ScriptedBody};

pub(super) struct ResponseWriter<'a, 's> {
    connection: &'a Connection<'s>,
    stop: &'a StopSignal,
    /// Written when it holds a piece of a long body, and at the end.
    buffer: Vec<u8>,
}

impl<'a, 's> ResponseWriter<'a, 's> {
    pub(super) fn new(connection: &'a Connection<'s>, stop: &'a StopSignal) -> Self {
        Self {
            connection,
            stop,
            buffer: Vec::new(),
        }
    }

    /// Sends `status`, the headers of `answer` and `body`, as far as the ending of `answer` allows.
    pub(super) fn response(
        &mut self,
        status: u16,
        body: &ScriptedBody,
        answer: &Answer,
        method: &str,
    ) -> io::Result<()> {
        self.buffer.clear();
        head(&mut self.buffer, status, body, answer)?;
        if answer.ending == Ending::HangUpInHeaders {
            self.buffer.truncate(self.buffer.len().saturating_sub(5));
        } else if !method.eq_ignore_ascii_case("HEAD") && !has_no_body(status) {
            self.body(body, answer)?;
        }
        self.flush()
    }

    fn body(&mut self, body: &ScriptedBody, answer: &Answer) -> io::Result<()> {
        if answer.ending == Ending::HangUpInBody {
            return self.pieces(&body.start(), answer);
        }
        self.pieces(body, answer)?;
        if body.length().is_none() {
            self.buffer.extend_from_slice(b"0\r\n\r\n");
        }
        Ok(())
    }

    fn pieces(&mut self, body: &ScriptedBody, answer: &Answer) -> io::Result<()> {
        let chunked = body.length().is_none();
        let mut gate = answer.remainder_held_by.as_ref();
        for mut piece in body.pieces() {
            if let Some(gate) = gate.take() {
                let (start, remainder) = piece.split_at(piece.len() / 2);
                self.piece(start, chunked)?;
                self.flush()?;
                self.stop.wait_at(gate)?;
                piece = remainder;
            }
            self.piece(piece, chunked)?;
            if self.buffer.len() >= PIECE {
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
        self.connection.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

fn head(buffer: &mut Vec<u8>, status: u16, body: &ScriptedBody, answer: &Answer) -> io::Result<()> {
    let known = StatusCode::from_u16(status).ok();
    let reason = known.and_then(|status| status.canonical_reason());
    write!(
        buffer,
        "HTTP/1.1 {status} {}\r\n",
        reason.unwrap_or("Scripted")
    )?;
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
    /// Returns how many bytes of this answer precede its body.
    pub(crate) fn head_length(&self) -> usize {
        let mut buffer = Vec::new();
        if let Content::Http { status, body } = &self.content {
            // Writing to a Vec cannot fail.
            let _ = head(&mut buffer, *status, body, self);
        }
        buffer.len()
    }
}

/// RFC 9110 §6.4.1: these responses end with their headers, and have no length.
fn has_no_body(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}
