//! What alf does, in seven scenes; or one real call.
//!
//!     cargo run --bin quickstart
//!
//! starts an authorization server and an API on this machine, tells what happens in each scene, and
//! checks it against what the *servers* counted. It ends with `all promises kept`, or with a list
//! of those that were not and an exit code that says so.
//!
//!     cargo run --bin quickstart -- --transport isahc
//!
//! tells the same story, with the same counts, on another HTTP library: `reqwest` (the default),
//! `isahc`, or `surf`.
//!
//!     cargo run --bin quickstart -- (--issuer URL | --token-endpoint URL) --client-id ID [--scope S]
//!         [--client-secret-env VAR | --client-secret-file FILE] URL
//!
//! gets a token from a real server, calls the URL with it, and prints status and body. With the
//! issuer, the server's metadata says where its token endpoint is.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that tells a story on a terminal"
)]

mod arguments;
mod library;
mod one_call;
mod promises;
mod story;

use std::process::ExitCode;

use arguments::{Arguments, Deed};
use one_call::MakeOneCall;
use story::TellStory;

/// On tokio because reqwest needs it; the others do not mind.
#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse() {
        Ok(Arguments { transport, deed }) => match deed {
            Deed::Story => library::on(transport, TellStory).await,
            Deed::OneCall(call) => library::on(transport, MakeOneCall(call)).await,
            Deed::Help => {
                println!("{}", arguments::USAGE);
                Ok(())
            }
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
