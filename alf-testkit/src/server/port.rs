//! [`Port`]: a loopback port that listens, or refuses, and stays ours either way.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::waiting::locked;

/// Connections that may wait to be accepted: hundreds of clients may start in the same instant.
const BACKLOG: i32 = 1024;

/// A port, and the thread that accepts connections on it while it is open.
pub(super) struct Port {
    address: SocketAddr,
    /// Bound but never listening, so that nobody else is given the port while it refuses. A system
    /// that allows no second socket on the port does without.
    _reservation: Option<Socket>,
    accepting: Mutex<Option<Accepting>>,
}

impl Port {
    /// Binds the port and listens: connections that come from now on wait to be accepted. Whoever
    /// knows what to do with them calls [`open`](Self::open) with the listener.
    pub(super) fn bind(address: SocketAddr) -> io::Result<(Self, TcpListener)> {
        let reserved = bound(address)?;
        let (reservation, listener) = if let Ok(listener) = listening(local_address(&reserved)?) {
            (Some(reserved), listener)
        } else {
            drop(reserved);
            (None, listening(address)?)
        };
        let port = Self {
            address: listener.local_addr()?,
            _reservation: reservation,
            accepting: Mutex::new(None),
        };
        Ok((port, listener))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What all threads of this port are called, in the 15 bytes that Linux shows.
    pub(super) fn thread_name(&self) -> String {
        format!("alf-{}", self.address.port())
    }

    /// Hands each connection to `on_connection`, until [`close`](Self::close). Listens anew where
    /// no `listener` is given; does nothing if the port is open.
    pub(super) fn open(
        &self,
        listener: Option<TcpListener>,
        on_connection: impl Fn(TcpStream) + Send + 'static,
    ) -> io::Result<()> {
        let mut accepting = locked(&self.accepting);
        if accepting.is_some() {
            return Ok(());
        }
        let listener = match listener {
            Some(listener) => listener,
            None => listening(self.address)?,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name(self.thread_name())
            .spawn(move || accept(&listener, &stopped, on_connection))?;
        *accepting = Some(Accepting { stop, thread });
        Ok(())
    }

    /// Stops listening; when this returns, a connection is refused.
    pub(super) fn close(&self) {
        let mut accepting = locked(&self.accepting);
        let Some(Accepting { stop, thread }) = accepting.take() else {
            return;
        };
        stop.store(true, Ordering::SeqCst);
        // `accept` cannot be interrupted, but a connection wakes it. Where none can be made (no file
        // descriptor is left), one is free as soon as some connection of this process ends.
        while !thread.is_finished() {
            if TcpStream::connect(self.address).is_ok() {
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        drop(thread.join());
    }
}

struct Accepting {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

fn accept(listener: &TcpListener, stop: &AtomicBool, on_connection: impl Fn(TcpStream)) {
    loop {
        let connection = listener.accept();
        if stop.load(Ordering::SeqCst) {
            return;
        }
        match connection {
            Ok((stream, _)) => on_connection(stream),
            // Out of file descriptors, or the peer is gone already: neither is the end.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn listening(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address)?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // Elsewhere the option means that a port may be stolen.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    socket
        .local_addr()?
        .as_socket()
        .ok_or_else(|| io::Error::other("not an internet address"))
}
