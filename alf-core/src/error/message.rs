//! The text of a token error: what happened, to which endpoint, and what to do.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::cause::{AnswerDetails, RefusalOf};
use super::token::TokenError;
use super::{TimeoutPhase, TokenErrorKind as Kind};

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client_id = self.client_id().replace(char::is_control, " ");
        let endpoint = format!("{} (client {client_id})", self.details.endpoint);
        let answer = &self.details.cause.answer;
        f.write_str(&match self.kind() {
            Kind::Authentication => {
                format!("could not prepare client authentication for {endpoint}; nothing was sent")
            }
            Kind::Discovery => format!("the metadata of {endpoint} cannot be used: {answer}"),
            Kind::Connect => format!("could not connect to {endpoint}"),
            Kind::Certificate => {
                format!("could not connect to {endpoint}: its TLS certificate {answer}")
            }
            Kind::Timeout(phase) => match (&answer.detail, phase) {
                (Some(detail), _) => {
                    let request = self.details.request;
                    format!("{detail}, so no {request} was sent to {endpoint}")
                }
                (None, TimeoutPhase::Attempt) => format!(
                    "{endpoint} did not answer within attempt_timeout or the HTTP library's own \
                     timeout"
                ),
                (None, TimeoutPhase::Acquire) => {
                    format!("no token from {endpoint} within acquire_timeout")
                }
            },
            Kind::Exchange => {
                format!("the connection to {endpoint} failed before the answer was complete")
            }
            Kind::Refused => {
                let target = self.details.target.as_ref();
                let target = target.map_or_else(String::new, |target| format!(" for {target}"));
                let request = self.details.request;
                let advice = self.advice();
                format!("{endpoint} refused the {request}{target}: {answer}{advice}")
            }
            Kind::Redirected => {
                let setting = self.details.request.setting();
                let answer = answer.to_string();
                let answer = if answer.is_empty() {
                    answer
                } else {
                    format!(" ({answer})")
                };
                format!(
                    "{endpoint} answered with a redirect, which is not followed{answer}; set the \
                     final URL as {setting}"
                )
            }
            Kind::Unreadable => {
                format!("{endpoint} did not return a readable token response: {answer}")
            }
            Kind::TokenType => {
                format!("{endpoint} returned a token that cannot be presented: {answer}")
            }
            Kind::Aborted => format!(
                "the {} to {endpoint} was stopped before it had a result: {answer}",
                self.details.request
            ),
        })?;
        let elapsed = self.elapsed();
        let is_long = self.kind() == Kind::Timeout(TimeoutPhase::Acquire) || A_SECOND <= elapsed;
        match self.attempts() {
            0 | 1 if !is_long => {}
            0 => write!(f, ", after {elapsed:.1?}")?,
            1 => write!(f, ", after 1 attempt in {elapsed:.1?}")?,
            attempts => write!(f, ", after {attempts} attempts in {elapsed:.1?}")?,
        }
        if let Some(back_off) = &self.details.back_off {
            let seconds = whole_seconds(back_off.length);
            write!(f, "; alf backs off for {seconds} s")?;
        }
        if let Some(rejection) = self.rejection() {
            write!(f, "; the API had answered with {}", rejection.status())?;
        }
        match &self.details.cause.shown_source {
            Some(source) => write!(f, "; cause: {source}"),
            None => Ok(()),
        }
    }
}

/// Rounded up.
fn whole_seconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs();
    seconds.saturating_add((duration.subsec_nanos() > 0).into())
}

impl TokenError {
    /// What to do about a refusal (RFC 6749 §5.2, RFC 8707 §2).
    fn advice(&self) -> String {
        let cause = self.cause();
        let mut advice = match self.error_code() {
            Some(code) => advice_for(code).to_owned(),
            None => self.advice_without_code(),
        };
        let is_client = cause.refusal_of == RefusalOf::Client;
        if let Some(check) = cause.credentials_check.filter(|_| is_client) {
            advice += "; ";
            advice += check;
        }
        if let Some(difference) = &cause.answer.clock_difference {
            advice += "; ";
            advice += difference;
        }
        advice
    }

    fn advice_without_code(&self) -> String {
        let cause = self.cause();
        let media_type = cause.answer.content_type.as_deref().unwrap_or_default();
        let is_page = media_type.contains("html") || media_type.contains("text/plain");
        // The authentication method may have a check of its own.
        let check_client = match cause.credentials_check {
            Some(_) => CHECK_CLIENT,
            None => CHECK_ALL_OF_CLIENT,
        };
        match cause.answer.status {
            Some(StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
                self.details.request.advice_about_endpoint().to_owned()
            }
            Some(StatusCode::FORBIDDEN) if is_page => FIREWALL.to_owned() + check_client,
            Some(_) | None if cause.refusal_of == RefusalOf::Client => check_client.to_owned(),
            Some(_) | None => String::new(),
        }
    }
}

fn advice_for(error_code: &str) -> &'static str {
    match error_code {
        "invalid_client" => CHECK_CLIENT,
        "unauthorized_client" | "unsupported_grant_type" => {
            "; allow the client_credentials grant for this client at the server"
        }
        "invalid_scope" => "; request a scope that this client may have",
        "invalid_target" => "; request a resource or audience that the server knows",
        "invalid_dpop_proof" | "use_dpop_nonce" => {
            "; this server wants DPoP (RFC 9449), which alf does not support: allow Bearer tokens for \
             this client"
        }
        _ => "",
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

const CHECK_CLIENT: &str =
    "; check the client id, the secret or key, and the authentication method";
const CHECK_ALL_OF_CLIENT: &str = "; check the client id, the secret, or the key with its `kid` and `aud`, and the authentication method";
const FIREWALL: &str = "; this may be the answer of a firewall that wants another User-Agent: set it with token_request_header";
const A_SECOND: Duration = Duration::from_secs(1);
