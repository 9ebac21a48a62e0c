//! [`Connection`]: the byte stream of one connection, plain or TLS.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

/// Starts the sessions of a server whose connections are not plain TCP.
pub(crate) trait Sessions: Send + Sync {
    /// Returns `None` for a connection that is plain TCP after all.
    fn start<'a>(&self, tcp: &'a TcpStream) -> io::Result<Option<Box<dyn Session + 'a>>>;
}

/// One connection, read (as [`Read`]) and written by one thread.
pub(super) struct Connection<'a> {
    tcp: &'a TcpStream,
    session: RefCell<Box<dyn Session + 'a>>,
    scheme: &'static str,
    /// Counts what is written.
    bytes_sent: &'a AtomicU64,
}

impl<'a> Connection<'a> {
    pub(super) fn new(
        tcp: &'a TcpStream,
        sessions: Option<&Arc<dyn Sessions>>,
        bytes_sent: &'a AtomicU64,
    ) -> io::Result<Self> {
        // It fails only if the peer has closed the connection.
        let _ = tcp.set_nodelay(true);
        let session = match sessions {
            Some(sessions) => sessions.start(tcp)?,
            None => None,
        };
        let scheme = if session.is_some() { "https" } else { "http" };
        Ok(Self {
            tcp,
            session: RefCell::new(session.unwrap_or_else(|| Box::new(tcp))),
            scheme,
            bytes_sent,
        })
    }

    pub(super) fn scheme(&self) -> &'static str {
        self.scheme
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        // Counted before it is sent: a client that has the answer finds it counted.
        let length = bytes.len() as u64;
        self.bytes_sent.fetch_add(length, Ordering::Relaxed);
        let mut session = self.session.borrow_mut();
        session.write_all(bytes)?;
        session.flush()
    }

    /// Tells the peer that nothing more is sent. What the peer sends can still be read.
    pub(super) fn end(&self) -> io::Result<()> {
        self.end_session();
        self.tcp.shutdown(Shutdown::Write)
    }

    /// Sends what TLS sends before a connection is closed.
    pub(super) fn end_session(&self) {
        self.session.borrow_mut().end();
    }

    /// Closes the connection without notice, as if the process had ended.
    pub(super) fn hang_up(&self) -> io::Result<()> {
        self.tcp.shutdown(Shutdown::Both)
    }

    /// Makes the close, which follows, a reset.
    pub(super) fn reset(&self) -> io::Result<()> {
        SockRef::from(self.tcp).set_linger(Some(Duration::ZERO))
    }
}

impl Read for &Connection<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.session.borrow_mut().read(buffer) {
            // TLS whose peer closed TCP and did not announce it.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
            read => read,
        }
    }
}
