//! Downloads and uploads of any length, in little memory.
//!
//!     cargo run --release --bin streaming -- --transport reqwest|isahc|surf [--megabytes N]
//!
//! prints, for each direction, how much was transferred, and how much more memory this process (the server is in it) used
//! at the peak. Without an argument it transfers 64 MB on every library. It fails if the peak shows that a body was
//! buffered. The peak is known only on Linux.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

mod library;
mod memory;
mod pattern;

use std::error::Error;
use std::process::ExitCode;

use alf_testkit::Servers;
use examples::HttpLibrary;
use lexopt::{Arg, Parser, ValueExt as _};

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

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut libraries = HttpLibrary::ALL.to_vec();
    let mut megabytes = 64;
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("transport") => libraries = vec![parser.value()?.parse()?],
            Arg::Long("megabytes") => megabytes = parser.value()?.parse()?,
            Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => {
                return Err(argument.unexpected().into());
            }
        }
    }
    for library in libraries {
        let name = library.name();
        let servers = Servers::start();
        // For the token, and for everything that a library does only once.
        library::download(library, &servers, MEGABYTE).await?;
        library::upload(library, &servers, MEGABYTE).await?;
        let length = megabytes * MEGABYTE;
        for direction in ["download", "upload"] {
            memory::reset_peak();
            let before = memory::now();
            let transferred = match direction {
                "download" => library::download(library, &servers, length).await?,
                _ => library::upload(library, &servers, length).await?,
            };
            let rise = memory::peak()
                .zip(before)
                .map(|(peak, before)| peak.saturating_sub(before));
            report(name, direction, transferred, rise)?;
            if transferred != length {
                return Err(format!("{name}, {direction}: {transferred} of {length} bytes").into());
            }
        }
    }
    Ok(())
}

fn report(
    name: &str,
    direction: &str,
    transferred: u64,
    rise: Option<u64>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let megabytes = transferred / MEGABYTE;
    let Some(rise) = rise else {
        println!("{name}: {direction} of {megabytes} MB");
        return Ok(());
    };
    println!(
        "{name}: {direction} of {megabytes} MB, and {}.{} MB more memory at the peak",
        rise / MEGABYTE,
        rise % MEGABYTE * 10 / MEGABYTE
    );
    if rise > transferred / 2 && rise > 8 * MEGABYTE {
        return Err(format!("{name} buffers the body of the {direction}").into());
    }
    Ok(())
}

const MEGABYTE: u64 = 1_000_000;
