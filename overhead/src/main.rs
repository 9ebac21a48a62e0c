//! Prints what alf adds to a call on each HTTP library: instructions and heap allocations.
//!
//!     cargo run --profile overhead -p overhead
//!
//! For each library the program starts itself as a child process under valgrind's callgrind. The child calls a server in
//! the parent process, which is not counted: once with the library alone, once with alf. The token is cached by then, and
//! the async libraries have 64 concurrent callers. Each measurement is the difference between two runs, the second of
//! which makes more calls, so that the start of the process and the token request do not count. Only the child's main
//! thread counts, where the callers are; with async reqwest that is the whole client.
//!
//! The results differ by 2 to 4 % from run to run, except for the allocator's instructions, which are listed apart. Those of
//! isahc differ by 30 % while the machine is busy with other programs. So a result that is more than 15 % above the expected
//! one in `libraries/mod.rs` is measured again, and the exit code is 1 if that happens three times in a row. After an improvement, write the new result there. `callgrind_annotate` shows where the instructions go: the profiles are beside
//! the program, in `target/overhead`.

#![expect(clippy::print_stdout, reason = "a program that prints numbers")]

mod callgrind;
mod libraries;
mod report;
mod server;
mod workload;

use std::env;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use alf_testkit::AuthorizationServer;

use callgrind::ProcessCounts;
use libraries::{LIBRARIES, MeasuredLibrary};
use report::PerCall;
use workload::{Variant, Workload};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => measure(),
        [library, variant, calls, token_endpoint, url] => {
            let workload = Workload {
                variant: variant.parse()?,
                calls: calls.parse()?,
                token_endpoint: token_endpoint.clone(),
                url: url.clone(),
            };
            let library = LIBRARIES
                .iter()
                .find(|known| known.name == library)
                .ok_or("unknown library")?;
            (library.run)(&workload)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => Err("start it without arguments: they are for its child processes".into()),
    }
}

/// Measures each library, and compares the results with the expected ones.
fn measure() -> Result<ExitCode, Failure> {
    let mut exceeded = Vec::new();
    report::print_heading();
    for library in &LIBRARIES {
        if !is_as_expected(library)? {
            exceeded.push(library.name);
        }
    }
    if exceeded.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "more than 15 % above the expected result, three times: {}",
        exceeded.join(", ")
    );
    Ok(ExitCode::FAILURE)
}

/// Measures a library until the result is as expected, and prints each result.
fn is_as_expected(library: &MeasuredLibrary) -> Result<bool, Failure> {
    for _ in 0..MEASUREMENTS {
        let bare = per_call(library, Variant::Bare)?;
        let added = per_call(library, Variant::Alf)?.minus(bare);
        println!("{:17} {bare} {added} {}", library.name, library.expected);
        if !library.expected.is_exceeded_by(added) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn per_call(library: &MeasuredLibrary, variant: Variant) -> Result<PerCall, Failure> {
    let less = counts(library, variant, CALLS)?;
    let more = counts(library, variant, 2 * CALLS)?;
    Ok(PerCall::new(less, more, CALLS))
}

/// Counts what a child process does that makes so many calls.
fn counts(
    library: &MeasuredLibrary,
    variant: Variant,
    calls: usize,
) -> Result<ProcessCounts, Failure> {
    let authorization = AuthorizationServer::start();
    let url = server::start(library.callers)?;
    let program = env::current_exe()?;
    let directory = program.parent().map(PathBuf::from).unwrap_or_default();
    let profile = directory.join(format!("{}-{}.callgrind", library.name, variant.name()));
    callgrind::run(
        &program,
        &[
            library.name,
            variant.name(),
            &calls.to_string(),
            &authorization.token_endpoint(),
            &url,
        ],
        &profile,
    )
}

/// At most, for each library.
const MEASUREMENTS: usize = 3;

/// A multiple of the number of callers.
const CALLS: usize = 20 * workload::CONCURRENT_CALLERS;
