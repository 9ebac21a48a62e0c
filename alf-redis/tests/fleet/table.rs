//! The table of counts.

use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) step: String,
    pub(crate) processes: usize,
    pub(crate) requests: usize,
    pub(crate) expected: RangeInclusive<usize>,
    pub(crate) calls: usize,
    pub(crate) failed_calls: usize,
}

pub(crate) fn add(row: Row) {
    rows().push(row);
}

/// Prints nothing if no case has run.
#[expect(clippy::print_stdout, reason = "it is what a test prints")]
pub(crate) fn print() {
    let mut rows = rows();
    if rows.is_empty() {
        return;
    }
    // Cases run at the same time.
    rows.sort_by(|one, other| one.case.cmp(&other.case));
    println!(
        "{:<41}{:<58}{:>9}{:>9}{:>9}{:>7}{:>7}",
        "case", "step", "processes", "requests", "expected", "calls", "failed"
    );
    for row in rows.iter() {
        let (least, most) = (row.expected.start(), row.expected.end());
        let expected = if least == most {
            least.to_string()
        } else {
            format!("{least}..{most}")
        };
        println!(
            "{:<41}{:<58}{:>9}{:>9}{expected:>9}{:>7}{:>7}",
            row.case, row.step, row.processes, row.requests, row.calls, row.failed_calls
        );
    }
}

fn rows() -> MutexGuard<'static, Vec<Row>> {
    ROWS.lock().unwrap_or_else(PoisonError::into_inner)
}

static ROWS: Mutex<Vec<Row>> = Mutex::new(Vec::new());
