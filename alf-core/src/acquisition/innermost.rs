//! The innermost cause of a failure, as the text of an error shows it (T4).

use std::error::Error as StdError;
use std::iter::successors;

use crate::wire::Redactor;

/// Returns the text of the last error in the chain, cleaned. It is a library's text, or of a user's callback.
pub(super) fn innermost_cause(error: &(dyn StdError + 'static), redactor: &Redactor) -> String {
    let chain = successors(Some(error), |error| (*error).source());
    let text = chain.last().map(ToString::to_string).unwrap_or_default();
    redactor.show_cause(&text)
}

#[cfg(test)]
mod tests;
