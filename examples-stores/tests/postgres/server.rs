//! A real server: a process with its own directory and port, on loopback.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

/// Stops when it is dropped.
pub(crate) struct Server {
    directory: PathBuf,
    port: u16,
    process: Mutex<Child>,
}

impl Server {
    /// Returns the server that the tests share: it takes a second to make one. It stops when no test needs it.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Self::start());
            *shared = Arc::downgrade(&new);
            new
        })
    }

    pub(crate) fn start() -> Self {
        let directory = new_directory();
        let status = command("initdb", &directory)
            .args([
                "--username=postgres",
                "--auth-local=trust",
                "--auth-host=password",
            ])
            .args([
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ])
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success(), "initdb fails");
        // Another process may take a port before the server has it.
        let mut tries = 0..20;
        let started = tries.find_map(|_| {
            let port = free_port();
            Some((port, launch(&directory, port)?))
        });
        let (port, process) = started.expect("the server starts");
        Self {
            directory,
            port,
            process: Mutex::new(process),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its Unix socket, by which the administrator needs no password.
    pub(crate) fn socket(&self) -> &Path {
        &self.directory
    }

    /// Ends it at once, as a failover does, and starts it again.
    pub(crate) fn restart(&self) {
        self.stop();
        let process = launch(&self.directory, self.port);
        *self.process.lock().unwrap() = process.expect("the server starts again");
    }

    fn stop(&self) {
        // SIGKILL would leave shared memory behind.
        command("pg_ctl", &self.directory)
            .args(["stop", "--silent", "--mode=immediate", "--no-wait"])
            .status()
            .unwrap();
        self.process.lock().unwrap().wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        fs::remove_dir_all(&self.directory).ok();
    }
}

/// `None` if it ends before it is ready.
fn launch(directory: &Path, port: u16) -> Option<Child> {
    let mut process = command("postgres", directory)
        .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
        .args([
            "-c",
            "unix_socket_directories=..",
            "-c",
            "max_connections=200",
            "-c",
            "fsync=off",
        ])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let is_ready =
        log.any(|line| line.is_ok_and(|line| line.contains("ready to accept connections")));
    // So that the server can go on writing.
    thread::spawn(move || log.for_each(drop));
    if !is_ready {
        process.wait().unwrap();
        return None;
    }
    Some(process)
}

/// One of the programs, for the data in this directory. Postgres does not run as root: it runs as the owner of the directory.
fn command(program: &str, directory: &Path) -> Command {
    let path = path_of(program);
    let owner = fs::metadata(directory).unwrap();
    let mut command = Command::new(path);
    command
        .env("PGDATA", directory.join("data"))
        .current_dir(directory);
    if owner.uid() == NOBODY {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Debian has the programs of each version in a directory of its own.
fn path_of(program: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let paths = versions.map(|version| version.unwrap().path().join("bin").join(program));
    paths
        .filter(|path| path.exists())
        .max()
        .unwrap_or_else(|| program.into())
}

/// Short, since the path of a Unix socket has at most 107 bytes.
fn new_directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let directory = std::env::temp_dir().join(format!("alf-pg-{}-{count}", std::process::id()));
    fs::create_dir(&directory).unwrap();
    if fs::metadata(&directory).unwrap().uid() == ROOT {
        chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    directory
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

const ROOT: u32 = 0;
const NOBODY: u32 = 65534;
