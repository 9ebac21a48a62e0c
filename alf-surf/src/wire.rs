//! The parts of a response that async-h1 cannot read, and the response that comes before a request is sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use crate::head::{is_error, readable};

/// A connection for one exchange, beneath async-h1.
///
/// - R1, X5: a response with a header that is not ASCII makes it fail or panic, and so does one
///   with a long header. Their lines are left out. An interim response (a 1xx) would be taken for
///   the response: it is skipped ([RFC 9110 §15.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.2)).
/// - X5: a server that sends nothing but interim responses, or a head without an end, is an error.
/// - R1: a server may answer an upload before it has read it, and close the connection. async-h1 would write to the end
///   first, and not see that answer.
pub(crate) struct Wire<S> {
    stream: S,
    reading: Reading,
    /// Whether the server takes no more of the request.
    is_refused: bool,
}

/// X1: what is behind the head may be a token.
enum Reading {
    /// What was read of it, and how much with the interim heads before it.
    Head(Zeroizing<Vec<u8>>, usize),
    /// Ready to be given, and so many bytes of it given.
    Ready(Zeroizing<Vec<u8>>, usize),
    Body,
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            reading: Reading::Head(Zeroizing::default(), 0),
            is_refused: false,
        }
    }

    /// Whether writing failed because the server takes no more of the request. Its answer may be there.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_refused
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Reads until the head is there.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut stream = Pin::new(&mut self.stream);
        let mut pieces = 0;
        while let Reading::Head(read, in_all) = &mut self.reading {
            if pieces == PIECES_AT_ONCE {
                // S5: the task that waits for this may have a timer that wants to be polled.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            pieces += 1;
            let mut piece = Zeroizing::new([0; PIECE]);
            let length = ready!(stream.as_mut().poll_read(context, &mut *piece))?;
            push(read, piece.get(..length).unwrap_or_default());
            *in_all += length;
            if let Some(ready) = readable(read) {
                self.reading = Reading::Ready(ready, 0);
            } else if *in_all > LONGEST_HEAD {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the head of the response is too long",
                )));
            } else if length == 0 {
                // async-h1 reports what is wrong with it.
                self.reading = Reading::Ready(std::mem::take(read), 0);
            }
        }
        Poll::Ready(Ok(()))
    }

    /// RFC 9112 §9.3: a client that gets an error while it sends a body should stop. Another answer may come of a server that
    /// goes on reading.
    fn is_answered_by_an_error(&mut self, context: &mut Context<'_>) -> bool {
        // What goes wrong with reading goes wrong with writing too, or is reported afterwards.
        let _ = self.poll_head(context);
        matches!(&self.reading, Reading::Ready(head, _) if is_error(head))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = if this.is_answered_by_an_error(context) {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        } else {
            Pin::new(&mut this.stream).poll_write(context, bytes)
        };
        this.is_refused |= matches!(written, Poll::Ready(Err(_)));
        written
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(context)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        loop {
            match &mut this.reading {
                Reading::Head(..) => ready!(this.poll_head(context))?,
                Reading::Ready(bytes, given) => {
                    let left = bytes.get(*given..).unwrap_or_default();
                    if left.is_empty() {
                        this.reading = Reading::Body;
                        continue;
                    }
                    let length = left.len().min(buffer.len());
                    for (to, from) in buffer.iter_mut().zip(left) {
                        *to = *from;
                    }
                    *given += length;
                    return Poll::Ready(Ok(length));
                }
                Reading::Body => return Pin::new(&mut this.stream).poll_read(context, buffer),
            }
        }
    }
}

/// X1: if there is no space, the old memory is wiped.
fn push(read: &mut Zeroizing<Vec<u8>>, piece: &[u8]) {
    let length = read.len() + piece.len();
    if length > read.capacity() {
        let mut roomier = Zeroizing::new(Vec::with_capacity(2 * length));
        roomier.extend_from_slice(read);
        *read = roomier;
    }
    read.extend_from_slice(piece);
}

const PIECE: usize = 4096;
/// So many, and then others may do something too.
const PIECES_AT_ONCE: usize = 4;
/// X5: of what may be read before there is a response, interim ones included.
const LONGEST_HEAD: usize = 64 * 1024;
#[cfg(test)]
mod tests {
    use futures_util::io::AsyncReadExt;
    use futures_util::task::noop_waker_ref;

    use super::*;

    #[test]
    fn x5_endless_heads_are_an_error() {
        for beginning in [
            "x",
            "HTTP/1.1 100 Continue\r\n\r\n",
            "HTTP/1.1 103\r\nA: b\r\n\r\n",
        ] {
            let mut wire = Wire::new(Endless::new(beginning, PIECE));
            let error = pollster::block_on(wire.read(&mut [0; 10])).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{beginning}");
            assert!(wire.stream.given <= LONGEST_HEAD + PIECE, "{beginning}");
        }
    }

    /// A stream that always has something would let no timer of its task fire.
    #[test]
    fn s5_other_tasks_run_while_a_head_is_read() {
        let mut wire = Wire::new(Endless::new("HTTP/1.1 100\r\n\r\n", 1));
        let mut context = Context::from_waker(noop_waker_ref());
        for round in 1..10 {
            let read = Pin::new(&mut wire).poll_read(&mut context, &mut [0; 10]);
            assert!(read.is_pending());
            assert_eq!(wire.stream.given, round * PIECES_AT_ONCE);
        }
    }

    /// The same again and again, so many bytes at a time at most.
    struct Endless {
        text: &'static [u8],
        most: usize,
        given: usize,
    }

    impl Endless {
        fn new(text: &'static str, most: usize) -> Self {
            let text = text.as_bytes();
            Self {
                text,
                most,
                given: 0,
            }
        }
    }

    impl AsyncRead for Endless {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            let this = self.get_mut();
            let length = buffer.len().min(this.most);
            for byte in buffer.iter_mut().take(length) {
                *byte = this.text[this.given % this.text.len()];
                this.given += 1;
            }
            Poll::Ready(Ok(length))
        }
    }
}
