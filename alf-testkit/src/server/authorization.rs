//! [`AuthorizationServer`]: the token endpoint that a test scripts.

use std::fmt;
use std::net::ToSocketAddrs;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use super::client_check::ClientCheck;
use super::script::Script;
use super::scripted::ScriptedServer;
use super::token_answer::TokenAnswer;
use super::token_endpoint::{Settings, TOKEN_PATH, TokenEndpoint};
use super::tokens::Tokens;
use super::waiting::locked;
use super::wire::Sessions;

/// An authorization server with a token endpoint at `/token`.
///
/// Without a script it grants client credentials as a correct and strict server does: the client
/// `client-id` with the secret `secret`, by Basic (percent-encoded or not) or in the body, gets an
/// opaque token that is unlike every other, for 3600 s. A wrong client gets a 401 `invalid_client`,
/// a request that breaks [RFC 6749](https://www.rfc-editor.org/rfc/rfc6749) a 400.
///
/// The methods to script it and to look at what it saw are those of [`ScriptedServer`].
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
    endpoint: Arc<TokenEndpoint>,
}

impl AuthorizationServer {
    /// Starts on a free port of 127.0.0.1, which listens when this returns.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start() -> Self {
        Self::start_on("127.0.0.1:0")
    }

    /// Starts on an address of your choice, as `"127.0.0.1:8080"` or `"[::1]:0"`.
    ///
    /// # Panics
    ///
    /// If it is taken.
    pub fn start_on(address: impl ToSocketAddrs) -> Self {
        Self::start_with(address, None)
    }

    /// Starts on an address, with what its connections speak beside TCP.
    pub(crate) fn start_with(
        address: impl ToSocketAddrs,
        sessions: Option<Arc<dyn Sessions>>,
    ) -> Self {
        let client = ClientCheck::Secret {
            id: "client-id".into(),
            secret: "secret".into(),
        };
        let endpoint = Arc::new(TokenEndpoint {
            tokens: Arc::new(Tokens::default()),
            settings: Mutex::new(Settings {
                client,
                issued: TokenAnswer::new(),
            }),
        });
        let role = Box::new(Arc::clone(&endpoint));
        let script = Script::new(Some(TOKEN_PATH));
        let server = ScriptedServer::start(address, role, script, sessions);
        Self { server, endpoint }
    }

    /// The URL of the token endpoint.
    pub fn token_endpoint(&self) -> String {
        self.url(TOKEN_PATH)
    }

    /// Knows this client from now on, and no other: set it once more to rotate the secret.
    pub fn set_client(&self, id: impl Into<String>, secret: impl Into<String>) {
        self.set_check(ClientCheck::Secret {
            id: id.into(),
            secret: secret.into(),
        });
    }

    /// Knows this client from now on, by a `client_id` in the body and without a secret.
    pub fn set_public_client(&self, id: impl Into<String>) {
        self.set_check(ClientCheck::Public { id: id.into() });
    }

    /// Takes everyone for a known client from now on: for assertions and other ways to
    /// authenticate, which a test checks in [`requests`](ScriptedServer::requests).
    pub fn accept_any_client(&self) {
        self.set_check(ClientCheck::Anyone);
    }

    /// What a token response normally is, from now on.
    pub fn issue(&self, token: TokenAnswer) {
        locked(&self.endpoint.settings).issued = token;
    }

    /// How many requests came to the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.counts().at(TOKEN_PATH)
    }

    /// The tokens that were given, in order; one that was given twice is in it twice.
    pub fn issued(&self) -> Vec<String> {
        self.endpoint.tokens.issued()
    }

    /// How many token requests were granted.
    pub fn issued_count(&self) -> usize {
        self.endpoint.tokens.issued_count()
    }

    /// The token that was given last.
    pub fn last_token(&self) -> Option<String> {
        self.issued().pop()
    }

    /// Has the resource servers accept a token that was never issued, or accept a revoked one
    /// again.
    pub fn accept_token(&self, token: impl Into<String>) {
        self.endpoint.tokens.accept(token.into());
    }

    /// Has the resource servers reject this token from now on.
    pub fn revoke(&self, token: &str) {
        self.endpoint.tokens.revoke(token);
    }

    /// Has the resource servers reject every token that was issued before this.
    pub fn revoke_all(&self) {
        self.endpoint.tokens.revoke_all();
    }
}

impl AuthorizationServer {
    pub(super) fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.endpoint.tokens)
    }

    fn set_check(&self, check: ClientCheck) {
        locked(&self.endpoint.settings).client = check;
    }
}

/// The script, the port and what was seen.
impl Deref for AuthorizationServer {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.server
    }
}

/// Shows no secret and no token.
impl fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationServer")
            .field("server", &self.server)
            .field("issued", &self.issued_count())
            .finish_non_exhaustive()
    }
}
