//! A real server: a process with its own directory and port, on loopback.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use alf_redis::redis::{self, FromRedisValue};

/// The programs that the suite runs on.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    Redis,
    Valkey,
}

/// Stops when it is dropped.
pub(crate) struct Server {
    program: Program,
    options: Vec<String>,
    directory: PathBuf,
    port: u16,
    process: Mutex<Child>,
}

impl Server {
    /// Starts a server with these options beside the usual ones.
    pub(crate) fn start(program: Program, options: &[&str]) -> Self {
        Self::start_in(program, new_directory(), options)
    }

    /// Starts a server in a directory that [`new_directory`] has made.
    pub(crate) fn start_in(program: Program, directory: PathBuf, options: &[&str]) -> Self {
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        // Another process may take a port before the server has it.
        let mut tries = 0..20;
        let started = tries.find_map(|_| {
            let port = free_port();
            let process = launch(program, &directory, port, &options)?;
            Some((port, process))
        });
        let (port, process) = started.expect("the server starts");
        Self {
            program,
            options,
            directory,
            port,
            process: Mutex::new(process),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A Unix socket that every server has.
    pub(crate) fn socket_url(&self) -> String {
        format!("unix://{}", self.directory.join("socket").display())
    }

    pub(crate) fn admin<T: FromRedisValue>(&self, command: &str) -> T {
        let client = redis::Client::open(self.socket_url()).unwrap();
        let mut words = command.split(' ');
        let mut command = redis::cmd(words.next().unwrap());
        for word in words {
            command.arg(word);
        }
        command
            .query(&mut client.get_connection().unwrap())
            .unwrap()
    }

    /// Returns how often a command has run, also from a script.
    pub(crate) fn commands(&self, name: &str) -> usize {
        let info: String = self.admin("INFO commandstats");
        let start = format!("cmdstat_{name}:calls=");
        let calls = info.lines().find_map(|line| line.strip_prefix(&start));
        let calls = calls.and_then(|calls| calls.split(',').next());
        calls.map_or(0, |calls| calls.parse().unwrap())
    }

    pub(crate) fn kill(&self) {
        let mut process = self.process.lock().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts it again after [`kill`](Self::kill). Its values are gone.
    pub(crate) fn start_again(&self) {
        let process = launch(self.program, &self.directory, self.port, &self.options);
        *self.process.lock().unwrap() = process.expect("the server starts again");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        fs::remove_dir_all(&self.directory).ok();
    }
}

/// Short, since the path of a Unix socket has at most 107 bytes.
pub(crate) fn new_directory() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("alf-redis-{}-{count}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir(&directory).unwrap();
    directory
}

/// `None` if it ends before it is ready.
fn launch(program: Program, directory: &Path, port: u16, options: &[String]) -> Option<Child> {
    let program = match program {
        Program::Redis => "redis-server",
        Program::Valkey => "valkey-server",
    };
    let port = port.to_string();
    let mut process = Command::new(program)
        .current_dir(directory)
        .args([
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--unixsocket",
            "socket",
        ])
        .args(if options.iter().any(|option| option == "--tls-port") {
            ["--port", "0"]
        } else {
            ["--port", &port]
        })
        .args(
            options
                .iter()
                .map(|option| if option == "PORT" { &port } else { option }),
        )
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run .ci/setup"));
    let mut log = BufReader::new(process.stdout.take().unwrap()).lines();
    let is_ready =
        log.any(|line| line.is_ok_and(|line| line.contains("eady to accept connections")));
    // So that the server can go on writing.
    thread::spawn(move || log.for_each(drop));
    if !is_ready {
        process.wait().unwrap();
        return None;
    }
    Some(process)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
