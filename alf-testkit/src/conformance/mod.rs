//! The conformance suite: every rule of alf that a transport can affect, as a test of its own.
//!
//! Needs the feature `conformance`, which is enabled by default.
//!
//! alf behaves the same on every HTTP library. This suite tests that for a [`Transport`] that you
//! wrote, over real sockets, against scripted servers that misbehave as real ones do. Describe your
//! transport in a [`Subject`], in a file of `tests/`. Then
//!
//! ```text
//! alf_testkit::conformance!(MySubject);
//! ```
//!
//! makes a `#[test]` of each case: `t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere`, …
//! A case that fails reports its rule, what it expected, and what the servers saw. If the transport
//! lacks a [`Capability`], the cases that need it pass and report that; the test
//! `the_cases_that_are_not_applicable` lists them, and those that are
//! [known to fail](Subject::known_failures).
//!
//! Some servers use TLS, with certificates that are made for the run. One case reads what is logged;
//! it sets the logger of the process, of `log` and of `tracing`.
//!
//! Most cases run on virtual time, in which an hour passes at once.
//!
//! [`Transport`]: alf_core::Transport

mod body;
mod call;
mod case;
mod cases;
mod events;
mod failure;
mod log_recording;
mod outcome;
mod report;
mod rules;
mod subject;
mod tested;
mod waiting;

mod acquisitions;
mod backoff;
mod expiry;
mod flow;
mod leak;
mod leftovers;
mod redirects;
mod rejection;
mod replay;
mod robustness;
mod streaming;
mod tls;
mod token_answer;
mod token_request;
mod unusual_answers;

/// The crate whose `Bytes` a [`Body`] holds.
pub use bytes;
/// The crate whose `Request` a [`Subject`] converts to one of its library.
pub use http;

pub use body::{Body, BodyStream};
pub use log_recording::LogRecording;
pub use subject::{Capability, ReadError, Setup, Subject};

use std::future::Future;
use std::io::Write;
use std::panic::resume_unwind;

use case::Case;
use failure::{caught, fail};

/// Makes a `#[test]` of every case of the [conformance suite](mod@crate::conformance) for one
/// [`Subject`].
///
/// Needs the feature `conformance`, which is enabled by default. Call it in a file of `tests/`, once in
/// each file or module.
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::__alf_conformance_cases! { [$crate::__alf_conformance_tests] [$subject] }

        #[test]
        fn the_cases_that_are_not_applicable() {
            $crate::conformance::report::<$subject>();
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __alf_conformance_tests {
    ([$subject:ty] $($module:ident :: $case:ident [$($need:ident)*],)*) => {
        $(
            #[test]
            fn $case() {
                $crate::conformance::run::<$subject>(stringify!($case));
            }
        )*
    };
}

/// Runs one case, as its `#[test]` does: for example to check that a case catches a flaw.
///
/// # Panics
///
/// If the transport breaks the rule, with what was expected and what was seen; if it does not, although
/// the case is one of the [`known_failures`](Subject::known_failures); if no case has that name.
pub fn run<S: Subject>(name: &str) {
    let Some(named) = cases::ALL.iter().find(|case| case.name == name) else {
        fail(&format!("a case with the name {name}, but there is none"));
    };
    if let Some(missing) = named.missing(&S::lacks()) {
        // Captured unless the test is run with `--nocapture`.
        eprintln!("{name}: not applicable without {missing:?}");
        return;
    }
    let case = Case::new::<S>(named.needs);
    let outcome = caught(|| {
        (named.run)(&case);
        case.shows_no_secret("an event", &case.events.shown());
    });
    let failure = match (outcome, report::known_failure::<S>(name)) {
        (Ok(()), None) => return,
        (Err(wrong), None) => report::of_failure::<S>(name, &case, &wrong),
        (Err(wrong), Some(reason)) => {
            eprintln!("{name} is known to fail: {reason}\n{wrong}");
            return;
        }
        (Ok(()), Some(reason)) => report::of_unknown_success::<S>(name, reason),
    };
    eprintln!("{failure}");
    resume_unwind(Box::new(failure));
}

/// Prints which cases are not applicable, with the capability that each would need, and which are known to
/// fail, with the reason.
///
/// It writes to stderr directly: the test harness shows no output of a test that passes.
///
/// # Panics
///
/// If [`known_failures`](Subject::known_failures) names a case that does not exist or is not applicable.
pub fn report<S: Subject>() {
    let report = report::of_missing::<S>() + &report::of_known_failures::<S>();
    // If stderr is closed, the report has no reader.
    let _ = std::io::stderr().write_all(report.as_bytes());
}

/// Runs a future to its end on the calling thread: the [`block_on`](Subject::block_on) of a library
/// that needs no async runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}
