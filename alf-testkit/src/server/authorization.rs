//! [`AuthorizationServer`]: the token endpoint that a test scripts.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard};

use super::answer::{Answer, Content};
use super::connection::Sessions;
use super::script::Script;
use super::scripted::ScriptedServer;
use super::token_endpoint::{ClientCredentialsEndpoint, TOKEN_PATH};
use super::tokens::TokenRegistry;
use crate::waiting::locked;

/// An authorization server with a token endpoint at `/token`.
///
/// Without a script it grants client credentials as a correct and strict server does: the client
/// `client-id` with the secret `secret`, by Basic (percent-encoded or not) or in the body, gets a new
/// opaque token for 3600 s. Any other client gets a 401 `invalid_client`, a request that violates
/// [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749) a 400.
///
/// The methods that script it and return what it received are those of [`ScriptedServer`].
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, AuthorizationServer};
///
/// let authorization = AuthorizationServer::start();
/// authorization.set_client("my-service", "correct horse");
/// authorization.issue(Answer::token().expires_in(60));
/// authorization.answer_next(Answer::oauth_error(400, "invalid_scope", "no such scope"));
/// let endpoint = authorization.token_endpoint();
/// assert!(endpoint.starts_with("http://127.0.0.1:") && endpoint.ends_with("/token"));
/// ```
pub struct AuthorizationServer {
    server: ScriptedServer,
    endpoint: Arc<ClientCredentialsEndpoint>,
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

    pub(crate) fn start_with(sessions: Option<Arc<dyn Sessions>>) -> Self {
        let client = ("client-id".to_owned(), "secret".to_owned());
        let endpoint = Arc::new(ClientCredentialsEndpoint {
            tokens: Arc::default(),
            client: Mutex::new(Some(client)),
            issued: Mutex::new(Answer::token().into()),
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
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use alf_testkit::{Answer, AuthorizationServer, Gate};
    ///
    /// let authorization = AuthorizationServer::start();
    /// authorization.issue(Answer::token().expires_in(60).delay(Duration::from_millis(200)));
    /// let gate = Gate::new();
    /// authorization.issue(Answer::token().held_by(&gate));
    /// ```
    #[track_caller]
    pub fn issue(&self, token: impl Into<Answer>) {
        let answer = token.into();
        assert!(
            matches!(answer.content, Content::Token(_)),
            "issue needs a token response, such as Answer::token(); for any other answer use \
             answer_always"
        );
        *locked(&self.endpoint.issued) = answer;
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
