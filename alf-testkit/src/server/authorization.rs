//! [`AuthorizationServer`]: the token endpoint that a test scripts.

use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use super::answer::{Answer, Content};
use super::connection::Sessions;
use super::recorded::{Recorded, decoded};
use super::script::Script;
use super::scripted::ScriptedServer;
use super::service::Role;
use super::token_response::TokenResponse;
use crate::waiting::locked;

/// An authorization server with a token endpoint at `/token`.
///
/// Without a script it grants client credentials as a correct and strict server does: the client
/// `client-id` with the secret `secret`, by Basic (percent-encoded or not) or in the body, gets a new
/// opaque token for 3600 s. Any other client gets a 401 `invalid_client`, a request that violates
/// [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749) a 400.
///
/// The methods that script it and return what it received are those of [`ScriptedServer`].
pub struct AuthorizationServer {
    server: ScriptedServer,
    endpoint: Arc<TokenEndpoint>,
}

/// Grants tokens as a correct and strict server does.
struct TokenEndpoint {
    tokens: Arc<Mutex<TokenRegistry>>,
    /// The id and the secret of the only client that is accepted; `None` if any is.
    client: Mutex<Option<(String, String)>>,
    /// What a token response normally is.
    issued: Mutex<Answer>,
}

/// What an authorization server issued, and what the resource servers that trust it accept.
#[derive(Default)]
pub(super) struct TokenRegistry {
    /// The token of every token response, in order.
    issued: Vec<String>,
    pub(super) accepted: HashSet<String>,
}

impl AuthorizationServer {
    /// Starts on a free port of 127.0.0.1, which listens when this returns.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    pub(crate) fn start_with(sessions: Option<Sessions>) -> Self {
        let client = ("client-id".to_owned(), "secret".to_owned());
        let endpoint = Arc::new(TokenEndpoint {
            tokens: Arc::default(),
            client: Mutex::new(Some(client)),
            issued: Mutex::new(Answer::token()),
        });
        let script = Script::new(Some(TOKEN_PATH));
        let server = ScriptedServer::start(Arc::clone(&endpoint) as _, script, sessions);
        Self { server, endpoint }
    }

    /// Returns the URL of the token endpoint.
    pub fn token_endpoint(&self) -> String {
        self.url(TOKEN_PATH)
    }

    /// Accepts only this client from now on. Call it again to rotate the secret.
    pub fn set_client(&self, id: impl Into<String>, secret: impl Into<String>) {
        *locked(&self.endpoint.client) = Some((id.into(), secret.into()));
    }

    /// Accepts every client from now on: for assertions and other ways to authenticate, which a test
    /// checks in [`requests`](ScriptedServer::requests).
    pub fn accept_any_client(&self) {
        *locked(&self.endpoint.client) = None;
    }

    /// Sets what a token response normally is, from now on: its members, a gate or a delay, its headers.
    ///
    /// # Panics
    ///
    /// If it is not a token response.
    #[track_caller]
    pub fn issue(&self, token: Answer) {
        assert!(
            matches!(token.content, Content::Token(_)),
            "issue needs a token response, such as Answer::token(); for any other answer use \
             answer_always"
        );
        *locked(&self.endpoint.issued) = token;
    }

    /// Returns how many requests came to the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.counts().at(TOKEN_PATH)
    }

    /// Returns the tokens that were issued, in order; one that was issued twice is in it twice.
    pub fn issued(&self) -> Vec<String> {
        self.tokens().issued.clone()
    }

    /// Returns how many token requests were granted.
    pub fn issued_count(&self) -> usize {
        self.tokens().issued.len()
    }

    /// Returns the token that was issued last.
    pub fn last_token(&self) -> Option<String> {
        self.issued().pop()
    }

    /// Has the resource servers accept a token that was never issued or was revoked.
    pub fn accept_token(&self, token: impl Into<String>) {
        self.tokens().accepted.insert(token.into());
    }

    /// Has the resource servers reject this token from now on.
    pub fn revoke(&self, token: &str) {
        self.tokens().accepted.remove(token);
    }

    /// Has the resource servers reject every token that has been issued so far.
    pub fn revoke_all(&self) {
        self.tokens().accepted.clear();
    }

    pub(super) fn token_registry(&self) -> Arc<Mutex<TokenRegistry>> {
        Arc::clone(&self.endpoint.tokens)
    }

    fn tokens(&self) -> MutexGuard<'_, TokenRegistry> {
        locked(&self.endpoint.tokens)
    }
}

/// The script, the port and what was received.
impl Deref for AuthorizationServer {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.server
    }
}

/// Shows no secret and no token.
impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
}

impl TokenRegistry {
    /// Issues the token of this response and returns it.
    pub(super) fn issue(&mut self, response: &TokenResponse) -> String {
        let number = self.issued.len() + 1;
        let new = || format!("token-{number}-{:016x}", fastrand::u64(..));
        let token = response.access_token.clone().unwrap_or_else(new);
        self.accepted.insert(token.clone());
        self.issued.push(token.clone());
        token
    }
}

impl Role for TokenEndpoint {
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

    fn token(&self, request: &Recorded, token: &TokenResponse) -> Answer {
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
        if !may_repeat && !names.insert(name.clone()) {
            return Some(invalid_request(&format!("{name} is repeated")));
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

fn invalid_request(description: &str) -> Answer {
    Answer::oauth_error(400, "invalid_request", description).described_as(description)
}

const TOKEN_PATH: &str = "/token";
