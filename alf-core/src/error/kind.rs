//! The kinds of a token error.

/// What failed, in the order of the steps of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// Client authentication could not be prepared: a secret's file could not be read, for example.
    Authentication,
    /// The metadata of the issuer cannot be used: it is missing, it is of another issuer, or it does
    /// not offer what this client needs
    /// ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)).
    Discovery,
    /// There is no connection to the authorization server: DNS, TCP or TLS failed.
    Connect,
    /// Something took too long; the phase tells what.
    Timeout(TimeoutPhase),
    /// The connection failed during the exchange, or the answer was not HTTP.
    Exchange,
    /// The authorization server refused the request
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or answered with an
    /// error status.
    Refused,
    /// The authorization server answered with a redirect. alf never follows it, since it would send
    /// the client's secret elsewhere.
    Redirected,
    /// The answer is not a token response
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), or is larger than
    /// 1 MiB.
    Unreadable,
    /// The token is of a type that this client cannot present
    /// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
    TokenType,
    /// The acquisition ended without a result, twice in a row: its runtime was shut down, or the
    /// transport panicked. A transport on tokio needs the tokio runtime.
    Aborted,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// One attempt: `attempt_timeout`, or the HTTP library's own timeout.
    Attempt,
    /// The whole acquisition: `acquire_timeout`.
    Acquire,
}
