//! [`Connection`]: the byte stream of one connection, plain or TLS.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;

/// A byte stream over TCP: TCP itself, or TLS.
pub(crate) trait Session: Read + Write {
    /// Tells the peer that nothing more is sent.
    fn end(&mut self);
}

impl Session for &TcpStream {
    fn end(&mut self) {}
}

/// Starts the sessions of a server whose connections are not plain TCP. Returns `None` for a connection that
/// is plain TCP after all.
pub(crate) type Sessions =
    Arc<dyn for<'a> Fn(&'a TcpStream) -> io::Result<Option<Box<dyn Session + 'a>>> + Send + Sync>;

/// One connection. What was read of the next request stays in the buffer of `stream`.
pub(super) struct Connection<'a> {
    tcp: &'a TcpStream,
    pub(super) stream: BufReader<Box<dyn Session + 'a>>,
    pub(super) scheme: &'static str,
}

impl<'a> Connection<'a> {
    pub(super) fn new(tcp: &'a TcpStream, sessions: Option<&Sessions>) -> io::Result<Self> {
        // It fails only if the peer has closed the connection.
        let _ = tcp.set_nodelay(true);
        let session = match sessions {
            Some(start) => start(tcp)?,
            None => None,
        };
        let scheme = if session.is_some() { "https" } else { "http" };
        Ok(Self {
            tcp,
            stream: BufReader::new(session.unwrap_or_else(|| Box::new(tcp))),
            scheme,
        })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let session = self.stream.get_mut();
        session.write_all(bytes)?;
        session.flush()
    }

    /// Waits until something arrives or the peer closes the connection.
    pub(super) fn wait_for_anything(&mut self) {
        // The connection is closed next, also after an error.
        let _ = self.stream.fill_buf();
    }

    /// Reads and drops everything until the peer closes the connection or it is cut.
    pub(super) fn drain(&mut self) {
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }

    /// Sends what TLS sends before a connection is closed.
    pub(super) fn end_session(&mut self) {
        self.stream.get_mut().end();
    }

    /// Closes the connection so that the answer arrives although a part of the request has not been read:
    /// closing with unread bytes resets the connection, and drops the answer.
    pub(super) fn close_gently(&mut self) {
        self.end_session();
        if self.tcp.shutdown(Shutdown::Write).is_ok() {
            self.drain();
        }
    }

    /// Makes the close, which follows, a reset.
    pub(super) fn reset(&self) -> io::Result<()> {
        SockRef::from(self.tcp).set_linger(Some(Duration::ZERO))
    }
}
