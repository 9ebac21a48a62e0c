//! [`Body`]: the body of a request, before it is one of the library.

use std::convert::Infallible;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::Frame;

use crate::server::next_piece;
use crate::waiting::Watched;

/// The body of a request of a case.
///
/// A [`Subject`](crate::conformance::Subject) converts it into a body of its library: in memory, which
/// can be sent again, for the first two; one that is read while it is sent for the third.
#[derive(Debug)]
#[non_exhaustive]
pub enum Body {
    /// No body.
    Empty,
    /// In memory.
    Bytes(Bytes),
    /// Made while it is sent, of unknown length. Cases with one need
    /// [`StreamingRequests`](crate::conformance::Capability::StreamingRequests).
    Stream(BodyStream),
}

/// A long body that is made while it is read: an iterator of [`Bytes`], a [`Read`] and an
/// [`http_body::Body`].
///
/// `futures_util::io::AllowStdIo` makes an `AsyncRead` of it.
#[derive(Debug)]
pub struct BodyStream {
    left: u64,
    unread: Bytes,
    made: Arc<Watched<u64>>,
}

impl Body {
    /// Returns the body in memory, for libraries that have no other bodies.
    ///
    /// A stream is read whole: the subject lacks
    /// [`StreamingRequests`](crate::conformance::Capability::StreamingRequests).
    pub fn into_bytes(self) -> Bytes {
        self.try_into_bytes().unwrap_or_else(|stream| {
            let mut bytes = Vec::new();
            stream.for_each(|piece| bytes.extend_from_slice(&piece));
            bytes.into()
        })
    }

    /// Returns the bytes of a body in memory, for libraries that have both kinds.
    ///
    /// # Errors
    ///
    /// The body, if it is a stream.
    pub fn try_into_bytes(self) -> Result<Bytes, BodyStream> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Bytes(bytes) => Ok(bytes),
            Self::Stream(stream) => Err(stream),
        }
    }
}

impl BodyStream {
    /// Returns a stream of `length` bytes of [`pattern`](crate::server::pattern).
    pub(super) fn of_length(length: u64) -> Self {
        Self {
            left: length,
            unread: Bytes::new(),
            made: Arc::default(),
        }
    }

    pub(super) fn made(&self) -> Arc<Watched<u64>> {
        Arc::clone(&self.made)
    }
}

impl Iterator for BodyStream {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.unread.has_remaining() {
            return Some(std::mem::take(&mut self.unread));
        }
        let piece = next_piece(&mut self.left)?;
        self.made.change(|made| *made += piece.len() as u64);
        Some(piece)
    }
}

impl Read for BodyStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut piece = self.next().unwrap_or_default();
        let length = piece.len().min(buffer.len());
        if let Some(target) = buffer.get_mut(..length) {
            piece.copy_to_slice(target);
        }
        self.unread = piece;
        Ok(length)
    }
}

impl http_body::Body for BodyStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().next().map(|piece| Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{PIECE, pattern};

    #[test]
    fn a_stream_is_the_pattern_however_it_is_read() {
        let length = 3 * PIECE + 7;
        let whole = pattern(0, length);
        let stream = BodyStream::of_length(length as u64);
        let made = stream.made();
        assert_eq!(Body::Stream(stream).into_bytes(), whole);
        assert_eq!(made.read(|made| *made), length as u64);
        let mut read = Vec::new();
        let mut stream = BodyStream::of_length(length as u64);
        let mut buffer = [0; 1000];
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                length => read.extend_from_slice(&buffer[..length]),
            }
        }
        assert_eq!(read, whole);
    }
}
