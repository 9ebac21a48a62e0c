//! The table of results, and what they are compared with.

use std::fmt;

use crate::callgrind::ProcessCounts;

/// What one call takes, on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PerCall {
    instructions: f64,
    allocator: f64,
    allocations: f64,
}

impl PerCall {
    /// From two runs, of which the second made so many more calls.
    #[expect(clippy::cast_precision_loss, reason = "the counts are far below 2^53")]
    pub(crate) fn new(less: ProcessCounts, more: ProcessCounts, calls: usize) -> Self {
        let mean = |less: u64, more: u64| (more as f64 - less as f64) / calls as f64;
        Self {
            instructions: mean(less.instructions, more.instructions),
            allocator: mean(less.allocator, more.allocator),
            allocations: mean(less.allocations, more.allocations),
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        Self {
            instructions: self.instructions - other.instructions,
            allocator: self.allocator - other.allocator,
            allocations: self.allocations - other.allocations,
        }
    }
}

impl fmt::Display for PerCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:12.0} {:11.0} {:7.2}",
            self.instructions, self.allocator, self.allocations
        )
    }
}

/// What alf is expected to add to a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    instructions: f64,
    allocations: f64,
}

impl Expected {
    pub(crate) const fn new(instructions: f64, allocations: f64) -> Self {
        Self {
            instructions,
            allocations,
        }
    }

    /// Whether alf adds more, beyond what another compiler or another version of a library explains.
    pub(crate) fn is_exceeded_by(self, added: PerCall) -> bool {
        added.instructions > self.instructions * TOLERANCE
            || added.allocations > self.allocations * TOLERANCE
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:12.0} {:7.2}", self.instructions, self.allocations)
    }
}

pub(crate) fn print_heading() {
    println!(
        "{:17} {:>32} {:>32} {:>20}",
        "for each call", "bare library", "alf adds", "expected"
    );
    let (instructions, allocator, allocations) = ("instructions", "+ allocator", "allocs");
    let measured = format!("{instructions:>12} {allocator:>11} {allocations:>7}");
    println!(
        "{:17} {measured} {measured} {instructions:>12} {allocations:>7}",
        ""
    );
}

const TOLERANCE: f64 = 1.15;
