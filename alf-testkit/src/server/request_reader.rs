//! [`RequestReader`]: reads requests from a connection, first the head, then the body.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::connection::Connection;
use super::request_head::{BodyFraming, RequestHead, invalid};

/// A head or a line that is longer is refused: none of our clients sends one.
const LONGEST_HEAD: usize = 256 * 1024;

/// Reads from a connection, and keeps what belongs to the next request.
pub(super) struct RequestReader<'a, 's> {
    reader: BufReader<&'a Connection<'s>>,
}

impl<'a, 's> RequestReader<'a, 's> {
    pub(super) fn new(connection: &'a Connection<'s>) -> Self {
        let reader = BufReader::new(connection);
        Self { reader }
    }

    /// Returns the next head, or `None` if the peer closed the connection between two requests.
    ///
    /// # Errors
    ///
    /// `InvalidData` for bytes that are not HTTP, `UnexpectedEof` for half a head, else the error of the
    /// connection.
    pub(super) fn head(&mut self) -> io::Result<Option<RequestHead>> {
        let mut bytes = Vec::new();
        while bytes.len() < LONGEST_HEAD {
            let before = bytes.len();
            let arrived = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                arrived => arrived?,
            };
            if arrived.is_empty() {
                return match before {
                    0 => Ok(None),
                    _ => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
            bytes.extend_from_slice(arrived);
            if let Some((head, length)) = RequestHead::parse(&bytes)? {
                self.reader.consume(length - before);
                return Ok(Some(head));
            }
            self.reader.consume(bytes.len() - before);
        }
        Err(invalid("a head is too long"))
    }

    /// Writes the body to `sink`, piece by piece.
    pub(super) fn body(&mut self, framing: BodyFraming, sink: &mut impl Write) -> io::Result<()> {
        match framing {
            BodyFraming::Length(length) => self.copy(length, sink),
            BodyFraming::Chunked => self.chunks(sink),
        }
    }

    /// Returns whether a part of the body or of the next request has been read already.
    pub(super) fn has_buffered(&self) -> bool {
        !self.reader.buffer().is_empty()
    }

    /// Waits until something arrives or the peer closes the connection.
    pub(super) fn wait_for_anything(&mut self) {
        // The connection is closed next, also after an error.
        let _ = self.reader.fill_buf();
    }

    /// Reads and drops everything until the peer closes the connection or it is cut.
    pub(super) fn drain(&mut self) {
        let _ = io::copy(&mut self.reader, &mut io::sink());
    }

    fn chunks(&mut self, sink: &mut impl Write) -> io::Result<()> {
        loop {
            let line = self.line()?;
            let Ok(httparse::Status::Complete((_, size))) = httparse::parse_chunk_size(&line)
            else {
                return Err(invalid("not a chunk size"));
            };
            if size == 0 {
                // The trailers.
                while self.line()? != b"\r\n" {}
                return Ok(());
            }
            self.copy(size, sink)?;
            if self.line()? != b"\r\n" {
                return Err(invalid("a chunk is longer than its size"));
            }
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        let mut bounded = self.reader.by_ref().take(LONGEST_HEAD as u64);
        bounded.read_until(b'\n', &mut line)?;
        match line.last() {
            Some(b'\n') => Ok(line),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn copy(&mut self, length: u64, sink: &mut impl Write) -> io::Result<()> {
        if io::copy(&mut self.reader.by_ref().take(length), sink)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}
