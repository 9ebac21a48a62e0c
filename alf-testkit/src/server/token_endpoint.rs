//! [`TokenEndpoint`]: the client-credentials grant, as a correct server grants it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::answer::Answer;
use super::client_check::{ClientCheck, invalid_request};
use super::recorded::Recorded;
use super::role::Role;
use super::token_answer::TokenAnswer;
use super::tokens::Tokens;
use super::waiting::locked;

pub(super) const TOKEN_PATH: &str = "/token";

/// A token request has a few hundred bytes; assertions have a few thousand.
const LONGEST_FORM: usize = 1024 * 1024;

pub(super) struct TokenEndpoint {
    pub(super) tokens: Arc<Tokens>,
    pub(super) settings: Mutex<Settings>,
}

pub(super) struct Settings {
    pub(super) client: ClientCheck,
    pub(super) issued: TokenAnswer,
}

/// The endpoint is shared by the server's threads and the handle that sets it up.
impl Role for Arc<TokenEndpoint> {
    fn name(&self) -> &'static str {
        "authorization server"
    }

    fn body_needed(&self, path: &str) -> usize {
        if path == TOKEN_PATH { LONGEST_FORM } else { 0 }
    }

    fn normal(&self, request: &Recorded) -> Answer {
        if request.path() != TOKEN_PATH {
            return Answer::status(404);
        }
        let issued = locked(&self.settings).issued.clone();
        self.token(request, &issued)
    }

    fn refusal(&self, request: &Recorded) -> Option<Answer> {
        if request.method() != "POST" {
            return Some(Answer::status(405).header("Allow", "POST"));
        }
        malformed(request).or_else(|| {
            let client = locked(&self.settings).client.clone();
            client.refusal(request)
        })
    }

    fn token(&self, request: &Recorded, token: &TokenAnswer) -> Answer {
        if let Some(refusal) = self.refusal(request) {
            return refusal;
        }
        let access_token = self.tokens.issue(token);
        Answer::json(200, token.json(&access_token)).header("Cache-Control", "no-store")
    }
}

/// The refusal of what is no client-credentials request (RFC 6749 §4.4.2, §3.2, §3.3).
fn malformed(request: &Recorded) -> Option<Answer> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Some(invalid_request("the content type is not that of a form"));
    }
    let mut names = HashSet::new();
    for (name, value) in request.form() {
        // RFC 8707 §2: `resource` may repeat; so may `audience` (RFC 8693 §2.1).
        if name != "resource" && name != "audience" && !names.insert(name.clone()) {
            return Some(invalid_request(&format!("{name} is there twice")));
        }
        if name == "scope" && value.trim().is_empty() {
            return Some(Answer::oauth_error(
                400,
                "invalid_scope",
                "the scope is empty",
            ));
        }
    }
    match request.parameter("grant_type").as_deref() {
        Some("client_credentials") => None,
        Some(_) => Some(Answer::oauth_error(
            400,
            "unsupported_grant_type",
            "only client_credentials is supported",
        )),
        None => Some(invalid_request("grant_type is missing")),
    }
}
