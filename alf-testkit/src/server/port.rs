//! [`Port`]: a loopback port that listens, or refuses, and stays reserved; and its connections.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use scopeguard::defer;
use socket2::{Domain, Protocol, Socket, Type};

use crate::waiting::locked;

/// Connections that may wait to be accepted: hundreds of clients may start at once.
const BACKLOG: i32 = 1024;

/// Small, because there may be hundreds of threads: none of them recurses.
const STACK_BYTES: usize = 256 * 1024;

/// A port of 127.0.0.1, and the thread that accepts connections on it while it is open.
pub(super) struct Port {
    address: SocketAddr,
    /// Bound but never listening, so that no other process gets the port while it refuses. `None` on a
    /// system that allows no second socket on the port.
    _reservation: Option<Socket>,
    accepting: Mutex<Option<Accepting>>,
    connections: Arc<OpenConnections>,
}

struct Accepting {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Port {
    /// Binds a free port and listens: connections wait until [`open`](Self::open) gets the listener.
    pub(super) fn bind() -> io::Result<(Self, TcpListener)> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let reserved = bound(any)?;
        let (reservation, listener) = if let Ok(listener) = listening(local_address(&reserved)?) {
            (Some(reserved), listener)
        } else {
            (None, listening(any)?)
        };
        let port = Self {
            address: listener.local_addr()?,
            _reservation: reservation,
            accepting: Mutex::new(None),
            connections: Arc::default(),
        };
        Ok((port, listener))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Calls `serve` for each connection, on a thread of its own, with the number of the connection; the
    /// connection is closed when it returns. Does nothing if the port is open. Without a `listener` it
    /// makes one.
    pub(super) fn open(
        &self,
        listener: Option<TcpListener>,
        serve: impl Fn(usize, &TcpStream) + Send + Sync + 'static,
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
        let connections = Arc::clone(&self.connections);
        // All threads of this port have the same name, within the 15 bytes that Linux shows.
        let name = format!("alf-{}", self.address.port());
        let serve = Arc::new(serve);
        let thread = thread::Builder::new().name(name.clone()).spawn(move || {
            accept(&listener, &stopped, |tcp| {
                let serve = Arc::clone(&serve);
                connections.start(name.clone(), tcp, move |number, tcp| serve(number, tcp));
            });
        })?;
        *accepting = Some(Accepting { stop, thread });
        Ok(())
    }

    /// Stops listening and cuts all connections. When it returns, new connections are refused.
    pub(super) fn close(&self) {
        if let Some(Accepting { stop, thread }) = locked(&self.accepting).take() {
            stop.store(true, Ordering::SeqCst);
            // `accept` cannot be interrupted, but a connection ends it. If none can be made (no file
            // descriptor is left), one becomes free as soon as some connection of this process ends.
            while !thread.is_finished() && TcpStream::connect(self.address).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
            drop(thread.join());
        }
        self.connections.cut();
    }

    /// Waits until the threads of all connections have ended.
    pub(super) fn join(&self) {
        self.connections.join();
    }
}

fn accept(listener: &TcpListener, stop: &AtomicBool, on_connection: impl Fn(TcpStream)) {
    loop {
        let connection = listener.accept();
        if stop.load(Ordering::SeqCst) {
            return;
        }
        match connection {
            Ok((stream, _)) => on_connection(stream),
            // Out of file descriptors, or the peer has closed already: the next one may succeed.
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
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    // On other systems the option lets another process take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

fn local_address(socket: &Socket) -> io::Result<SocketAddr> {
    let address = socket.local_addr()?.as_socket();
    address.ok_or_else(|| io::Error::other("not an internet address"))
}

/// The open connections of a port and the thread of each.
#[derive(Default)]
struct OpenConnections {
    list: Mutex<ConnectionList>,
}

#[derive(Default)]
struct ConnectionList {
    accepted: usize,
    open: HashMap<usize, Arc<TcpStream>>,
    threads: Vec<JoinHandle<()>>,
}

impl OpenConnections {
    fn start(
        self: &Arc<Self>,
        name: String,
        tcp: TcpStream,
        serve: impl FnOnce(usize, &TcpStream) + Send + 'static,
    ) {
        let tcp = Arc::new(tcp);
        let mut list = locked(&self.list);
        list.threads.retain(|thread| !thread.is_finished());
        list.accepted += 1;
        let number = list.accepted;
        list.open.insert(number, Arc::clone(&tcp));
        let connections = Arc::clone(self);
        let thread = thread::Builder::new()
            .name(name)
            .stack_size(STACK_BYTES)
            .spawn(move || {
                defer! { locked(&connections.list).open.remove(&number); }
                serve(number, &tcp);
                drop(tcp);
            });
        match thread {
            Ok(thread) => list.threads.push(thread),
            // The system has no thread left: the peer sees its connection closed.
            Err(_) => drop(list.open.remove(&number)),
        }
    }

    /// Ends every connection, whatever its thread does: reads and writes fail at once.
    fn cut(&self) {
        for tcp in locked(&self.list).open.values() {
            // It fails if the peer was faster.
            let _ = tcp.shutdown(Shutdown::Both);
        }
    }

    fn join(&self) {
        let threads = std::mem::take(&mut locked(&self.list).threads);
        for thread in threads {
            // A panic in one of them was printed when it happened.
            drop(thread.join());
        }
    }
}
