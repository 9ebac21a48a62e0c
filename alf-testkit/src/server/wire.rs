//! [`Wire`]: what HTTP is spoken over, in the clear or by TLS.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use socket2::SockRef;

/// What lies between HTTP and TCP on one connection.
pub(crate) trait Session {
    fn read(&mut self, tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize>;
    fn write_all(&mut self, tcp: &TcpStream, bytes: &[u8]) -> io::Result<()>;
    /// Says that nothing more comes.
    fn end(&mut self, tcp: &TcpStream);
}

/// Begins the sessions of a server that speaks something else than TCP.
pub(crate) trait Sessions: Send + Sync {
    /// `None` for a connection in the clear.
    fn begin(&self, tcp: &TcpStream) -> io::Result<Option<Box<dyn Session>>>;
}

/// One connection, read and written by one thread.
pub(super) struct Wire<'a> {
    tcp: &'a TcpStream,
    session: Option<RefCell<Box<dyn Session>>>,
    /// Counts what is written.
    bytes_sent: &'a AtomicU64,
}

impl<'a> Wire<'a> {
    pub(super) fn new(
        tcp: &'a TcpStream,
        sessions: Option<&Arc<dyn Sessions>>,
        bytes_sent: &'a AtomicU64,
    ) -> io::Result<Self> {
        // It fails only on a connection that is gone.
        let _ = tcp.set_nodelay(true);
        let session = match sessions {
            Some(sessions) => sessions.begin(tcp)?.map(RefCell::new),
            None => None,
        };
        Ok(Self {
            tcp,
            session,
            bytes_sent,
        })
    }

    pub(super) fn scheme(&self) -> &'static str {
        match self.session {
            None => "http",
            Some(_) => "https",
        }
    }

    pub(super) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut tcp = self.tcp;
        match &self.session {
            None => tcp.read(buffer),
            Some(session) => session.borrow_mut().read(tcp, buffer),
        }
    }

    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        // Before: who has the answer finds it counted.
        self.bytes_sent
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let mut tcp = self.tcp;
        match &self.session {
            None => tcp.write_all(bytes),
            Some(session) => session.borrow_mut().write_all(tcp, bytes),
        }
    }

    /// Says that nothing more comes; what the peer sends can still be read.
    pub(super) fn end(&self) -> io::Result<()> {
        self.say_goodbye();
        self.tcp.shutdown(Shutdown::Write)
    }

    /// What a session says before its connection is closed.
    pub(super) fn say_goodbye(&self) {
        if let Some(session) = &self.session {
            session.borrow_mut().end(self.tcp);
        }
    }

    /// Closes the connection as a process does that is gone.
    pub(super) fn hang_up(&self) -> io::Result<()> {
        self.tcp.shutdown(Shutdown::Both)
    }

    /// Has the close be a reset.
    pub(super) fn reset(&self) -> io::Result<()> {
        SockRef::from(self.tcp).set_linger(Some(Duration::ZERO))
    }
}
