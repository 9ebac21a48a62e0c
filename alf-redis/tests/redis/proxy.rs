//! A proxy that can lose a reply.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Between a store and its server. It serves until the end of the tests.
pub(crate) struct Proxy {
    port: u16,
    loses_next_reply: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn to(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let loses_next_reply = Arc::new(AtomicBool::new(false));
        let loses = Arc::clone(&loses_next_reply);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // While the server restarts there is nobody to connect to.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) else {
                    continue;
                };
                let (to_server, from_client) = (server.try_clone(), client.try_clone());
                let loses = Arc::clone(&loses);
                thread::spawn(move || copy(server, client, || loses.swap(false, Ordering::SeqCst)));
                thread::spawn(move || copy(from_client.unwrap(), to_server.unwrap(), || false));
            }
        });
        Self {
            port,
            loses_next_reply,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Closes the connection instead of passing on the next bytes from the server.
    pub(crate) fn lose_next_reply(&self) {
        self.loses_next_reply.store(true, Ordering::SeqCst);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, loses: impl Fn() -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if loses() || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
