//! The server that is called.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Barrier};
use std::{io, thread};

/// Starts a server on a port of this machine, and returns the URL to call.
///
/// It responds to as many requests at a time as there are callers, once all of them have arrived: so the client finds the
/// same situation in each run, whatever else the machine does.
pub(crate) fn start(callers: usize) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://{}/things", listener.local_addr()?);
    let all_arrived = Arc::new(Barrier::new(callers));
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let all_arrived = Arc::clone(&all_arrived);
            // An error is the client's end of the connection.
            thread::spawn(move || respond(&connection, &all_arrived).ok());
        }
    });
    Ok(url)
}

fn respond(connection: &TcpStream, all_arrived: &Barrier) -> io::Result<()> {
    let mut lines = BufReader::new(connection).lines();
    while let Some(line) = lines.next().transpose()? {
        // An empty line ends the request.
        if line.is_empty() {
            all_arrived.wait();
            (&*connection).write_all(RESPONSE)?;
        }
    }
    Ok(())
}

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"things\":[1]}\n";
