//! Downloads and uploads of any length, in little memory.
//!
//!     cargo run --bin streaming
//!
//! downloads and uploads 64 MB with reqwest, piece by piece. It prints how much more memory this process used meanwhile than
//! before (on Linux), and fails if that shows that a body was held in memory. The server runs in the same process.
//!
//!     cargo run --features isahc,surf --bin streaming -- [--transport reqwest|isahc|surf] [--megabytes N]
//!
//! does the same with all three libraries, or with one.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

mod library;
mod memory;
mod pieces;

use std::process::ExitCode;

use alf_testkit::Servers;
use examples::HttpLibrary;
use lexopt::{Arg, Parser, ValueExt as _};

use library::{AnyError, download, upload};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("streaming: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), AnyError> {
    let mut libraries = HttpLibrary::ENABLED.to_vec();
    let mut megabytes = 64;
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("transport") => libraries = vec![parser.value()?.string()?.parse()?],
            Arg::Long("megabytes") => megabytes = parser.value()?.parse()?,
            Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => {
                return Err(argument.unexpected().into());
            }
        }
    }
    for library in libraries {
        let name = library.name();
        let servers = Servers::start();
        // What a library allocates only once does not count.
        download(library, &servers, 1).await?;
        upload(library, &servers, 1).await?;

        let before = memory::reset_peak();
        let bytes = download(library, &servers, megabytes).await?;
        report(&format!("{name}, download"), megabytes, bytes, before)?;

        let before = memory::reset_peak();
        let bytes = upload(library, &servers, megabytes).await?;
        report(&format!("{name}, upload"), megabytes, bytes, before)?;
    }
    Ok(())
}

fn report(what: &str, megabytes: u64, bytes: u64, before: Option<u64>) -> Result<(), AnyError> {
    let length = megabytes * MEGABYTE;
    if bytes != length {
        return Err(format!("{what}: {bytes} of {length} bytes").into());
    }
    let Some((before, peak)) = before.zip(memory::peak()) else {
        println!("{what}: {megabytes} MB");
        return Ok(());
    };
    let more = peak.saturating_sub(before);
    println!(
        "{what}: {megabytes} MB, with at most {}.{} MB more memory",
        more / MEGABYTE,
        more % MEGABYTE * 10 / MEGABYTE
    );
    if more > length / 2 && more > 8 * MEGABYTE {
        return Err(format!("{what}: the body was held in memory").into());
    }
    Ok(())
}

const MEGABYTE: u64 = 1_000_000;
