//! [`Core`]: what a server's threads share, from the first connection to the last.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;

use super::connections::Connections;
use super::exchange::{self, Service};
use super::log::Log;
use super::port::Port;
use super::role::Role;
use super::script::Script;
use super::shutdown::Shutdown;
use super::wire::Sessions;

/// One running server.
pub(super) struct Core {
    pub(super) service: Service,
    port: Port,
    connections: Arc<Connections>,
}

impl Core {
    pub(super) fn start(
        address: impl ToSocketAddrs,
        role: Box<dyn Role>,
        script: Script,
        sessions: Option<Arc<dyn Sessions>>,
    ) -> io::Result<Arc<Self>> {
        let address = address
            .to_socket_addrs()?
            .next()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no address"))?;
        let (port, listener) = Port::bind(address)?;
        let core = Arc::new(Self {
            service: Service {
                role,
                script,
                log: Log::default(),
                shutdown: Shutdown::default(),
                sessions,
            },
            port,
            connections: Arc::default(),
        });
        core.accept(Some(listener))?;
        Ok(core)
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// What its connections speak beside TCP.
    pub(super) fn sessions(&self) -> Option<&Arc<dyn Sessions>> {
        self.service.sessions.as_ref()
    }

    /// Closes the port and every connection.
    pub(super) fn refuse_connections(&self) {
        self.port.close();
        self.connections.cut();
    }

    /// Opens the port again.
    pub(super) fn accept_connections(self: &Arc<Self>) -> io::Result<()> {
        self.accept(None)
    }

    pub(super) fn cut_connections(&self) {
        self.connections.cut();
    }

    /// Ends all threads of the server. Those who hold an answer or send one are interrupted.
    pub(super) fn stop(&self) {
        self.service.shutdown.begin();
        self.refuse_connections();
        self.connections.join();
    }

    fn accept(self: &Arc<Self>, listener: Option<TcpListener>) -> io::Result<()> {
        let core = Arc::clone(self);
        self.port.open(listener, move |stream| {
            let open = Open::new(Arc::clone(&core));
            let name = core.port.thread_name();
            core.connections.start(name, stream, move |id, stream| {
                exchange::serve(&open.core.service, id, stream);
            });
        })
    }
}

/// Counts a connection as open while it lives.
struct Open {
    core: Arc<Core>,
}

impl Open {
    fn new(core: Arc<Core>) -> Self {
        core.service.log.connected();
        Self { core }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.core.service.log.disconnected();
    }
}
