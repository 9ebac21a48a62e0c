//! [`ProtectedResource`]: an API that requires a bearer token.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::answer::Answer;
use super::recorded::{Recorded, RecordedBody};
use super::role::Role;
use super::token_answer::TokenAnswer;
use super::tokens::TokenRegistry;
use crate::waiting::locked;

pub(super) struct ProtectedResource {
    pub(super) tokens: Arc<Mutex<TokenRegistry>>,
    /// The answer to an unauthorized request, if it is not the normal one.
    pub(super) rejection: Mutex<Option<Answer>>,
}

impl Role for ProtectedResource {
    fn name(&self) -> &'static str {
        "resource server"
    }

    fn normal(&self, request: &Recorded) -> Answer {
        self.refusal(request).unwrap_or_else(|| serve(request))
    }

    fn refusal(&self, request: &Recorded) -> Option<Answer> {
        let refusal = match request.header_values("authorization").as_slice() {
            [] => Answer::status(401).header("WWW-Authenticate", "Bearer"),
            [_] => {
                let token = request.bearer_token();
                if token.is_some_and(|token| locked(&self.tokens).accepted.contains(token)) {
                    return None;
                }
                Answer::unauthorized()
            }
            // None of our clients may send two, so this must not look like a token to renew.
            _ => {
                let reason = "several Authorization headers";
                return Some(Answer::status(400).body(reason).described_as(reason));
            }
        };
        Some(locked(&self.rejection).clone().unwrap_or(refusal))
    }

    /// Issues a token although this is a resource server: a test may use it as a proxy.
    fn token(&self, _: &Recorded, token: &TokenAnswer) -> Answer {
        Answer::json(200, token.json(&locked(&self.tokens).issue(token)))
    }
}

/// Returns the answer to an authorized request.
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
    if path == "/echo" {
        return echo(request);
    }
    let json = json!({
        "method": request.method(),
        "path": path,
        "body_length": request.body_length(),
    });
    Answer::json(200, json.to_string())
}

fn echo(request: &Recorded) -> Answer {
    if request.body_length() > RecordedBody::MOST_KEPT as u64 {
        return Answer::status(413);
    }
    let content_type = request
        .header("content-type")
        .unwrap_or("application/octet-stream");
    Answer::status(200)
        .header("Content-Type", content_type)
        .body(request.body())
}
