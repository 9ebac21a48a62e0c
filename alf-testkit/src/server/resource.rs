//! [`ResourceServer`]: the protected API that a test scripts.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::answer::{Answer, Content};
use super::authorization::{AuthorizationServer, TokenRegistry};
use super::connection::Sessions;
use super::recorded::{Recorded, RecordedBody};
use super::script::Script;
use super::scripted::ScriptedServer;
use super::service::Role;
use super::token_response::TokenResponse;
use crate::waiting::locked;

/// A resource server: any method, any path, with a bearer token.
///
/// Without a script, a request with a token that its authorization server issued, and did not
/// revoke, gets a 200:
///
/// | path | answer |
/// | --- | --- |
/// | `/echo` | the body of the request, up to 4 MiB |
/// | `/bytes/<n>` | n bytes of [`pattern`](super::pattern), with `Content-Length` |
/// | `/chunks/<n>` | the same in chunks |
/// | `/status/<n>` | that status |
/// | any other | JSON with the members `method`, `path` and `body_length` |
///
/// Any other token gets a 401 with `WWW-Authenticate: Bearer error="invalid_token"`, no token a 401
/// with a bare `Bearer`, two `Authorization` headers a 400. Request bodies of any length are read to the
/// end.
///
/// The methods that script it and return what it received are those of [`ScriptedServer`]. Scripted
/// answers do not depend on the token, unless they are [`if_authorized`](Answer::if_authorized).
pub struct ResourceServer {
    server: ScriptedServer,
    resource: Arc<ProtectedResource>,
}

struct ProtectedResource {
    tokens: Arc<Mutex<TokenRegistry>>,
    /// The answer to an unauthorized request, if it is not the normal one.
    rejection: Mutex<Option<Answer>>,
}

impl ResourceServer {
    /// Starts on a free port of 127.0.0.1, which listens when this returns. Any number of resource
    /// servers can trust one authorization server.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn start(authorization: &AuthorizationServer) -> Self {
        Self::start_with(authorization, None)
    }

    pub(crate) fn start_with(
        authorization: &AuthorizationServer,
        sessions: Option<Sessions>,
    ) -> Self {
        let resource = Arc::new(ProtectedResource {
            tokens: authorization.token_registry(),
            rejection: Mutex::default(),
        });
        let script = Script::new(None);
        let server = ScriptedServer::start(Arc::clone(&resource) as _, script, sessions);
        Self { server, resource }
    }

    /// Sends this answer, from now on, if a token is missing or not accepted. The body of the request
    /// has been read by then: [`before_the_body`](Answer::before_the_body) is for scripted answers.
    ///
    /// # Panics
    ///
    /// If `answer` is [`Answer::normal`], an [`Answer::from_fn`], or a token response.
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
        assert!(
            !matches!(
                answer.content,
                Content::Normal | Content::Token(_) | Content::Computed(_)
            ),
            "reject_with needs an answer that is a rejection, such as Answer::status(401)"
        );
        *locked(&self.resource.rejection) = Some(answer);
    }
}

/// The script, the port and what was received.
impl Deref for ResourceServer {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.server
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(f)
    }
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
    fn token(&self, _: &Recorded, token: &TokenResponse) -> Answer {
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
