//! What came of a call, where a case expects one thing.

use std::error::Error as StdError;
use std::fmt;

use alf_core::TokenError;

use super::fail;
use super::reply::Reply;

/// An error and all its sources, as users print them.
pub(super) fn everything_shown(error: &(dyn StdError + 'static)) -> String {
    let sources = std::iter::successors(error.source(), |error| (*error).source());
    let shown = sources.map(|error| format!("\n{error}\n{error:?}"));
    format!("{error}\n{error:?}\n{error:#?}") + &shown.collect::<String>()
}

/// What a call came to, where a case expects one thing.
pub(super) trait Expect<E> {
    /// A response.
    fn expect_response(self) -> Reply;
    /// A response with this status.
    fn expect_status(self, status: u16) -> Reply;
    /// No token.
    fn expect_token_error(self) -> TokenError;
    /// An error of the library.
    fn expect_transport_error(self) -> E;
}

impl<E: StdError + 'static> Expect<E> for Result<Reply, alf_core::Error<E>> {
    #[track_caller]
    fn expect_response(self) -> Reply {
        match self {
            Ok(reply) => reply,
            Err(error) => fail(&format!("a response, but: {}", everything_shown(&error))),
        }
    }

    #[track_caller]
    fn expect_status(self, status: u16) -> Reply {
        let reply = self.expect_response();
        assert_eq!(reply.status, status, "expected another status");
        reply
    }

    #[track_caller]
    fn expect_token_error(self) -> TokenError {
        match self {
            Err(alf_core::Error::Token(error)) => error,
            other => fail(&format!("an error of the token, but: {}", Shown(&other))),
        }
    }

    #[track_caller]
    fn expect_transport_error(self) -> E {
        match self {
            Err(alf_core::Error::Transport(error)) => error,
            other => fail(&format!("an error of the library, but: {}", Shown(&other))),
        }
    }
}

/// An outcome, for a message.
struct Shown<'a, E>(&'a Result<Reply, alf_core::Error<E>>);

impl<E: StdError + 'static> fmt::Display for Shown<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ok(reply) => write!(f, "a response with status {}", reply.status),
            Err(error) => f.write_str(&everything_shown(error)),
        }
    }
}
