//! [`ResourceServer`]: the protected API that a test scripts.

use std::fmt;
use std::net::ToSocketAddrs;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use super::answer::{Answer, Content};
use super::authorization::AuthorizationServer;
use super::protected_resource::{Expiry, ProtectedResource, Settings};
use super::script::Script;
use super::scripted::ScriptedServer;
use super::waiting::locked;
use super::wire::Sessions;

/// A resource server: any method, any path, behind a bearer token.
///
/// Without a script, a request with a token that its authorization server issued, and did not
/// revoke, gets a 200:
///
/// | path | answer |
/// | --- | --- |
/// | `/echo` | the body of the request, up to 64 MiB |
/// | `/bytes/<n>` | n bytes of [`pattern`](super::pattern), with `Content-Length` |
/// | `/chunks/<n>` | the same in chunks |
/// | `/status/<n>` | that status |
/// | any other | `{"method":…,"path":…,"body_length":…}` |
///
/// Any other token gets a 401 with `WWW-Authenticate: Bearer error="invalid_token"`, no token a 401
/// with a bare `Bearer`, two `Authorization` headers a 400. Bodies are read to the end, whatever
/// their length, without being kept.
///
/// The methods to script it and to look at what it saw are those of [`ScriptedServer`]. What is
/// scripted is answered whatever the token, unless it says
/// [`if_authorized`](Answer::if_authorized).
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, AuthorizationServer, ResourceServer};
///
/// let authorization = AuthorizationServer::start();
/// let api = ResourceServer::start(&authorization);
/// let stranger = ResourceServer::start(&authorization);
/// api.answer_at("/moved", Answer::redirect(307, stranger.url("/caught")));
/// // … call api.url("/moved"), then:
/// assert_eq!(stranger.counts().with_authorization, 0);
/// assert!(!stranger.saw("secret"));
/// ```
pub struct ResourceServer {
    server: ScriptedServer,
    resource: Arc<ProtectedResource>,
}

impl ResourceServer {
    /// Starts on a free port of 127.0.0.1, which listens when this returns. Any number of resource
    /// servers can trust one authorization server.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start(authorization: &AuthorizationServer) -> Self {
        Self::start_on("127.0.0.1:0", authorization)
    }

    /// Starts on an address of your choice, as `"127.0.0.1:8080"` or `"[::1]:0"`.
    ///
    /// # Panics
    ///
    /// If it is taken.
    pub fn start_on(address: impl ToSocketAddrs, authorization: &AuthorizationServer) -> Self {
        Self::start_with(address, authorization, None)
    }

    /// Starts on an address, with what its connections speak beside TCP.
    pub(crate) fn start_with(
        address: impl ToSocketAddrs,
        authorization: &AuthorizationServer,
        sessions: Option<Arc<dyn Sessions>>,
    ) -> Self {
        let resource = Arc::new(ProtectedResource {
            tokens: authorization.tokens(),
            settings: Mutex::new(Settings::default()),
        });
        let role = Box::new(Arc::clone(&resource));
        let server = ScriptedServer::start(address, role, Script::new(None), sessions);
        Self { server, resource }
    }

    /// Answers so, from now on, where a token is missing or not accepted. The body of the request
    /// has been read by then: [`before_the_body`](Answer::before_the_body) is for scripted answers.
    ///
    /// # Panics
    ///
    /// If `answer` is [`Answer::normal`] or a token: it must say what a rejection is.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_testkit::{Answer, Servers};
    ///
    /// let servers = Servers::start();
    /// servers.resource.reject_with(Answer::unauthorized().body_of_length(10_000_000));
    /// servers.resource.reject_with(Answer::status(401).header("WWW-Authenticate", "=,\"Bearer"));
    /// servers.resource.reject_with(Answer::status(401));
    /// ```
    pub fn reject_with(&self, answer: Answer) {
        if matches!(answer.content, Content::Normal | Content::Token(_)) {
            misuse();
        }
        locked(&self.resource.settings).rejection = Some(answer);
    }

    /// Rejects expired tokens too, from now on, by the clock of this machine and without leeway.
    /// For demos and simulations: a test revokes a token when it wants it to end.
    pub fn enforce_expiry(&self) {
        locked(&self.resource.settings).expiry = Expiry::Enforced;
    }
}

#[expect(
    clippy::panic,
    reason = "a test double: the test that misuses it fails here, saying why"
)]
fn misuse() -> ! {
    panic!(
        "reject_with wants an answer that says what a rejection is, such as Answer::status(401)"
    );
}

/// The script, the port and what was seen.
impl Deref for ResourceServer {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.server
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}
