//! [`Port`]: a loopback port that listens, or refuses, and stays reserved; and its connections.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use scopeguard::defer;
use socket2::{Domain, Protocol, Socket, Type};

use crate::waiting::{Watched, locked};

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
    accepting: Mutex<Option<JoinHandle<()>>>,
    connections: Arc<Connections>,
}

/// Serves a connection, which has this number.
type Serve = dyn Fn(usize, &TcpStream) + Send + Sync;

struct Connections {
    serve: Box<Serve>,
    /// All threads of a port have the same name, within the 15 bytes that Linux shows.
    thread_name: String,
    refuses: AtomicBool,
    accepted: AtomicUsize,
    /// By their numbers. A thread removes its connection when it ends.
    open: Watched<HashMap<usize, Arc<TcpStream>>>,
}

impl Port {
    /// Listens on a free port. Calls `serve` for each connection, on a thread of its own, with the number of the
    /// connection, which is closed when it returns.
    pub(super) fn start(
        serve: impl Fn(usize, &TcpStream) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let reserved = bound(any)?;
        let (reservation, listener) = if let Ok(listener) = listening(local_address(&reserved)?) {
            (Some(reserved), listener)
        } else {
            (None, listening(any)?)
        };
        let address = listener.local_addr()?;
        let connections = Arc::new(Connections {
            serve: Box::new(serve),
            thread_name: format!("alf-{}", address.port()),
            refuses: AtomicBool::new(false),
            accepted: AtomicUsize::new(0),
            open: Watched::default(),
        });
        Ok(Self {
            address,
            _reservation: reservation,
            accepting: Mutex::new(Some(connections.accept_on(listener)?)),
            connections,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens again, unless it does.
    pub(super) fn open(&self) -> io::Result<()> {
        let mut accepting = locked(&self.accepting);
        if accepting.is_none() {
            *accepting = Some(self.connections.accept_on(listening(self.address)?)?);
        }
        Ok(())
    }

    /// Stops listening and cuts all connections, whatever their threads do. When it returns, new connections are refused.
    pub(super) fn close(&self) {
        if let Some(thread) = locked(&self.accepting).take() {
            self.connections.refuses.store(true, Ordering::SeqCst);
            // `accept` cannot be interrupted, but a connection ends it. If none can be made (no file
            // descriptor is left), one becomes free as soon as some connection of this process ends.
            while !thread.is_finished() && TcpStream::connect(self.address).is_err() {
                thread::sleep(Duration::from_millis(1));
            }
            drop(thread.join());
        }
        self.connections.open.read(|open| {
            for tcp in open.values() {
                // It fails if the peer was faster.
                let _ = tcp.shutdown(Shutdown::Both);
            }
        });
    }

    /// Waits until the threads of all connections have ended.
    pub(super) fn join(&self) {
        let open = &self.connections.open;
        let _ = open.wait_until(Duration::MAX, HashMap::is_empty);
    }
}

impl Connections {
    fn accept_on(self: &Arc<Self>, listener: TcpListener) -> io::Result<JoinHandle<()>> {
        self.refuses.store(false, Ordering::SeqCst);
        let this = Arc::clone(self);
        let thread = thread::Builder::new().name(self.thread_name.clone());
        thread.spawn(move || {
            loop {
                let connection = listener.accept();
                if this.refuses.load(Ordering::SeqCst) {
                    return;
                }
                match connection {
                    Ok((tcp, _)) => this.start(Arc::new(tcp)),
                    // Out of file descriptors, or the peer has closed already: the next one may succeed.
                    Err(_) => thread::sleep(Duration::from_millis(1)),
                }
            }
        })
    }

    fn start(self: &Arc<Self>, tcp: Arc<TcpStream>) {
        let number = self.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        self.open
            .change(|open| open.insert(number, Arc::clone(&tcp)));
        let this = Arc::clone(self);
        let thread = thread::Builder::new().name(self.thread_name.clone());
        let started = thread.stack_size(STACK_BYTES).spawn(move || {
            defer! { this.open.change(|open| open.remove(&number)); }
            (this.serve)(number, &tcp);
        });
        // The system has no thread left: the peer sees its connection closed.
        if started.is_err() {
            self.open.change(|open| open.remove(&number));
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
