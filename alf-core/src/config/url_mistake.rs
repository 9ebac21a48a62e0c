//! Mistakes in a URL that a parser does not explain: a placeholder, and a host that is not ASCII.

/// What is wrong with a URL that a user has set, and what to write instead.
pub(super) fn url_mistake(url: &str) -> Option<&'static str> {
    // No URI has these characters (RFC 3986 §2).
    if url.contains(['{', '<']) {
        return Some("contains `{` or `<`; replace the placeholder with its value");
    }
    let (_, after_scheme) = url.split_once("://").unwrap_or(("", url));
    let host = after_scheme.split(['/', '?', '#']).next()?;
    let problem = "has a host that is not ASCII; write it in its ASCII form (xn--…)";
    (!host.is_ascii()).then_some(problem)
}
