//! The reports on a case that failed, and on those that are not applicable.

use std::any::{Any, type_name};
use std::collections::BTreeMap;

use super::case::Case;
use super::cases::ALL;
use super::failure::panic_message;
use super::rules;
use super::subject::{Capability, Subject};

/// Returns everything that helps to find the cause: the rule, what failed, and what was seen.
pub(super) fn of_failure<S: Subject>(name: &str, case: &Case, panic: &dyn Any) -> String {
    let rule = rules::rule_of(name);
    let parts = [
        (
            &*format!("the rule is {rule}"),
            rules::sentence(&rule).to_owned(),
        ),
        ("what went wrong", panic_message(panic)),
        ("what the transport lacks", format!("{:?}", case.lacks)),
        ("what the client reported", case.events.shown()),
        ("what the servers saw", case.report()),
    ];
    let parts = parts.map(|(title, text)| format!("\n{title}:\n{}", indented(&text)));
    let subject = type_name::<S>();
    format!("\n{name} failed on {subject}\n{}", parts.concat())
}

/// Returns which cases are not applicable, grouped by the capability that they need; `None` if all
/// are applicable.
pub(super) fn of_missing<S: Subject>() -> Option<String> {
    let mut groups = BTreeMap::<Capability, Vec<&str>>::new();
    let lacks = S::lacks();
    for case in ALL {
        if let Some(missing) = case.missing(&lacks) {
            groups.entry(missing).or_default().push(case.name);
        }
    }
    if groups.is_empty() {
        return None;
    }
    let count: usize = groups.values().map(Vec::len).sum();
    let groups = groups.into_iter().map(|(capability, names)| {
        let names = indented(&names.join("\n"));
        format!("without {capability:?}:\n{names}")
    });
    Some(format!(
        "\nalf's conformance suite: of {} cases {count} are not applicable to {}\n{}",
        ALL.len(),
        type_name::<S>(),
        groups.collect::<String>()
    ))
}

fn indented(text: &str) -> String {
    let mut indented = String::new();
    for line in text.lines() {
        indented.extend(["    ", line, "\n"]);
    }
    indented
}
