//! [`CallOutcome`]: the result of a call, and what a case expects of it.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;

use alf_core::{Error, NotAllowedReason, TokenError, TokenErrorKind};

use crate::suite::fail;

#[derive(Debug)]
pub(super) struct CallOutcome(pub(super) Result<Reply, CallError>);

/// A response of the library, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HashMap<&'static str, Vec<String>>,
    /// As far as it could be read.
    pub(super) body: Vec<u8>,
    /// Why it could not be read to its end.
    pub(super) broken: Option<String>,
}

/// An error of alf, and everything that it and its sources show.
#[derive(Debug)]
pub(super) struct CallError {
    error: Error<()>,
    shown: String,
}

impl CallError {
    pub(super) fn new<E: StdError + 'static>(error: Error<E>) -> Self {
        Self {
            shown: everything_shown(&error),
            error: error.map_transport(|_| ()),
        }
    }
}

impl CallOutcome {
    pub(super) fn status(&self) -> Option<u16> {
        self.0.as_ref().ok().map(|reply| reply.status)
    }

    #[track_caller]
    pub(super) fn expect_status(self, status: u16) -> Reply {
        match self.0 {
            Ok(reply) => {
                assert_eq!(reply.status, status, "expected another status");
                reply
            }
            Err(error) => fail(&format!("a response, but: {}", error.shown)),
        }
    }

    /// Expects an error because no token could be acquired.
    #[track_caller]
    pub(super) fn expect_token_error(self) -> TokenError {
        match self.expect_error() {
            (Error::Token(error), _) => error,
            (_, shown) => fail(&format!("an error of the token, but: {shown}")),
        }
    }

    /// Expects an error of this kind because no token could be acquired.
    #[track_caller]
    pub(super) fn expect_token_error_of(self, kind: TokenErrorKind) -> TokenError {
        let error = self.expect_token_error();
        assert_eq!(error.kind(), kind, "expected another kind of {error:?}");
        error
    }

    /// Expects an error of the library. Returns everything that it shows.
    #[track_caller]
    pub(super) fn expect_transport_error(self) -> String {
        match self.expect_error() {
            (Error::Transport(()), shown) => shown,
            (_, shown) => fail(&format!("an error of the library, but: {shown}")),
        }
    }

    /// Expects that alf did not send the request.
    #[track_caller]
    pub(super) fn expect_not_allowed(self, reason: NotAllowedReason) {
        match self.expect_error() {
            (Error::NotAllowed(error), _) => assert_eq!(error.reason(), reason),
            (_, shown) => fail(&format!("the request not to be sent, but: {shown}")),
        }
    }

    /// Expects any error. Returns it, and everything that it shows.
    #[track_caller]
    pub(super) fn expect_error(self) -> (Error<()>, String) {
        match self.0 {
            Err(error) => (error.error, error.shown),
            Ok(_) => fail(&format!("an error, but: {self}")),
        }
    }
}

#[track_caller]
pub(super) fn expect_transient(error: &TokenError) {
    assert!(
        error.is_transient(),
        "expected a transient error: {error:?}"
    );
}

#[track_caller]
pub(super) fn expect_in_text(error: &TokenError, part: &str) {
    assert!(
        error.to_string().contains(part),
        "expected an error whose text contains {part:?}: {error}"
    );
}

/// T4: a line of a log says what happened, even if the chain of sources is not in it.
#[track_caller]
pub(super) fn expect_innermost_cause_at_end(error: &TokenError) {
    let innermost = sources(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    assert!(
        error.to_string().ends_with(innermost.trim()),
        "expected a text that ends with {innermost:?}: {error}"
    );
}

impl fmt::Display for CallOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(reply) => write!(f, "a response with status {}", reply.status),
            Err(error) => f.write_str(&error.shown),
        }
    }
}

impl Reply {
    /// Returns every value of a header, as text.
    pub(super) fn header_values(&self, name: &str) -> &[String] {
        self.headers.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Returns an error and all its sources, as users print them.
pub(super) fn everything_shown(error: &(dyn StdError + 'static)) -> String {
    let shown = sources(error).map(|error| format!("\n{error}\n{error:?}"));
    format!("{error}\n{error:?}\n{error:#?}") + &shown.collect::<String>()
}

fn sources<'e>(
    error: &'e (dyn StdError + 'static),
) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}
