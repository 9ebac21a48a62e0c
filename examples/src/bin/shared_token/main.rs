//! Processes that share one token through a directory.
//!
//!     cargo run --bin shared_token
//!
//! starts an authorization server and an API on this machine, and three processes that call the API. They share their tokens in
//! a temporary directory. Each process prints whether it requests a token or uses the one from the directory. If a count is not as
//! promised, the program says so and exits with code 1.
//!
//!     cargo run --bin shared_token -- DIRECTORY
//!
//! starts one such process. Run it in two terminals with the same directory, for example `/tmp/shared`. The first one creates the
//! directory and starts the servers; it stops them when it ends. Each process calls the API when you press Enter.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

mod child;
mod demo;
mod directory;
mod process;

use std::env;
use std::error::Error;
use std::process::ExitCode;

use alf_testkit::{Answer, Servers};

use directory::SharedDirectory;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("shared_token: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (None, _) => demo::run(),
        (Some(directory), None) => terminal(&SharedDirectory::new(directory)),
        (Some(_), Some(_)) => Err("usage: shared_token [DIRECTORY]".into()),
    }
}

/// A process that works for a terminal, or for the demo.
fn terminal(directory: &SharedDirectory) -> Result<(), Box<dyn Error>> {
    if directory.servers_are_running() {
        return process::run(directory, None);
    }
    let servers = Servers::start();
    servers.authorization.issue(Answer::token().expires_in(30));
    directory.create(&servers)?;
    println!("started the servers: run this command in another terminal too");
    process::run(directory, Some(&servers))
}
