//! [`RequestReader`]: requests off a connection, head first, then the body in pieces.

use std::io;

use super::request_head::{Framing, RequestHead, invalid};
use super::wire::Wire;

const FIRST_BUFFER: usize = 16 * 1024;

/// A head that does not fit is refused: no client of ours sends one.
const LONGEST_HEAD: usize = 256 * 1024;

/// A reader that keeps what it read too much for the next request.
pub(super) struct RequestReader<'a> {
    wire: &'a Wire<'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<'a> RequestReader<'a> {
    pub(super) fn new(wire: &'a Wire<'a>) -> Self {
        Self {
            wire,
            buffer: vec![0; FIRST_BUFFER],
            start: 0,
            end: 0,
        }
    }

    /// The next head, or `None` where the peer closed the connection between two requests.
    ///
    /// # Errors
    ///
    /// `InvalidData` for what is not HTTP, `UnexpectedEof` for half a head, else what the
    /// connection says.
    pub(super) fn head(&mut self) -> io::Result<Option<RequestHead>> {
        loop {
            if let Some((head, length)) = RequestHead::parse(self.buffered())? {
                self.start += length;
                return Ok(Some(head));
            }
            let begun = self.start < self.end;
            if self.read_more()? == 0 {
                return if begun {
                    Err(io::ErrorKind::UnexpectedEof.into())
                } else {
                    Ok(None)
                };
            }
        }
    }

    /// Hands the body to `sink`, piece by piece.
    pub(super) fn body(&mut self, framing: Framing, mut sink: impl FnMut(&[u8])) -> io::Result<()> {
        match framing {
            Framing::Length(length) => self.take(length, &mut sink),
            Framing::Chunked => self.chunks(&mut sink),
        }
    }

    /// Whether some of the body, or of the next request, is here already.
    pub(super) fn has_buffered(&self) -> bool {
        self.start < self.end
    }

    /// Waits until something comes, or the peer is gone.
    pub(super) fn wait_for_anything(&mut self) {
        if !self.has_buffered() {
            // Whatever it is: the connection ends now.
            let _ = self.read_more();
        }
    }

    /// Reads and throws away, until the peer closes or the connection is cut.
    pub(super) fn drain(&mut self) {
        loop {
            self.start = self.end;
            match self.read_more() {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn chunks(&mut self, sink: &mut impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            let size = self.chunk_size()?;
            if size == 0 {
                return self.trailers();
            }
            self.take(size, sink)?;
            if !self.line()?.is_empty() {
                return Err(invalid("a chunk is longer than it said"));
            }
        }
    }

    fn chunk_size(&mut self) -> io::Result<u64> {
        loop {
            match httparse::parse_chunk_size(self.buffered()) {
                Ok(httparse::Status::Complete((length, size))) => {
                    self.start += length;
                    return Ok(size);
                }
                Ok(httparse::Status::Partial) => self.need_more()?,
                Err(_) => return Err(invalid("not a chunk size")),
            }
        }
    }

    fn trailers(&mut self) -> io::Result<()> {
        while !self.line()?.is_empty() {}
        Ok(())
    }

    /// The next line without its end.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            let buffered = self.buffered();
            if let Some(length) = buffered.iter().position(|&byte| byte == b'\n') {
                let line = buffered.get(..length).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.start += length + 1;
                return Ok(line);
            }
            self.need_more()?;
        }
    }

    fn take(&mut self, length: u64, sink: &mut impl FnMut(&[u8])) -> io::Result<()> {
        let mut left = length;
        while left > 0 {
            if !self.has_buffered() {
                self.need_more()?;
            }
            let buffered = self.buffered();
            let taken = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffered.len());
            sink(buffered.get(..taken).unwrap_or_default());
            self.start += taken;
            left -= taken as u64;
        }
        Ok(())
    }

    fn need_more(&mut self) -> io::Result<()> {
        if self.read_more()? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn read_more(&mut self) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.make_room()?;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.wire.read(room) {
                Ok(length) => {
                    self.end += length;
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn make_room(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.buffer.len() < LONGEST_HEAD {
            self.buffer.resize(self.buffer.len() * 2, 0);
        } else {
            return Err(invalid("a head or line without end"));
        }
        Ok(())
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}
