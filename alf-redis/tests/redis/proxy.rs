//! A proxy that can lose a reply. The tests of examples-stores use it too.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Between a store and its server. It serves until the end of the tests.
pub(crate) struct Proxy {
    port: u16,
    loses: Arc<Mutex<Option<&'static str>>>,
}

impl Proxy {
    pub(crate) fn to(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let loses = Arc::new(Mutex::new(None::<&str>));
        let lost = Arc::clone(&loses);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // While the server restarts there is nobody to connect to.
                let Ok(server) = TcpStream::connect(("127.0.0.1", server_port)) else {
                    continue;
                };
                let (to_server, from_client) = (server.try_clone(), client.try_clone());
                let lost = Arc::clone(&lost);
                let loses = move |bytes: &[u8]| {
                    let is_lost = |text: &mut &str| {
                        bytes
                            .windows(text.len())
                            .any(|part| part == text.as_bytes())
                    };
                    lost.lock().unwrap().take_if(is_lost).is_some()
                };
                thread::spawn(move || copy(server, client, loses));
                thread::spawn(move || copy(from_client.unwrap(), to_server.unwrap(), |_| false));
            }
        });
        Self { port, loses }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Closes the connection instead of passing on the next bytes from the server that contain this text.
    pub(crate) fn lose_next_reply_with(&self, text: &'static str) {
        *self.loses.lock().unwrap() = Some(text);
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, loses: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        if loses(&buffer[..count]) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
