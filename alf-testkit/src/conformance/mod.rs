//! The conformance suite: every rule of alf that a transport can affect, as a test of its own.
//!
//! alf promises the same on every HTTP library. Whether that is so of a [`Transport`] that you
//! wrote is what this suite finds out, over real sockets, against scripted servers that do what
//! real ones do at their worst. Say how your transport is made in a [`Subject`], and in a file of
//! `tests/`:
//!
//! ```text
//! alf_testkit::conformance!(MySubject);
//! ```
//!
//! makes a `#[test]` of each case: `t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere`, …
//! A case that fails says which rule it is about, what it expected, and what the servers saw. Where
//! the transport lacks a [`Capability`], the cases that need it pass and say so; the test
//! `the_cases_that_are_not_applicable` lists them.
//!
//! Some servers speak TLS, with certificates that are made for the run; one case reads what is
//! logged, for which it sets the logger of the process, of `log` and of `tracing`.
//!
//! Time is virtual wherever that is possible: an hour passes in no time.
//!
//! [`Transport`]: alf_core::Transport

mod apart;
mod body;
mod call;
mod case;
mod cases;
mod events;
mod expect;
mod recorder;
mod reply;
mod report;
mod rules;
mod subject;
mod waiting;

mod acquisitions;
mod backoff;
mod connections;
mod expiry;
mod flow;
mod leak;
mod logs;
mod odd_answers;
mod pace;
mod pool_of_one;
mod redirects;
mod rejection;
mod replay;
mod schemes;
mod streaming;
mod tls;
mod token_answer;
mod token_leftovers;
mod token_request;
mod unusual_answers;

/// The crate whose `Bytes` a [`Body`] holds.
pub use bytes;
/// The crate whose `Request` a [`Subject`] turns into one of its library.
pub use http;

pub use body::{Body, BodyStream};
pub use recorder::Recording;
pub use subject::{Capabilities, Capability, ReadError, Setup, Subject};

use std::future::Future;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use call::Call;
use case::{Case, Client, get, post, request};
use expect::Expect;

/// Makes a `#[test]` of every case of the [conformance suite](mod@crate::conformance) for one
/// [`Subject`].
///
/// It is for a file of `tests/`, one subject a file or a module.
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

/// Runs one case, as its `#[test]` does.
///
/// # Panics
///
/// Where the transport breaks the rule, with what was expected and what was seen; where there is no
/// case of that name.
///
/// # Examples
///
/// One case against a transport that should fail it:
///
/// ```
/// # use alf_testkit::conformance::{self, Subject};
/// fn is_caught<Flawed: Subject>() -> bool {
///     let case = "f2_a_users_authorization_is_replaced_by_exactly_one";
///     std::panic::catch_unwind(|| conformance::run::<Flawed>(case)).is_err()
/// }
/// ```
pub fn run<S: Subject>(name: &str) {
    let cases = cases::all::<S>();
    let Some(named) = cases.into_iter().find(|case| case.name == name) else {
        fail(&format!("a case of the name {name}, but there is none"));
    };
    if let Some(missing) = named.missing() {
        // Captured unless the test is run with `--nocapture`.
        eprintln!("{}", report::of_skipped(&named, missing));
        return;
    }
    let case = Case::new(&named);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        (named.run)(&case);
        case.shows_no_secret("an event", &case.events.shown());
    }));
    if let Err(panic) = outcome {
        let report = report::of_failure(name, &case, &*panic);
        eprintln!("{report}");
        resume_unwind(Box::new(report));
    }
}

/// Says which cases are not applicable, and which capability each would need.
///
/// It writes past the test harness, which shows no output of a test that passes.
pub fn report<S: Subject>() {
    if let Some(report) = report::of_missing::<S>() {
        // Nobody is there to read it where this fails.
        let _ = std::io::stderr().write_all(report.as_bytes());
    }
}

/// Runs a future to its end on the thread that calls it: the
/// [`block_on`](Subject::block_on) of a library that needs no async runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// The names of all cases.
pub fn names() -> &'static [&'static str] {
    cases::NAMES
}

/// Fails the case.
#[track_caller]
#[expect(clippy::panic, reason = "a failed case is a failed test")]
fn fail(expected: &str) -> ! {
    panic!("expected {expected}");
}

/// Also after a case has panicked: what it guards is only ever added to.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
