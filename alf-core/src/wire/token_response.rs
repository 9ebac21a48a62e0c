//! The authorization server's answer: a token, an OAuth error, or nothing readable
//! (RFC 6749 §5.1, §5.2).

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode};
use zeroize::Zeroizing;

use crate::error::{AnswerDetails, Cause, RefusalOf, TokenErrorKind};
use crate::machine::Failure;
use crate::token::Grant;

use super::failure::failure;
use super::members::Members;
use super::redact::{Redactor, without_controls};
use super::redirect::redirect_target;
use super::text;

mod reason;

/// Reads an answer of the token endpoint. A date in `Retry-After` is relative to `wall_clock` if the response has
/// no `Date`.
pub(crate) fn decode(
    response: &Response<Bytes>,
    redactor: &Redactor,
    wall_clock: SystemTime,
) -> Result<Grant, Cause> {
    let answer = TokenAnswer {
        status: response.status(),
        response,
        redactor,
        failure: failure(response, wall_clock),
    };
    if answer.status.is_redirection() {
        return Err(answer.redirected());
    }
    let json = text::json(response.body());
    let members = Members::parse(&json);
    if !answer.status.is_success() {
        // The body may be empty, HTML, anything.
        return Err(answer.refused(&members.unwrap_or_default()));
    }
    let members = members.map_err(|problem| answer.not_json(problem))?;
    if members.has_error() {
        return Err(answer.refused(&members));
    }
    answer.grant(&members)
}

/// A token of a type that cannot be presented (T6).
pub(crate) fn wrong_token_type(status: StatusCode, token_type: &str, redactor: &Redactor) -> Cause {
    let token_type = redactor.show(token_type);
    let mut details = AnswerDetails::new(format!(
        "its token_type is {token_type:?}; if your API accepts it with another scheme, set token_scheme"
    ));
    details.status = Some(status);
    Cause::new(TokenErrorKind::TokenType, Failure::PERMANENT).with_answer(details)
}

/// A success that is larger than the bound (T7).
pub(crate) fn too_large() -> Cause {
    let details = AnswerDetails::new("it is larger than 1 MiB");
    Cause::new(TokenErrorKind::Unreadable, Failure::PERMANENT).with_answer(details)
}

struct TokenAnswer<'a> {
    status: StatusCode,
    response: &'a Response<Bytes>,
    redactor: &'a Redactor,
    failure: Failure,
}

impl TokenAnswer<'_> {
    fn grant(&self, members: &Members<'_>) -> Result<Grant, Cause> {
        let Some(access_token) = members.text("access_token").map(Zeroizing::new) else {
            return Err(self.without_token(members));
        };
        if let Some(problem) = problem_of(&access_token) {
            return Err(self.unreadable(&format!("its access_token {problem}")));
        }
        let token_type = match members.get("token_type") {
            None => BEARER.to_owned(),
            Some(_) => members
                .text("token_type")
                .ok_or_else(|| self.unreadable("its token_type is not a string"))?,
        };
        let repeats_token = || without_controls(&token_type).contains(access_token.as_str());
        if !token_type.eq_ignore_ascii_case(BEARER) && repeats_token() {
            // X1: an error would show the type (T6).
            let details = AnswerDetails::new("its token_type repeats its access_token");
            return Err(self.cause(TokenErrorKind::TokenType, details));
        }
        Ok(Grant {
            access_token,
            token_type,
            scope: members.text("scope"),
            expires_in: members.get("expires_in").and_then(lifetime),
            expires_at: None,
            extra: members.extra(),
        })
    }

    /// A refusal (RFC 6749 §5.2); its body may lack every member.
    fn refused(&self, members: &Members<'_>) -> Cause {
        let show = |text: Option<String>| text.map(|text| self.redactor.show(&text));
        let error = members.text("error").filter(|error| !error.is_empty());
        // B1: by the code itself, which the redactor may mask in the error.
        let is_transient =
            !refuses_client(self.status) && error.as_deref().is_some_and(is_transient_code);
        let refusal_of = refusal_of(self.status, error.as_deref());
        let details = AnswerDetails {
            error: error.map(|error| self.shown_code(error)),
            description: show(members.text("error_description")),
            uri: show(members.text("error_uri")),
            ..self.reason(members)
        };
        let mut cause = self.cause(TokenErrorKind::Refused, details);
        cause.refusal_of = refusal_of;
        if is_transient {
            let retry_after = self.failure.retry_after();
            cause.failure = Failure::Transient { retry_after };
        }
        cause
    }

    /// A registered code is no secret, even if the secret is part of it.
    fn shown_code(&self, error: String) -> String {
        if is_registered_code(&error) {
            error
        } else {
            self.redactor.show(&error)
        }
    }

    fn redirected(&self) -> Cause {
        let target = redirect_target(self.response);
        let details = AnswerDetails {
            detail: target.map(|target| format!("to {}", self.redactor.show(&target))),
            ..AnswerDetails::default()
        };
        self.cause(TokenErrorKind::Redirected, details)
    }

    fn not_json(&self, problem: &str) -> Cause {
        let known = self.other_format(problem).or_else(|| self.compression());
        self.unreadable(known.as_deref().unwrap_or(problem))
    }

    fn without_token(&self, members: &Members<'_>) -> Cause {
        if members.iter().any(|(name, _)| name == "access_token") {
            return self.unreadable("its access_token is not a string");
        }
        let found = self.names_and_messages(members);
        self.unreadable(&format!("it has no access_token at the top level; {found}"))
    }

    fn unreadable(&self, problem: &str) -> Cause {
        let mut details = AnswerDetails::new(problem);
        details.content_type = self.content_type();
        self.cause(TokenErrorKind::Unreadable, details)
    }

    fn cause(&self, kind: TokenErrorKind, mut details: AnswerDetails) -> Cause {
        details.status = Some(self.status);
        Cause::new(kind, self.failure).with_answer(details)
    }
}

/// B2: what a refusal is about, by its code, or by its status if the code does not say.
fn refusal_of(status: StatusCode, error: Option<&str>) -> RefusalOf {
    match error {
        Some("invalid_client" | "unauthorized_client" | "unsupported_grant_type") => {
            RefusalOf::Client
        }
        Some("invalid_scope" | "invalid_target") => RefusalOf::Target,
        // The code of a 403, such as `access_denied`, may mean the audience.
        Some(code) if status == StatusCode::FORBIDDEN && !is_transient_code(code) => {
            RefusalOf::Target
        }
        Some(_) | None if refuses_client(status) => RefusalOf::Client,
        Some(_) | None => RefusalOf::Target,
    }
}

/// B1: some servers answer every wrong secret with such a status, and with any code.
fn refuses_client(status: StatusCode) -> bool {
    matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

fn is_transient_code(error: &str) -> bool {
    matches!(
        error,
        "temporarily_unavailable" | "server_error" | "slow_down"
    )
}

/// T4: why a token cannot be sent in a header.
fn problem_of(access_token: &str) -> Option<&'static str> {
    if access_token.is_empty() {
        return Some("is empty");
    }
    if access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let start = access_token.get(..BEARER.len());
    Some(
        if start.is_some_and(|start| start.eq_ignore_ascii_case(BEARER)) {
            "begins with \"Bearer \"; use a token_transport that removes it"
        } else if access_token.ends_with(['\r', '\n']) {
            "ends in a line break; use a token_transport that removes it"
        } else if access_token.trim() != access_token {
            "begins or ends in white space; use a token_transport that removes it"
        } else {
            "contains a character that a header cannot have"
        },
    )
}

/// T5: an integer, a float or a numeric string; zero and less count as zero. Read from the JSON text,
/// since 2^63 or 1e400 fit neither an integer nor a float.
fn lifetime(raw: &str) -> Option<Duration> {
    let seconds: f64 = raw.trim_matches('"').trim().parse().ok()?;
    if seconds.is_nan() {
        return None;
    }
    // Does not panic: `clamp` limits it to what a `Duration` holds.
    Some(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_SECONDS)))
}

/// Whether it is a value of `error` that does not depend on the server.
pub(crate) fn is_registered_code(error: &str) -> bool {
    REGISTERED_CODES.contains(&error)
}

const BEARER: &str = "Bearer";
/// The values of `error` that IANA has registered for a token or revocation endpoint (RFC 6749 §11.4), and those that authorization
/// servers take from an authorization endpoint.
const REGISTERED_CODES: &[&str] = &[
    "access_denied",
    "invalid_client",
    "invalid_dpop_proof",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "server_error",
    "slow_down",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_token_type",
    "use_dpop_nonce",
];
/// A hundred years, which is far from every overflow.
const LONGEST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

#[cfg(test)]
mod tests;
