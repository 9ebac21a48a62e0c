//! The reports on a case that failed, and on those that are not applicable.

use std::any::type_name;
use std::collections::BTreeMap;

use super::case::Case;
use super::cases::ALL;
use super::rules;
use super::subject::{Capability, Subject};

/// Returns everything that helps to find the cause: the rule, what failed, and what was seen.
pub(super) fn of_failure<S: Subject>(name: &str, case: &Case, wrong: &str) -> String {
    let rule = rules::rule_of(name);
    let parts = [
        (
            &*format!("the rule is {rule}"),
            rules::sentence(&rule).to_owned(),
        ),
        ("what went wrong", wrong.to_owned()),
        ("what was odd about the last answer", case.odd_answer()),
        ("what the transport lacks", format!("{:?}", case.lacks)),
        ("what the client reported", case.events.shown()),
        ("what the servers saw", case.report()),
    ];
    let parts = parts.iter().filter(|(_, text)| !text.is_empty());
    let parts = parts.map(|(title, text)| format!("\n{title}:\n{}", indented(text)));
    let subject = type_name::<S>();
    format!(
        "\n{name} failed on {subject}\n{}",
        parts.collect::<String>()
    )
}

/// Returns why a case is known to fail, if it is.
pub(super) fn known_failure<S: Subject>(name: &str) -> Option<&'static str> {
    let mut known = S::known_failures().into_iter();
    known.find_map(|(case, reason)| (case == name).then_some(reason))
}

/// Returns the report on a case that is known to fail, and did not.
pub(super) fn of_unknown_success<S: Subject>(name: &str, reason: &str) -> String {
    format!(
        "{name} passes: remove it from known_failures of {}, where the reason is: {reason}",
        type_name::<S>()
    )
}

/// Returns which cases are known to fail.
pub(super) fn of_known_failures<S: Subject>() -> String {
    let mut report = String::new();
    for (name, reason) in S::known_failures() {
        let case = ALL.iter().find(|case| case.name == name);
        assert!(
            case.is_some_and(|case| case.missing(&S::lacks()).is_none()),
            "known_failures names {name}, but there is no such case, or it is not applicable"
        );
        report.extend(["known to fail: ", name, ": ", reason, "\n"]);
    }
    report
}

/// Returns which cases are not applicable, grouped by the capability that they need.
pub(super) fn of_missing<S: Subject>() -> String {
    let mut groups = BTreeMap::<Capability, Vec<&str>>::new();
    let lacks = S::lacks();
    for case in ALL {
        if let Some(missing) = case.missing(&lacks) {
            groups.entry(missing).or_default().push(case.name);
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let count: usize = groups.values().map(Vec::len).sum();
    let groups = groups.into_iter().map(|(capability, names)| {
        let names = indented(&names.join("\n"));
        format!("without {capability:?}:\n{names}")
    });
    format!(
        "\nalf's conformance suite: of {} cases {count} are not applicable to {}\n{}",
        ALL.len(),
        type_name::<S>(),
        groups.collect::<String>()
    )
}

fn indented(text: &str) -> String {
    let mut indented = String::new();
    for line in text.lines() {
        indented.extend(["    ", line, "\n"]);
    }
    indented
}
