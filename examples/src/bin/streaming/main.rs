//! Bodies of any length, in little memory: a gigabyte down and a gigabyte up, with a token.
//!
//!     cargo run --release --bin streaming -- --transport reqwest|isahc|surf [--megabytes N]
//!
//! prints, for each direction, how much went through and by how much the memory of this process (the
//! server is in it) rose at its peak. Without an argument: 64 MB on every library, one after the other.
//! It fails where the peak shows that a body was gathered. The peak is known on Linux alone.

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
        // The token, and whatever a library makes once.
        library::download(library, &servers, MEGABYTE).await?;
        library::upload(library, &servers, MEGABYTE).await?;
        let length = megabytes * MEGABYTE;
        for direction in ["down", "up"] {
            memory::forget_peak();
            let before = memory::now();
            let through = match direction {
                "down" => library::download(library, &servers, length).await?,
                _ => library::upload(library, &servers, length).await?,
            };
            let rise = memory::peak()
                .zip(before)
                .map(|(peak, before)| peak.saturating_sub(before));
            report(name, direction, through, rise)?;
            if through != length {
                return Err(format!("{name}: {through} bytes of {length} came {direction}").into());
            }
        }
    }
    Ok(())
}

fn report(
    name: &str,
    direction: &str,
    through: u64,
    rise: Option<u64>,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let megabytes = through / MEGABYTE;
    let Some(rise) = rise else {
        println!("{name}: {megabytes} MB {direction}");
        return Ok(());
    };
    // Integers would do, but a tenth of a megabyte is worth seeing.
    println!(
        "{name}: {megabytes} MB {direction}, and {}.{} MB more memory at the peak",
        rise / MEGABYTE,
        rise % MEGABYTE * 10 / MEGABYTE
    );
    if rise > through / 2 && rise > 8 * MEGABYTE {
        return Err(format!("{name} gathers what goes {direction}").into());
    }
    Ok(())
}

const MEGABYTE: u64 = 1_000_000;
