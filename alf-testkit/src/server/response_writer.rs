//! Writes an HTTP response, a short one at once.

use std::io;
use std::time::Duration;

use http::StatusCode;

#[cfg(feature = "conformance")]
use super::answer::Content;
use super::answer::{Answer, Ending};
use super::gate::StopSignal;
use super::scripted_body::{PIECE, ScriptedBody};

/// Writes `status`, the headers of `answer` and `body`, as far as the ending of `answer` allows.
pub(super) fn write_response(
    answer: &Answer,
    status: u16,
    body: &ScriptedBody,
    method: &str,
    stop: &StopSignal,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut buffer = head(status, body, answer);
    if answer.ending == Ending::HangUpInHeaders {
        buffer.truncate(buffer.len().saturating_sub(5));
        return write(&buffer);
    }
    if method.eq_ignore_ascii_case("HEAD") || has_no_body(status) {
        return write(&buffer);
    }
    let is_cut = answer.ending == Ending::HangUpInBody;
    let body = if is_cut { &body.start() } else { body };
    let chunked = body.length().is_none();
    let mut gate = answer.remainder_held_by.as_ref();
    for piece in body.pieces() {
        let mut piece = &*piece;
        if let Some(gate) = gate.take() {
            let (start, remainder) = piece.split_at(piece.len() / 2);
            add_piece(&mut buffer, start, chunked);
            write(&buffer)?;
            buffer.clear();
            stop.wait_at(gate, Duration::MAX)?;
            piece = remainder;
        }
        add_piece(&mut buffer, piece, chunked);
        if buffer.len() >= PIECE {
            write(&buffer)?;
            buffer.clear();
        }
    }
    if chunked && !is_cut {
        buffer.extend_from_slice(b"0\r\n\r\n");
    }
    write(&buffer)
}

fn add_piece(buffer: &mut Vec<u8>, piece: &[u8], chunked: bool) {
    // An empty chunk would be the last one.
    if chunked && !piece.is_empty() {
        buffer.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        buffer.extend_from_slice(piece);
        buffer.extend_from_slice(b"\r\n");
    } else {
        buffer.extend_from_slice(piece);
    }
}

fn head(status: u16, body: &ScriptedBody, answer: &Answer) -> Vec<u8> {
    let known = StatusCode::from_u16(status).ok();
    let reason = known.and_then(|status| status.canonical_reason());
    let reason = reason.unwrap_or("Scripted");
    let mut head = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
    for (name, value) in &answer.headers {
        head.extend([name, &b": "[..], value, b"\r\n"].concat());
    }
    let framed = answer.headers.iter().any(|(name, _)| {
        name.eq_ignore_ascii_case(b"content-length")
            || name.eq_ignore_ascii_case(b"transfer-encoding")
    });
    if !framed && !has_no_body(status) {
        let framing = body.length().map_or_else(
            || "Transfer-Encoding: chunked\r\n".to_owned(),
            |length| format!("Content-Length: {length}\r\n"),
        );
        head.extend_from_slice(framing.as_bytes());
    }
    if answer.ending == Ending::Close {
        head.extend_from_slice(b"Connection: close\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(feature = "conformance")]
impl Answer {
    /// Returns how many bytes of this answer precede its body.
    pub(crate) fn head_length(&self) -> usize {
        match &self.content {
            Content::Http { status, body } => head(*status, body, self).len(),
            Content::Normal | Content::Token(_) | Content::Computed(_) | Content::Raw(_) => 0,
        }
    }
}

/// RFC 9110 §6.4.1: these responses end with their headers, and have no length.
fn has_no_body(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 304)
}
