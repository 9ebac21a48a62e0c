//! [`ClientCredentialsEndpoint`]: grants tokens as a correct and strict server does.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use super::answer::Answer;
use super::form::decoded;
use super::recorded::Recorded;
use super::role::Role;
use super::token_answer::TokenAnswer;
use super::tokens::TokenRegistry;
use crate::waiting::locked;

pub(super) const TOKEN_PATH: &str = "/token";

pub(super) struct ClientCredentialsEndpoint {
    pub(super) tokens: Arc<Mutex<TokenRegistry>>,
    /// The id and the secret of the only client that is accepted; `None` if any is.
    pub(super) client: Mutex<Option<(String, String)>>,
    /// What a token response normally is.
    pub(super) issued: Mutex<Answer>,
}

impl Role for ClientCredentialsEndpoint {
    fn name(&self) -> &'static str {
        "authorization server"
    }

    fn normal(&self, request: &Recorded) -> Answer {
        if request.path() != TOKEN_PATH {
            return Answer::status(404);
        }
        let refusal = self.refusal(request);
        refusal.unwrap_or_else(|| locked(&self.issued).clone())
    }

    fn refusal(&self, request: &Recorded) -> Option<Answer> {
        if request.method() != "POST" {
            return Some(Answer::status(405).header("Allow", "POST"));
        }
        malformed(request).or_else(|| unknown_client(request, locked(&self.client).as_ref()))
    }

    fn token(&self, request: &Recorded, token: &TokenAnswer) -> Answer {
        if let Some(refusal) = self.refusal(request) {
            return refusal;
        }
        let access_token = locked(&self.tokens).issue(token);
        Answer::json(200, token.json(&access_token)).header("Cache-Control", "no-store")
    }
}

/// Returns the answer to a request of any other client than the `known` one.
fn unknown_client(request: &Recorded, known: Option<&(String, String)>) -> Option<Answer> {
    let sent_secret = request.parameter("client_secret");
    if request.header("authorization").is_some() && sent_secret.is_some() {
        return Some(invalid_request("the client authenticates in two ways"));
    }
    let (id, secret) = known?;
    let accepted = if let Some((sent_id, sent_secret)) = request.basic_credentials() {
        // RFC 6749 §2.3.1 has both percent-encoded; many clients send them as they are.
        (sent_id == *id && sent_secret == *secret)
            || (decoded(&sent_id) == *id && decoded(&sent_secret) == *secret)
    } else {
        let sent_id = request.parameter("client_id");
        sent_id.as_ref() == Some(id) && sent_secret.as_ref() == Some(secret)
    };
    if accepted {
        return None;
    }
    let refusal = Answer::oauth_error(401, "invalid_client", "client authentication failed");
    Some(refusal.header("WWW-Authenticate", "Basic realm=\"alf-testkit\""))
}

/// Returns the answer to a request that is not a client-credentials request (RFC 6749 §4.4.2, §3.2,
/// §3.3).
fn malformed(request: &Recorded) -> Option<Answer> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Some(invalid_request("the content type is not that of a form"));
    }
    let mut names = HashSet::new();
    for (name, value) in request.form() {
        if name == "scope" && value.trim().is_empty() {
            let refusal = Answer::oauth_error(400, "invalid_scope", "the scope is empty");
            return Some(refusal);
        }
        // RFC 8707 §2: `resource` may repeat; so may `audience` (RFC 8693 §2.1).
        let may_repeat = name == "resource" || name == "audience";
        if !may_repeat && names.contains(&name) {
            return Some(invalid_request(&format!("{name} is repeated")));
        }
        names.insert(name);
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

fn invalid_request(description: &str) -> Answer {
    Answer::oauth_error(400, "invalid_request", description).described_as(description)
}
