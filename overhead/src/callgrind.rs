//! Runs a program under valgrind's callgrind, and reads what it counted.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Failure;

/// What the first thread of a process did from its start to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProcessCounts {
    /// Instructions, except those of the memory allocator: how long it searches differs from run to run.
    pub(crate) instructions: u64,
    /// The allocator's instructions.
    pub(crate) allocator: u64,
    /// Calls of the functions that take memory from the heap.
    pub(crate) allocations: u64,
}

/// Runs the program with these arguments, and leaves the profile in a file for `callgrind_annotate`.
pub(crate) fn run(
    program: &Path,
    arguments: &[&str],
    profile: &Path,
) -> Result<ProcessCounts, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--separate-threads=yes"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot run valgrind: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{arguments:?} failed under valgrind: {text}").into());
    }
    // The file without a number is empty; the others are of one thread each.
    let profile = fs::read_to_string(format!("{}-01", profile.display()))?;
    read(&profile).ok_or_else(|| "cannot read the profile that callgrind has written".into())
}

/// The lines of the profile that matter here, each with an example:
///
/// - `totals: 5600` are the instructions of all functions;
/// - `fn=(1) main` starts the part of a function;
/// - `cfn=(7) malloc` names a function that it calls (`cfn=(7)` from the second time on),
/// - `calls=3 0` is how often, and the last number of the line that follows is the instructions of these calls.
fn read(profile: &str) -> Option<ProcessCounts> {
    let mut counts = ProcessCounts::default();
    let mut total = 0;
    let mut names = HashMap::new();
    let (mut function, mut called) = ("", "");
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once(['=', ':']) else {
            continue;
        };
        match key {
            "fn" | "cfn" => {
                let (id, name) = value.split_once(' ').unwrap_or((value, ""));
                let name = *names.entry(id).or_insert(name);
                if key == "fn" {
                    function = name;
                } else {
                    called = name;
                }
            }
            "calls" => {
                let calls: u64 = value.split(' ').next()?.parse().ok()?;
                let instructions: u64 = lines.next()?.split(' ').next_back()?.parse().ok()?;
                let takes = TAKE_MEMORY.contains(&called);
                let is_entry = !TAKE_MEMORY.contains(&function) && function != "free";
                if is_entry && (takes || called == "free") {
                    counts.allocator += instructions;
                }
                if is_entry && takes {
                    counts.allocations += calls;
                }
            }
            "totals" => total = value.trim().parse().ok()?,
            _ => {}
        }
    }
    counts.instructions = total - counts.allocator;
    Some(counts)
}

/// Rust's `alloc`, `alloc_zeroed` and `realloc` call these.
const TAKE_MEMORY: [&str; 5] = [
    "malloc",
    "calloc",
    "realloc",
    "aligned_alloc",
    "posix_memalign",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read() {
        let profile = "\
events: Ir
fn=(1) main
1 100
cfn=(2) malloc
calls=3 0
1 60
cfn=(3) free
calls=3 0
1 30

fn=(4) other
cfn=(2)
calls=2 0
1 40
cfn=(5) realloc
calls=1 0
1 20

fn=(5)
cfn=(2)
calls=1 0
1 10

totals: 5600
";
        let counts = ProcessCounts {
            instructions: 5600 - 60 - 30 - 40 - 20,
            allocator: 60 + 30 + 40 + 20,
            allocations: 6,
        };
        assert_eq!(read(profile), Some(counts));
    }
}
