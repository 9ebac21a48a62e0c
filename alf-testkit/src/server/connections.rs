//! [`Connections`]: the open connections of a server and the thread of each.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use super::waiting::locked;

/// A connection's thread parses and formats, it does not recurse: hundreds of them stay cheap.
const STACK_BYTES: usize = 256 * 1024;

#[derive(Default)]
pub(super) struct Connections {
    state: Mutex<State>,
}

impl Connections {
    /// Runs `serve` on a thread of its own with this name. The connection is closed when it
    /// returns.
    pub(super) fn start(
        self: &Arc<Self>,
        name: String,
        stream: TcpStream,
        serve: impl FnOnce(usize, &TcpStream) + Send + 'static,
    ) {
        let stream = Arc::new(stream);
        let mut state = locked(&self.state);
        state.threads.retain(|thread| !thread.is_finished());
        state.accepted += 1;
        let id = state.accepted;
        state.open.insert(id, Arc::clone(&stream));
        let connections = Arc::clone(self);
        let thread = thread::Builder::new()
            .name(name)
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let closing = Closing { connections, id };
                serve(id, &stream);
                drop(stream);
                drop(closing);
            });
        match thread {
            Ok(thread) => state.threads.push(thread),
            // The system has no thread left: the peer sees its connection closed.
            Err(_) => drop(state.open.remove(&id)),
        }
    }

    /// Ends every connection, in whatever its thread is doing: reads and writes fail at once.
    pub(super) fn cut(&self) {
        for stream in locked(&self.state).open.values() {
            // It fails where the peer was faster.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Waits until the threads of all connections ended.
    pub(super) fn join(&self) {
        let threads = std::mem::take(&mut locked(&self.state).threads);
        for thread in threads {
            // A panic in one of them was printed when it happened.
            drop(thread.join());
        }
    }
}

#[derive(Default)]
struct State {
    accepted: usize,
    open: HashMap<usize, Arc<TcpStream>>,
    threads: Vec<JoinHandle<()>>,
}

/// Forgets the connection however its thread ends.
struct Closing {
    connections: Arc<Connections>,
    id: usize,
}

impl Drop for Closing {
    fn drop(&mut self) {
        locked(&self.connections.state).open.remove(&self.id);
    }
}
