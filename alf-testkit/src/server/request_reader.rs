//! [`RequestReader`]: reads requests from a connection, first the head, then the body in pieces.

use std::io;

use super::connection::Connection;
use super::request_head::{BodyFraming, RequestHead, invalid};

const FIRST_BUFFER: usize = 16 * 1024;

/// A head that does not fit is refused: none of our clients sends one.
const LONGEST_HEAD: usize = 256 * 1024;

/// Reads from a connection, and keeps what belongs to the next request.
pub(super) struct RequestReader<'a, 's> {
    connection: &'a Connection<'s>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl<'a, 's> RequestReader<'a, 's> {
    pub(super) fn new(connection: &'a Connection<'s>) -> Self {
        Self {
            connection,
            buffer: vec![0; FIRST_BUFFER],
            start: 0,
            end: 0,
        }
    }

    /// Returns the next head, or `None` if the peer closed the connection between two requests.
    ///
    /// # Errors
    ///
    /// `InvalidData` for bytes that are not HTTP, `UnexpectedEof` for half a head, else the error of the
    /// connection.
    pub(super) fn head(&mut self) -> io::Result<Option<RequestHead>> {
        loop {
            if let Some((head, length)) = RequestHead::parse(self.buffered())? {
                self.start += length;
                return Ok(Some(head));
            }
            if self.has_buffered() {
                self.need_more()?;
            } else if self.read_more()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Gives the body to `sink`, piece by piece.
    pub(super) fn body(
        &mut self,
        framing: BodyFraming,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        match framing {
            BodyFraming::Length(length) => self.take(length, &mut sink),
            BodyFraming::Chunked => self.chunks(&mut sink),
        }
    }

    /// Returns whether a part of the body or of the next request has been read already.
    pub(super) fn has_buffered(&self) -> bool {
        self.start < self.end
    }

    /// Waits until something arrives or the peer closes the connection.
    pub(super) fn wait_for_anything(&mut self) {
        if !self.has_buffered() {
            // The connection is closed next, also after an error.
            let _ = self.read_more();
        }
    }

    /// Reads and drops everything until the peer closes the connection or it is cut.
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
                // The trailers.
                while !self.line()?.is_empty() {}
                return Ok(());
            }
            self.take(size, sink)?;
            if !self.line()?.is_empty() {
                return Err(invalid("a chunk is longer than its size"));
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

    /// Returns the next line without its end.
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
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let taken = buffered.get(..most).unwrap_or(buffered);
            sink(taken);
            let taken = taken.len();
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
            self.free_space()?;
        }
        let free = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.connection.read(free) {
                Ok(length) => {
                    self.end += length;
                    return Ok(length);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn free_space(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        } else if self.buffer.len() < LONGEST_HEAD {
            self.buffer.resize(self.buffer.len() * 2, 0);
        } else {
            return Err(invalid("a head or a line is too long"));
        }
        Ok(())
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }
}
