//! What the suites have in common: cases that have a name, how one fails, and the reports.

mod failure;

pub(crate) use failure::{caught, fail};

use std::any::type_name;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::panic::resume_unwind;

/// Makes a `#[test]` of each case of a suite, and one that reports which are not applicable.
#[doc(hidden)]
#[macro_export]
macro_rules! __alf_tests {
    (
        [$suite:ident $attributes:tt $subject:ty]
        $($module:ident :: $case:ident [$($need:ident)*],)*
    ) => {
        $($crate::__alf_test! {
            $attributes $case { $crate::$suite::run::<$subject>(stringify!($case)) }
        })*
        $crate::__alf_test! {
            $attributes the_cases_that_are_not_applicable { $crate::$suite::report::<$subject>() }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __alf_test {
    ([$($attributes:tt)*] $name:ident $run:block) => {
        $($attributes)*
        #[test]
        fn $name() $run
    };
}

/// Makes the table of all cases of a suite.
macro_rules! table {
    ([$needs:ident] $($module:ident :: $case:ident [$($need:ident)*],)*) => {
        /// All cases.
        pub(super) const ALL: &[NamedCase<$needs, fn(&Case)>] = &[$(NamedCase {
            name: stringify!($case),
            needs: &[$($needs::$need),*],
            run: super::$module::$case,
        }),*];
    };
}

pub(crate) use table;

/// Runs a future to completion on the calling thread: the `block_on` of a subject that needs no async runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

/// A case, its name, and what a subject must have for it.
pub(crate) struct NamedCase<N: 'static, R> {
    pub(crate) name: &'static str,
    pub(crate) needs: &'static [N],
    pub(crate) run: R,
}

/// What a suite tests, and which cases are known to fail on it, with the reasons.
pub(crate) struct Tested<N> {
    subject: &'static str,
    lacks: Vec<N>,
    known_failures: Vec<(&'static str, &'static str)>,
}

impl<N: Copy + Ord + fmt::Debug> Tested<N> {
    pub(crate) fn new<S: ?Sized>(
        lacks: Vec<N>,
        known_failures: Vec<(&'static str, &'static str)>,
    ) -> Self {
        Self {
            subject: type_name::<S>(),
            lacks,
            known_failures,
        }
    }

    /// Returns the case with this name; `None` if it is not applicable, which is printed.
    pub(crate) fn applicable<'a, R>(
        &self,
        cases: &'a [NamedCase<N, R>],
        name: &str,
    ) -> Option<&'a NamedCase<N, R>> {
        let Some(named) = cases.iter().find(|case| case.name == name) else {
            fail(&format!("a case with the name {name}, but there is none"));
        };
        if let Some(missing) = self.missing(named) {
            // Captured unless the test is run with `--nocapture`.
            eprintln!("{name}: not applicable without {missing:?}");
            return None;
        }
        Some(named)
    }

    /// Ends a case. `parts` are the titles and texts of the report on its failure.
    ///
    /// # Panics
    ///
    /// If it failed and is not known to fail, or the other way round.
    pub(crate) fn conclude(
        &self,
        name: &str,
        outcome: Result<(), String>,
        parts: impl FnOnce(String) -> Vec<(String, String)>,
    ) {
        let known = self.known_failures.iter().find(|(case, _)| *case == name);
        let failure = match (outcome, known) {
            (Ok(()), None) => return,
            (Err(wrong), None) => self.failure(name, &parts(wrong)),
            (Err(wrong), Some((_, reason))) => {
                eprintln!("{name} is known to fail: {reason}\n{wrong}");
                return;
            }
            (Ok(()), Some((_, reason))) => format!(
                "{name} passes: remove it from known_failures of {}, where the reason is: {reason}",
                self.subject
            ),
        };
        eprintln!("{failure}");
        resume_unwind(Box::new(failure));
    }

    /// Prints which cases are not applicable, and which are known to fail.
    ///
    /// It writes to stderr directly: the test harness shows no output of a test that passes.
    pub(crate) fn report<R>(&self, suite: &str, cases: &[NamedCase<N, R>]) {
        let report = self.not_applicable(suite, cases) + &self.known(cases);
        // If stderr is closed, the report has no reader.
        let _ = std::io::stderr().write_all(report.as_bytes());
    }

    fn missing<R>(&self, case: &NamedCase<N, R>) -> Option<N> {
        let mut needs = case.needs.iter().copied();
        needs.find(|need| self.lacks.contains(need))
    }

    fn failure(&self, name: &str, parts: &[(String, String)]) -> String {
        let parts = parts.iter().filter(|(_, text)| !text.is_empty());
        let parts = parts.map(|(title, text)| format!("\n{title}:\n{}", indented(text)));
        let parts: String = parts.collect();
        format!("\n{name} failed on {}\n{parts}", self.subject)
    }

    fn known<R>(&self, cases: &[NamedCase<N, R>]) -> String {
        let mut report = String::new();
        for (name, reason) in &self.known_failures {
            let case = cases.iter().find(|case| case.name == *name);
            assert!(
                case.is_some_and(|case| self.missing(case).is_none()),
                "known_failures names {name}, but there is no such case, or it is not applicable"
            );
            report.extend(["known to fail: ", name, ": ", reason, "\n"]);
        }
        report
    }

    /// Grouped by what they need.
    fn not_applicable<R>(&self, suite: &str, cases: &[NamedCase<N, R>]) -> String {
        let mut groups = BTreeMap::<N, String>::new();
        let mut count = 0;
        for case in cases {
            if let Some(missing) = self.missing(case) {
                let group = groups.entry(missing);
                let group = group.or_insert_with(|| format!("without {missing:?}:\n"));
                group.push_str(&indented(case.name));
                count += 1;
            }
        }
        if count == 0 {
            return String::new();
        }
        format!(
            "\nalf's {suite}: of {} cases {count} are not applicable to {}\n{}",
            cases.len(),
            self.subject,
            groups.into_values().collect::<String>()
        )
    }
}

fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| format!("    {line}\n"));
    lines.collect()
}
