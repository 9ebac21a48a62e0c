//! What is told of a case that failed, and of those that are not applicable.

use std::any::{Any, type_name};

use super::cases::{Named, all};
use super::{Capability, Case, Subject, rules};

/// Everything that helps to see why: the rule, what was wrong, and what was seen meanwhile.
pub(super) fn of_failure<S: Subject>(name: &str, case: &Case<S>, panic: &dyn Any) -> String {
    let rule = rules::rule_of(name);
    let parts = [
        (
            format!("the rule is {rule}"),
            rules::sentence(&rule).to_owned(),
        ),
        ("what went wrong".to_owned(), message(panic)),
        (
            "what the transport says it can do".to_owned(),
            format!("{:?}", S::capabilities()),
        ),
        ("what the client told".to_owned(), case.events.shown()),
        ("what the servers saw".to_owned(), case.servers.report()),
    ];
    let parts = parts.map(|(title, text)| format!("\n{title}:\n{}", indented(&text)));
    format!(
        "\n{name} failed on {}\n{}",
        type_name::<S>(),
        parts.concat()
    )
}

/// Which cases are not applicable, by what they would need; `None` where all are.
pub(super) fn of_missing<S: Subject>() -> Option<String> {
    let cases = all::<S>();
    let missing: Vec<_> = cases
        .iter()
        .filter_map(|case| Some((case, case.missing()?)))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let groups = Capability::ALL.iter().filter_map(|capability| {
        let group = missing.iter().filter(|(_, missing)| missing == capability);
        let names: Vec<_> = group.map(|(case, _)| case.name).collect();
        let names = indented(&names.join("\n"));
        (!names.is_empty())
            .then(|| format!("without {capability:?}, as {}:\n{names}", capability.lack()))
    });
    Some(format!(
        "\nalf's conformance suite: of {} cases {} are not applicable to {}\n{}",
        cases.len(),
        missing.len(),
        type_name::<S>(),
        groups.collect::<String>()
    ))
}

/// One line of a case that is not applicable.
pub(super) fn of_skipped<S: Subject>(named: &Named<S>, missing: Capability) -> String {
    format!(
        "{}: not applicable without {missing:?}, as {}",
        named.name,
        missing.lack()
    )
}

/// What a panic says.
pub(super) fn message(panic: &dyn Any) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic that says nothing".to_owned())
}

fn indented(text: &str) -> String {
    let mut indented = String::new();
    for line in text.lines() {
        indented.extend(["    ", line, "\n"]);
    }
    indented
}
