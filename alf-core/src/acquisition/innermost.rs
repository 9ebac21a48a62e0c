//! The innermost cause of a failure, as the text of an error shows it (T4).

use std::error::Error as StdError;
use std::iter::successors;

use crate::wire::Redactor;

/// Returns the text of the last error in the chain, cleaned. It is a library's text, or of a user's callback.
pub(super) fn innermost_cause(error: &(dyn StdError + 'static), redactor: &Redactor) -> String {
    let chain = successors(Some(error), |error| (*error).source());
    let text = chain.last().map(ToString::to_string).unwrap_or_default();
    let words = text.split_inclusive(char::is_whitespace);
    redactor.show(&words.map(public_part).collect::<String>())
}

/// X1: a word without what may be the user info, the query or the fragment of a URL.
fn public_part(word: &str) -> String {
    let trimmed = word.trim_end();
    let space = word.strip_prefix(trimmed).unwrap_or_default();
    let (before, location) = match trimmed.rsplit_once('@') {
        // The user info may contain any character, escaped or not.
        Some((before, location)) => {
            let scheme = before.split_once("://").map(|(scheme, _)| scheme);
            let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
            (format!("{scheme}[masked]@"), location)
        }
        None => (String::new(), trimmed),
    };
    let shown = if trimmed.contains('/') {
        location.split(['?', '#']).next().unwrap_or_default()
    } else {
        location
    };
    format!("{before}{shown}{space}")
}

#[cfg(test)]
mod tests;
