//! A body that is made while it is sent, as each library needs it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::io::{AsyncBufRead, AsyncRead};
use http_body::{Body, Frame};

/// A body of equal bytes.
pub(crate) struct Pattern {
    left: u64,
}

impl Pattern {
    pub(crate) fn of(length: u64) -> Self {
        Self { left: length }
    }

    /// Returns the next piece, of at most so many bytes.
    fn next(&mut self, most: usize) -> &'static [u8] {
        let most = u64::try_from(most).unwrap_or(u64::MAX).min(self.left);
        let length = usize::try_from(most).map_or(PIECE.len(), |most| most.min(PIECE.len()));
        PIECE.get(..length).unwrap_or(PIECE)
    }

    fn took(&mut self, length: usize) {
        self.left = self.left.saturating_sub(length as u64);
    }
}

impl Body for Pattern {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let piece = self.next(PIECE.len());
        self.took(piece.len());
        let frame = (!piece.is_empty()).then(|| Ok(Frame::data(Bytes::from_static(piece))));
        Poll::Ready(frame)
    }
}

impl AsyncRead for Pattern {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let piece = self.next(buffer.len());
        self.took(piece.len());
        // The piece is not longer than the buffer.
        for (to, from) in buffer.iter_mut().zip(piece) {
            *to = *from;
        }
        Poll::Ready(Ok(piece.len()))
    }
}

impl AsyncBufRead for Pattern {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(self.get_mut().next(PIECE.len())))
    }

    fn consume(mut self: Pin<&mut Self>, length: usize) {
        self.took(length);
    }
}

static PIECE: &[u8] = &[b'x'; 64 * 1024];
