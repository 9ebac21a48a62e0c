//! [`TokenAnswer`]: a token response, member by member.

use std::fmt;
use std::iter;

use serde_json::Value;

/// A token response: normally a new opaque token, `"token_type":"Bearer"`, `"expires_in":3600`.
///
/// It becomes an [`Answer`](super::Answer) wherever one is expected. With
/// [`AuthorizationServer::issue`](super::AuthorizationServer::issue) it is what the authorization server
/// sends from then on.
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// servers.authorization.issue(Answer::token().expires_in(2));
/// servers.authorization.answer_next(Answer::token().without("expires_in"));
/// servers.authorization.answer_next(Answer::token().member("expires_in", "\"3600\""));
/// ```
#[derive(Clone)]
#[must_use = "an answer does nothing until it is given to a server"]
pub struct TokenAnswer {
    access_token: Option<String>,
    members: Vec<(String, String)>,
}

impl TokenAnswer {
    pub(super) fn new() -> Self {
        let new = Self {
            access_token: None,
            members: Vec::new(),
        };
        new.token_type("Bearer").expires_in(3600)
    }

    /// Sets the lifetime, in seconds.
    pub fn expires_in(self, seconds: u64) -> Self {
        self.member("expires_in", seconds.to_string())
    }

    /// Sets the `token_type`. The resource servers still accept the token as `Bearer`.
    pub fn token_type(self, token_type: &str) -> Self {
        self.member("token_type", Value::from(token_type).to_string())
    }

    /// Sets or adds a member with any JSON value, which is sent as it is given.
    pub fn member(mut self, name: &str, json: impl Into<String>) -> Self {
        let json = json.into();
        if let Some((_, known)) = self.members.iter_mut().find(|(known, _)| known == name) {
            *known = json;
        } else {
            self.members.push((name.to_owned(), json));
        }
        self
    }

    /// Removes a member.
    pub fn without(mut self, name: &str) -> Self {
        self.members.retain(|(known, _)| known != name);
        self
    }

    /// Sends this token instead of a new one, and has the resource servers accept it.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// Returns the token to send, unless it is a new one.
    pub(super) fn given_token(&self) -> Option<&str> {
        self.access_token.as_deref()
    }

    pub(super) fn json(&self, access_token: &str) -> String {
        let access_token = Value::from(access_token).to_string();
        let members = iter::once(("access_token", &access_token))
            .chain(self.members.iter().map(|(name, json)| (&**name, json)))
            .map(|(name, json)| format!("{}:{json}", Value::from(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// Shows no token.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").finish_non_exhaustive()
    }
}
