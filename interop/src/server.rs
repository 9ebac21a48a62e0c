//! The server: one process for all cases of a test target, which use it one after the other.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A running server. It stops when its standard input is closed, at the latest when this process ends.
pub(crate) struct Server {
    _process: Child,
    pub(crate) http: String,
    pub(crate) https: String,
    pub(crate) wrong_name: String,
}

/// The right to use the server. One case has it at a time, since all cases share its faults and its log.
pub(crate) struct ServerLock(MutexGuard<'static, Option<Server>>);

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

impl ServerLock {
    /// Waits for the other cases, and starts the server if it does not run.
    pub(crate) fn wait() -> Self {
        // Each case resets the server, so a failed one before it does no harm.
        let mut server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_none() {
            *server = Some(start());
        }
        Self(server)
    }

    pub(crate) fn server(&self) -> &Server {
        match &*self.0 {
            Some(server) => server,
            None => fail("a server"),
        }
    }
}

/// The path of a file in the server's folder `keys`: a certificate, or its private key.
pub fn key_file(name: &str) -> PathBuf {
    folder().join("keys").join(name)
}

/// The text of a file in that folder.
pub(crate) fn key(name: &str) -> String {
    let file = key_file(name);
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| fail(&format!("{}: {error}", file.display())))
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/oidc-provider"))
}

/// Starts it on free ports. Another process may take one of them first: then it is tried again.
fn start() -> Server {
    if !folder().join("node_modules").is_dir() {
        fail(
            "the server's packages; install them by `bash .ci/setup`, or by `npm ci` in its folder",
        );
    }
    (0..10)
        .find_map(|_| try_to_start())
        .unwrap_or_else(|| fail("the server to start; it needs Node.js 20 or newer as `node`"))
}

fn try_to_start() -> Option<Server> {
    let [http, https, wrong_name] = free_ports()?;
    let mut process = Command::new("node")
        .arg("server.mjs")
        .current_dir(folder())
        .env("ENDS_WITH_STDIN", "1")
        .env("PORT", http.to_string())
        .env("TLS_PORT", https.to_string())
        .env("WRONG_NAME_PORT", wrong_name.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = process.stdout.take()?;
    let ready = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .any(|line| line.starts_with("ready "));
    if !ready {
        let _ = process.kill();
        let _ = process.wait();
        return None;
    }
    Some(Server {
        _process: process,
        http: format!("http://127.0.0.1:{http}"),
        https: format!("https://127.0.0.1:{https}"),
        wrong_name: format!("https://127.0.0.1:{wrong_name}"),
    })
}

fn free_ports() -> Option<[u16; 3]> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).ok();
    // All at the same time, so that they differ.
    let listeners = [listen()?, listen()?, listen()?];
    let port = |listener: &TcpListener| listener.local_addr().ok().map(|address| address.port());
    let [first, second, third] = &listeners;
    Some([port(first)?, port(second)?, port(third)?])
}

/// Fails the case.
#[track_caller]
#[expect(clippy::panic, reason = "a failed case is a failed test")]
pub(crate) fn fail(expected: &str) -> ! {
    panic!("expected {expected}");
}
