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

/// X1: a URL without its user info, query and fragment.
fn public_part(word: &str) -> String {
    let trimmed = word.trim_end();
    let space = word.strip_prefix(trimmed).unwrap_or_default();
    let Some((scheme, location)) = trimmed.split_once("://") else {
        return word.to_owned();
    };
    let location = location.split(['?', '#']).next().unwrap_or_default();
    match location.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://[masked]@{host}{space}"),
        None => format!("{scheme}://{location}{space}"),
    }
}

#[cfg(test)]
mod tests;
