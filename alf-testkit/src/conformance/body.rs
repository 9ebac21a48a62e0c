//! [`Body`]: what a case sends, before the library has it.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::Frame;

use crate::server::pattern;

/// The body of a request that a case makes.
///
/// A [`Subject`](super::Subject) turns it into a body of its library: a body in memory, which can
/// be sent again, for the first two; one that is read while it is sent for the third.
#[derive(Debug)]
#[non_exhaustive]
pub enum Body {
    /// None.
    Empty,
    /// In memory.
    Bytes(Bytes),
    /// Made while it is sent; its length is not known. Cases with one need
    /// [`StreamingRequests`](super::Capability::StreamingRequests).
    Stream(BodyStream),
}

/// A long body that is made while it is read: as an iterator of [`Bytes`], by [`Read`], or as an
/// [`http_body::Body`], whichever the library takes.
///
/// For a library that wants `AsyncRead` there is `futures_util::io::AllowStdIo`.
pub struct BodyStream {
    left: u64,
    rest: Bytes,
    made: Arc<AtomicU64>,
}

impl Body {
    /// The body as bytes in memory: for libraries that have no others.
    ///
    /// A stream is gathered; a subject that does that has no
    /// [`StreamingRequests`](super::Capability::StreamingRequests).
    pub fn into_bytes(self) -> Bytes {
        self.try_into_bytes().unwrap_or_else(|stream| {
            let mut gathered = Vec::new();
            stream.for_each(|piece| gathered.extend_from_slice(&piece));
            gathered.into()
        })
    }

    /// The bytes of a body in memory, or else the stream: for libraries that have both.
    ///
    /// # Errors
    ///
    /// The body, where it is a stream.
    pub fn try_into_bytes(self) -> Result<Bytes, BodyStream> {
        match self {
            Self::Empty => Ok(Bytes::new()),
            Self::Bytes(bytes) => Ok(bytes),
            Self::Stream(stream) => Err(stream),
        }
    }
}

impl BodyStream {
    /// `length` bytes of [`pattern`].
    pub(super) fn of_length(length: u64) -> Self {
        Self {
            left: length,
            rest: Bytes::new(),
            made: Arc::default(),
        }
    }

    /// How many bytes have been asked for so far.
    pub(super) fn made(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.made)
    }
}

impl Iterator for BodyStream {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.rest.has_remaining() {
            return Some(std::mem::take(&mut self.rest));
        }
        if self.left == 0 {
            return None;
        }
        let length = usize::try_from(self.left).map_or(PIECE, |left| left.min(PIECE));
        self.left -= length as u64;
        self.made.fetch_add(length as u64, Ordering::Relaxed);
        Some(PATTERN.slice(..length))
    }
}

impl Read for BodyStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut piece = self.next().unwrap_or_default();
        let length = piece.len().min(buffer.len());
        if let Some(place) = buffer.get_mut(..length) {
            piece.copy_to_slice(place);
        }
        self.rest = piece;
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

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// A multiple of the pattern's 26, so that every piece begins it anew.
const PIECE: usize = 26 * 2520;
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(pattern(0, PIECE)));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_the_pattern_however_it_is_read() {
        let length = 3 * PIECE + 7;
        let whole = pattern(0, length);
        let stream = BodyStream::of_length(length as u64);
        let made = stream.made();
        assert_eq!(Body::Stream(stream).into_bytes(), whole);
        assert_eq!(made.load(Ordering::Relaxed), length as u64);
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
