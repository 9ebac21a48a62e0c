//! [`Servers`]: an authorization server and a resource server in one line.

use std::sync::Arc;

use super::answer::Answer;
use super::authorization::AuthorizationServer;
use super::resource::ResourceServer;
use super::wire::Sessions;

/// An [`AuthorizationServer`] and a [`ResourceServer`] that trusts it.
///
/// # Examples
///
/// ```
/// use alf_testkit::Servers;
///
/// let servers = Servers::start();
/// println!("tokens at {}, the API at {}", servers.token_endpoint(), servers.url("/things"));
/// assert_eq!(servers.authorization.token_requests(), 0, "{}", servers.report());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Servers {
    /// Gives the tokens.
    pub authorization: AuthorizationServer,
    /// Wants them.
    pub resource: ResourceServer,
}

impl Servers {
    /// Starts both on free ports of 127.0.0.1, which listen when this returns.
    ///
    /// # Panics
    ///
    /// If there are no free ports.
    pub fn start() -> Self {
        Self::start_with(None)
    }

    /// Starts both, with what their connections speak beside TCP.
    pub(crate) fn start_with(sessions: Option<Arc<dyn Sessions>>) -> Self {
        let authorization = AuthorizationServer::start_with(ADDRESS, sessions.clone());
        let resource = ResourceServer::start_with(ADDRESS, &authorization, sessions);
        Self {
            authorization,
            resource,
        }
    }

    /// The URL of the token endpoint.
    pub fn token_endpoint(&self) -> String {
        self.authorization.token_endpoint()
    }

    /// The URL of a path of the resource server; it begins with `/`.
    pub fn url(&self, path: &str) -> String {
        self.resource.url(path)
    }

    /// Has the resource server reject every token that was issued before this.
    pub fn revoke_all(&self) {
        self.authorization.revoke_all();
    }

    /// Starts another resource server that trusts the same tokens: another origin.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn another_resource_server(&self) -> ResourceServer {
        let sessions = self.resource.core.sessions().cloned();
        ResourceServer::start_with(ADDRESS, &self.authorization, sessions)
    }

    /// Starts a stranger, and has `/moved` of the resource server lead to its `/first`, and that on to
    /// its `/second`, each by this status.
    ///
    /// The second redirect matters: it stays within the stranger's origin, and a library that looks
    /// no further back sends the token after all.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    ///
    /// # Examples
    ///
    /// ```
    /// let servers = alf_testkit::Servers::start();
    /// let stranger = servers.redirect_to_a_stranger(302);
    /// // … call servers.url("/moved"), then:
    /// assert_eq!(stranger.counts().with_authorization, 0, "{}", stranger.report());
    /// ```
    pub fn redirect_to_a_stranger(&self, status: u16) -> ResourceServer {
        let stranger = self.another_resource_server();
        let first = Answer::redirect(status, stranger.url("/first"));
        self.resource.answer_at("/moved", first);
        let second = Answer::redirect(status, stranger.url("/second"));
        stranger.answer_at("/first", second);
        stranger
    }

    /// What both saw, for the message of a failed test.
    pub fn report(&self) -> String {
        format!("{}{}", self.authorization.report(), self.resource.report())
    }
}

const ADDRESS: &str = "127.0.0.1:0";
