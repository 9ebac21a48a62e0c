//! The HTTP libraries that alf has an adapter for: each makes the calls bare, and with alf.

mod isahc;
mod reqwest;
mod reqwest_blocking;
mod surf;

use crate::Failure;
use crate::report::Expected;
use crate::workload::{CONCURRENT_CALLERS, Workload};

/// How a library makes the calls, and what alf is expected to add to each.
#[derive(Debug)]
pub(crate) struct MeasuredLibrary {
    pub(crate) name: &'static str,
    pub(crate) callers: usize,
    pub(crate) run: fn(&Workload) -> Result<(), Failure>,
    pub(crate) expected: Expected,
}

pub(crate) const LIBRARIES: [MeasuredLibrary; 5] = [
    MeasuredLibrary {
        name: "reqwest",
        callers: CONCURRENT_CALLERS,
        run: reqwest::run,
        expected: REQWEST,
    },
    // D1: a call with a fresh token does not use the store.
    MeasuredLibrary {
        name: "reqwest-store",
        callers: CONCURRENT_CALLERS,
        run: reqwest::run_with_store,
        expected: REQWEST,
    },
    MeasuredLibrary {
        name: "reqwest-blocking",
        callers: 1,
        run: reqwest_blocking::run,
        expected: Expected::new(2_150.0, 2.0),
    },
    MeasuredLibrary {
        name: "isahc",
        callers: CONCURRENT_CALLERS,
        run: isahc::run,
        expected: Expected::new(3_900.0, 2.5),
    },
    MeasuredLibrary {
        name: "surf",
        callers: CONCURRENT_CALLERS,
        run: surf::run,
        expected: Expected::new(6_700.0, 18.0),
    },
];

const REQWEST: Expected = Expected::new(1_850.0, 1.0);
