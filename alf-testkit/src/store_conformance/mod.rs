//! The store suite: every promise of a [`TokenStore`] as a test of its own.
//!
//! Needs the feature `store`.
//!
//! Describe your store in a [`StoreSubject`], in a file of `tests/`; `alf_testkit::store_conformance!(MySubject);` generates a
//! `#[test]` for each case. A case may need a [hook](StoreHooks): something that only you can do to your store. The documentation of
//! [alf-testkit](crate) has an example.
//!
//! The suite accepts everything that the trait allows: a replica that lags by up to a second, values that are deleted early or
//! never, and an error if a reply was lost.
//!
//! [`TokenStore`]: alf_core::TokenStore

mod case;
mod cases;
mod connection;
mod subject;

mod contention;
mod expiry;
mod faults;
mod swap;
mod values;

pub use subject::{StoreHooks, StoreSubject};

pub use crate::suite::block_on;

use crate::suite::{Tested, caught};

use case::Case;

/// Generates a `#[test]` for every case of the [store suite](mod@crate::store_conformance) for one
/// [`StoreSubject`](crate::store_conformance::StoreSubject).
///
/// Needs the feature `store`. Call it in a file of `tests/`, at most once in each module. Attributes in front of the subject apply to
/// every test: `store_conformance!(#[ignore = "needs a server"] MySubject)`.
#[cfg_attr(docsrs, doc(cfg(feature = "store")))]
#[macro_export]
macro_rules! store_conformance {
    ($(#[$attribute:meta])* $subject:ty) => {
        $crate::__alf_store_cases! {
            [$crate::__alf_tests] [store_conformance [$(#[$attribute])*] $subject]
        }
    };
}

/// Runs one case, as its `#[test]` does.
///
/// # Panics
///
/// - If the store breaks the promise of this case. The message says what was expected, and lists the latest operations.
/// - If the store keeps the promise, but the case is one of the [`known_failures`](StoreSubject::known_failures).
/// - If no case has that name.
pub fn run<S: StoreSubject>(name: &str) {
    let tested = tested::<S>();
    let Some(named) = tested.applicable(cases::ALL, name) else {
        return;
    };
    let case = Case::new::<S>();
    let outcome = caught(|| (named.run)(&case));
    tested.conclude(name, outcome, |wrong| {
        vec![
            ("what went wrong".to_owned(), wrong),
            ("the latest operations".to_owned(), case.operations()),
        ]
    });
}

/// Prints which cases are not applicable, each with the hook that it needs, and which are known to fail, each with its reason.
///
/// # Panics
///
/// If [`known_failures`](StoreSubject::known_failures) names a case that does not exist or is not applicable.
pub fn report<S: StoreSubject>() {
    tested::<S>().report("store suite", cases::ALL);
}

fn tested<S: StoreSubject>() -> Tested<subject::StoreHook> {
    Tested::new::<S>(StoreHooks::<S>::of_subject().missing(), S::known_failures())
}
