//! The conformance suite: every rule of alf that a transport can affect, as a test of its own.
//!
//! Needs the feature `conformance`, which is enabled by default.
//!
//! It tests a [`Transport`] that you wrote, over real sockets, against scripted servers that misbehave as
//! real ones do. Describe your transport in a [`Subject`], in a file of `tests/`; `alf_testkit::conformance!(MySubject);`
//! makes a `#[test]` of each case. The documentation of [alf-testkit](crate) has an example, and says what a
//! case reports.
//!
//! Most cases run on virtual time, in which an hour passes at once.
//!
//! [`Transport`]: alf_core::Transport

mod body;
mod case;
mod cases;
mod events;
mod log_recording;
mod outcome;
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
pub use subject::{Capability, ReadError, Sent, Setup, Subject};

pub use crate::suite::block_on;

use crate::suite::{Tested, caught};

use case::Case;

/// Makes a `#[test]` of every case of the [conformance suite](mod@crate::conformance) for one
/// [`Subject`].
///
/// Needs the feature `conformance`, which is enabled by default. Call it in a file of `tests/`, once in
/// each file or module.
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
#[macro_export]
macro_rules! conformance {
    ($subject:ty) => {
        $crate::__alf_conformance_cases! { [$crate::__alf_tests] [conformance [] $subject] }
    };
}

/// Runs one case, as its `#[test]` does: for example to check that a case catches a flaw.
///
/// # Panics
///
/// If the transport breaks the rule, with what was expected and what was seen; if it does not, although
/// the case is one of the [`known_failures`](Subject::known_failures); if no case has that name.
pub fn run<S: Subject>(name: &str) {
    let tested = Tested::new::<S>(S::lacks(), S::known_failures());
    let Some(named) = tested.applicable(cases::ALL, name) else {
        return;
    };
    let case = Case::new::<S>(named.needs);
    let outcome = caught(|| {
        (named.run)(&case);
        case.shows_no_secret("an event", &case.events.shown());
    });
    tested.conclude(name, outcome, |wrong| {
        let rule = rules::rule_of(name);
        vec![
            (
                format!("the rule is {rule}"),
                rules::sentence(&rule).to_owned(),
            ),
            ("what went wrong".to_owned(), wrong),
            (
                "what the transport lacks".to_owned(),
                format!("{:?}", case.lacks),
            ),
            ("what the client reported".to_owned(), case.events.shown()),
            ("what the servers saw".to_owned(), case.report()),
        ]
    });
}

/// Prints which cases are not applicable, with the capability that each would need, and which are known to
/// fail, with the reason.
///
/// # Panics
///
/// If [`known_failures`](Subject::known_failures) names a case that does not exist or is not applicable.
pub fn report<S: Subject>() {
    let tested = Tested::new::<S>(S::lacks(), S::known_failures());
    tested.report("conformance suite", cases::ALL);
}
