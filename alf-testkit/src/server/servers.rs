//! [`Servers`]: an authorization server and a resource server in one line.

use super::answer::Answer;
use super::authorization::AuthorizationServer;
use super::connection::Sessions;
use super::resource::ResourceServer;

/// An [`AuthorizationServer`] and a [`ResourceServer`] that trusts it.
///
/// The documentation of [alf-testkit](crate) has examples.
#[derive(Debug)]
#[non_exhaustive]
pub struct Servers {
    /// Issues the tokens.
    pub authorization: AuthorizationServer,
    /// Requires them.
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

    pub(crate) fn start_with(sessions: Option<Sessions>) -> Self {
        let authorization = AuthorizationServer::start_with(sessions.clone());
        let resource = ResourceServer::start_with(&authorization, sessions);
        Self {
            authorization,
            resource,
        }
    }

    /// Returns the URL of the token endpoint.
    pub fn token_endpoint(&self) -> String {
        self.authorization.token_endpoint()
    }

    /// Returns the URL of a path of the resource server; it starts with `/`.
    pub fn url(&self, path: &str) -> String {
        self.resource.url(path)
    }

    /// Has the resource server reject every token that has been issued so far.
    pub fn revoke_all(&self) {
        self.authorization.revoke_all();
    }

    /// Starts another resource server that trusts the same tokens: another origin.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    pub fn another_resource_server(&self) -> ResourceServer {
        let sessions = self.resource.service.sessions.clone();
        ResourceServer::start_with(&self.authorization, sessions)
    }

    /// Starts another server, and redirects `/moved` of the resource server to its `/first`, and that to
    /// its `/second`, each with this status.
    ///
    /// The second redirect matters: it stays within the origin of the other server, and a library that
    /// compares only the last two URLs sends the token after all.
    ///
    /// # Panics
    ///
    /// If there is no free port.
    ///
    /// # Examples
    ///
    /// ```
    /// let servers = alf_testkit::Servers::start();
    /// let other = servers.redirect_to_another_server(302);
    /// // … call servers.url("/moved"), then:
    /// assert_eq!(other.counts().with_authorization, 0, "{}", other.report());
    /// ```
    pub fn redirect_to_another_server(&self, status: u16) -> ResourceServer {
        let other = self.another_resource_server();
        let first = Answer::redirect(status, other.url("/first"));
        self.resource.answer_at("/moved", first);
        let second = Answer::redirect(status, other.url("/second"));
        other.answer_at("/first", second);
        other
    }

    /// Returns what both received, for the message of a failed test.
    pub fn report(&self) -> String {
        format!("{}{}", self.authorization.report(), self.resource.report())
    }
}
