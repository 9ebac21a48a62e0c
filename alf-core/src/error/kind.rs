//! The kinds of a token error.

/// What failed, in the order of the steps of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// Client authentication could not be prepared: a secret's file could not be read, for example.
    Authentication,
    /// The metadata of the issuer cannot be used. It is missing, it belongs to another issuer, or it does
    /// not list what this client needs
    /// ([RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)).
    Discovery,
    /// There is no connection to the authorization server: DNS, TCP or TLS failed.
    Connect,
    /// The certificate of the authorization server (TLS) is not valid: its issuer is not known, it has expired, or it is for
    /// another name. If a certificate authority of your own issued it, add that authority to the HTTP client of the token
    /// requests, with `configure_http` or `token_http_client`.
    Certificate,
    /// A timeout has passed. The phase says which one. The text of the error says what was awaited: a credential, client
    /// authentication, a signature, the metadata, or the answer of the authorization server.
    Timeout(TimeoutPhase),
    /// The connection broke before the answer was complete, or the answer was not HTTP.
    Exchange,
    /// The authorization server refused the request
    /// ([RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or answered with an
    /// error status.
    Refused,
    /// The authorization server answered with a redirect. alf does not follow it, because the redirect would
    /// send the client's secret to another URL.
    Redirected,
    /// The answer is not a token response
    /// ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)), or is larger than
    /// 1 MiB.
    Unreadable,
    /// The token has a type that alf cannot present. alf presents Bearer tokens
    /// ([RFC 6749 §7.1](https://www.rfc-editor.org/rfc/rfc6749#section-7.1)).
    TokenType,
    /// The acquisition ended without a result twice in a row. Its runtime was shut down, or code that it called
    /// panicked: the transport, a callback, the observer. The text of the error says which one. A transport on tokio needs the
    /// tokio runtime.
    Aborted,
}

/// The timeout that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// The timeout of one attempt: `attempt_timeout`, or the HTTP library's own timeout.
    Attempt,
    /// The timeout of the whole acquisition: `acquire_timeout`. No attempt had failed before. If one had, its
    /// kind is returned instead.
    Acquire,
}
