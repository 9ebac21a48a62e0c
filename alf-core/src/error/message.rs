//! The text of a token error.

use std::fmt;

use super::cause::AnswerDetails;
use super::token::{ErrorDetails, TokenError};
use super::{TimeoutPhase, TokenErrorKind as Kind};

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorDetails {
            cause,
            endpoint,
            target,
            attempts,
            elapsed,
            ..
        } = &*self.details;
        let answer = &cause.answer;
        match cause.kind {
            Kind::Authentication => {
                write!(
                    f,
                    "could not prepare client authentication for {endpoint}; nothing was sent"
                )
            }
            Kind::Discovery => write!(f, "the metadata of {endpoint} cannot be used: {answer}"),
            Kind::Connect => write!(f, "could not connect to {endpoint}"),
            Kind::Timeout(TimeoutPhase::Attempt) => write!(
                f,
                "{endpoint} did not answer within attempt_timeout, or the HTTP library's own timeout"
            ),
            Kind::Timeout(TimeoutPhase::Acquire) => {
                write!(f, "no token from {endpoint} within acquire_timeout")
            }
            Kind::Exchange => {
                write!(
                    f,
                    "the connection to {endpoint} failed before the answer was complete"
                )
            }
            Kind::Refused => {
                write!(f, "{endpoint} refused the token request")?;
                if let Some(target) = target {
                    write!(f, " for {target}")?;
                }
                write!(f, ": {answer}")?;
                match answer.error.as_deref().and_then(advice) {
                    Some(advice) => write!(f, "; {advice}"),
                    None => Ok(()),
                }
            }
            Kind::Redirected => write!(
                f,
                "{endpoint} answered with a redirect, which is not followed ({answer}); set the \
                 final URL as token_endpoint"
            ),
            Kind::Unreadable => {
                write!(
                    f,
                    "{endpoint} did not return a readable token response: {answer}"
                )
            }
            Kind::TokenType => {
                write!(
                    f,
                    "{endpoint} returned a token that cannot be presented: {answer}"
                )
            }
            Kind::Aborted => write!(
                f,
                "the token request to {endpoint} was stopped before it had a result: its runtime \
                 was shut down, or the transport panicked (a transport on tokio needs the tokio \
                 runtime)"
            ),
        }?;
        if *attempts > 1 {
            write!(f, ", after {attempts} attempts in {elapsed:.1?}")?;
        }
        if let Some(rejection) = self.rejection() {
            write!(
                f,
                "; before, the API had rejected the token with {}",
                rejection.status()
            )?;
        }
        Ok(())
    }
}

/// What to do about a refusal (RFC 6749 §5.2, RFC 8707 §2).
fn advice(error_code: &str) -> Option<&'static str> {
    match error_code {
        "invalid_client" => {
            Some("check the client id, its secret or key, and how it authenticates")
        }
        "unauthorized_client" | "unsupported_grant_type" => {
            Some("allow the client_credentials grant for this client at the server")
        }
        "invalid_scope" => Some("request a scope that this client may have"),
        "invalid_target" => Some("request a resource that the server knows"),
        _ => None,
    }
}

impl fmt::Display for AnswerDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.status.map(|status| status.as_str().to_owned()),
            self.error.clone(),
            self.description.as_ref().map(|text| format!("\"{text}\"")),
            self.uri.as_ref().map(|uri| format!("see {uri}")),
            self.content_type
                .as_ref()
                .map(|kind| format!("of type {kind}")),
            self.detail.clone(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}
