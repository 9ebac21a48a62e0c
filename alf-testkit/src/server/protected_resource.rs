//! [`ProtectedResource`]: an API behind a bearer token.

use std::sync::{Arc, Mutex};

use super::answer::Answer;
use super::json::{object, quoted};
use super::recorded::Recorded;
use super::role::Role;
use super::token_answer::TokenAnswer;
use super::tokens::{Standing, Tokens};
use super::waiting::locked;

const ECHO_PATH: &str = "/echo";

/// The longest body that is echoed.
const LONGEST_ECHO: usize = 64 * 1024 * 1024;

pub(super) struct ProtectedResource {
    pub(super) tokens: Arc<Tokens>,
    pub(super) settings: Mutex<Settings>,
}

#[derive(Default)]
pub(super) struct Settings {
    pub(super) rejection: Option<Answer>,
    pub(super) expiry: Expiry,
}

/// Whether the clock of the machine matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expiry {
    #[default]
    Ignored,
    Enforced,
}

/// The resource is shared by the server's threads and the handle that sets it up.
impl Role for Arc<ProtectedResource> {
    fn name(&self) -> &'static str {
        "resource server"
    }

    fn body_needed(&self, path: &str) -> usize {
        if path == ECHO_PATH { LONGEST_ECHO } else { 0 }
    }

    fn normal(&self, request: &Recorded) -> Answer {
        self.refusal(request).unwrap_or_else(|| serve(request))
    }

    fn refusal(&self, request: &Recorded) -> Option<Answer> {
        let refusal = match request.header_values("authorization").as_slice() {
            [] => Answer::status(401).header("WWW-Authenticate", "Bearer"),
            [_] => match request
                .bearer_token()
                .map(|token| self.tokens.standing(token))
            {
                Some(Standing::Accepted) => return None,
                Some(Standing::Expired) if self.expiry() == Expiry::Ignored => return None,
                Some(Standing::Expired | Standing::Revoked | Standing::Unknown) | None => {
                    Answer::unauthorized()
                }
            },
            // No client of ours may send two, so this must not look like a token to renew.
            _ => return Some(Answer::status(400).body("several Authorization headers")),
        };
        Some(locked(&self.settings).rejection.clone().unwrap_or(refusal))
    }

    /// Not the job of a resource server; but it knows how, and a test may have its reasons.
    fn token(&self, _: &Recorded, token: &TokenAnswer) -> Answer {
        Answer::json(200, token.json(&self.tokens.issue(token)))
    }
}

impl ProtectedResource {
    fn expiry(&self) -> Expiry {
        locked(&self.settings).expiry
    }
}

/// The answer of an authorized request.
fn serve(request: &Recorded) -> Answer {
    let path = request.path();
    let number = |prefix| path.strip_prefix(prefix)?.parse::<u64>().ok();
    if let Some(length) = number("/bytes/") {
        return Answer::status(200).body_of_length(length);
    }
    if let Some(length) = number("/chunks/") {
        return Answer::status(200).chunks_of_length(length);
    }
    if let Some(status) = number("/status/").and_then(|status| u16::try_from(status).ok()) {
        return Answer::status(status);
    }
    if path == ECHO_PATH {
        return echo(request);
    }
    let members = [
        ("method", quoted(request.method())),
        ("path", quoted(path)),
        ("body_length", request.body_length().to_string()),
    ];
    Answer::json(
        200,
        object(members.iter().map(|(name, json)| (*name, json.as_str()))),
    )
}

fn echo(request: &Recorded) -> Answer {
    if request.body_length() > LONGEST_ECHO as u64 {
        return Answer::status(413);
    }
    let content_type = request
        .header("content-type")
        .unwrap_or("application/octet-stream");
    Answer::status(200)
        .header("Content-Type", content_type)
        .body(request.body())
}
