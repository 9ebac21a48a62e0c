//! Shows what alf does, in seven steps; or makes one real call.
//!
//!     cargo run --bin quickstart
//!
//! starts an authorization server and an API on this machine, and calls the API with alf. Both servers count the requests
//! that they receive, and the program compares these counts with what alf promises. If one differs, it says so and exits
//! with code 1.
//!
//!     cargo run --features isahc,surf --bin quickstart -- --transport isahc
//!
//! does the same on another HTTP library: `reqwest` (the default), `isahc` or `surf`. The counts are the same.
//!
//!     cargo run --bin quickstart -- (--issuer URL | --token-endpoint URL) --client-id ID [--scope S]
//!         [--client-secret-env VAR | --client-secret-file FILE] URL
//!
//! obtains a token from your authorization server, sends a `GET` to the URL, and prints the status and the body. With the
//! issuer, alf reads the token endpoint from the server's metadata.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal"
)]

mod arguments;
mod demo;
mod library;
mod one_call;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Command};
use examples::HttpLibrary;
use library::AlfClient;

/// On tokio because reqwest needs it. The other libraries work on any runtime.
#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse() {
        Ok(Arguments { transport, command }) => match transport {
            HttpLibrary::Reqwest => run::<alf_reqwest::Client>(command).await,
            #[cfg(feature = "isahc")]
            HttpLibrary::Isahc => run::<alf_isahc::Client>(command).await,
            #[cfg(feature = "surf")]
            HttpLibrary::Surf => run::<alf_surf::Client>(command).await,
        },
        Err(error) => Err(format!("{error}\n\n{}", arguments::USAGE).into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run<C: AlfClient>(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Demo => demo::run::<C>().await,
        Command::OneCall(call) => one_call::run::<C>(call).await,
        Command::Help => {
            println!("{}", arguments::USAGE);
            Ok(())
        }
    }
}
