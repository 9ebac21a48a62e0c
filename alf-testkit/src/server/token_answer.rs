//! [`TokenAnswer`]: a token response, member by member.

use std::fmt;
use std::time::Duration;

use super::json::{object, quoted};

/// A token response: normally a new opaque token, `"token_type":"Bearer"`, `"expires_in":3600`.
///
/// It becomes an [`Answer`](super::Answer) wherever one is wanted, and can be what the authorization server issues
/// from then on: [`AuthorizationServer::issue`](super::AuthorizationServer::issue).
///
/// # Examples
///
/// ```
/// use alf_testkit::{Answer, Servers};
///
/// let servers = Servers::start();
/// servers.authorization.issue(Answer::token().expires_in(2));
/// servers.authorization.answer_next(Answer::token().same_token().expires_in(1));
/// servers.authorization.answer_next(Answer::token().expires_in_json("\"3600\"").token_type("MAC"));
/// ```
#[derive(Clone)]
#[must_use = "an answer does nothing until it is given to a server"]
pub struct TokenAnswer {
    access_token: AccessToken,
    token_type: Option<String>,
    expires_in: Option<String>,
    others: Vec<(String, String)>,
}

impl TokenAnswer {
    /// A token as it is issued normally.
    pub fn new() -> Self {
        Self {
            access_token: AccessToken::New,
            token_type: Some(quoted("Bearer")),
            expires_in: Some("3600".to_owned()),
            others: Vec::new(),
        }
    }

    /// The lifetime in seconds.
    pub fn expires_in(self, seconds: u64) -> Self {
        self.expires_in_json(seconds.to_string())
    }

    /// `expires_in` as any JSON value: `"1e3"`, `"\"60\""`, `"-1"`, `"null"`.
    pub fn expires_in_json(mut self, json: impl Into<String>) -> Self {
        self.expires_in = Some(json.into());
        self
    }

    /// Leaves `expires_in` out.
    pub fn without_expires_in(mut self) -> Self {
        self.expires_in = None;
        self
    }

    /// Another `token_type`. The resource servers accept the token under `Bearer` all the same.
    pub fn token_type(mut self, token_type: &str) -> Self {
        self.token_type = Some(quoted(token_type));
        self
    }

    /// Leaves `token_type` out.
    pub fn without_token_type(mut self) -> Self {
        self.token_type = None;
        self
    }

    /// Says which scope was granted.
    pub fn scope(self, scope: &str) -> Self {
        self.member("scope", quoted(scope))
    }

    /// Adds a member of any name with any JSON value.
    pub fn member(mut self, name: impl Into<String>, json: impl Into<String>) -> Self {
        self.others.push((name.into(), json.into()));
        self
    }

    /// Gives the token that was issued last once more, whether revoked or not; a new one if none
    /// was.
    pub fn same_token(mut self) -> Self {
        self.access_token = AccessToken::Same;
        self
    }

    /// Gives this very token, and has the resource servers accept it.
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.access_token = AccessToken::Given(token.into());
        self
    }
}

impl TokenAnswer {
    pub(super) fn kind(&self) -> &AccessToken {
        &self.access_token
    }

    /// The lifetime, where `expires_in` is a plain number.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.expires_in
            .as_ref()?
            .parse()
            .ok()
            .map(Duration::from_secs)
    }

    pub(super) fn json(&self, access_token: &str) -> String {
        let access_token = quoted(access_token);
        let known = [
            ("access_token", Some(&access_token)),
            ("token_type", self.token_type.as_ref()),
            ("expires_in", self.expires_in.as_ref()),
        ];
        let known = known
            .into_iter()
            .filter_map(|(name, json)| Some((name, json?.as_str())));
        object(
            known.chain(
                self.others
                    .iter()
                    .map(|(name, json)| (name.as_str(), json.as_str())),
            ),
        )
    }
}

impl Default for TokenAnswer {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows no token.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(super) enum AccessToken {
    New,
    Same,
    Given(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_set_and_left_out() {
        assert_eq!(
            TokenAnswer::new().json("t"),
            r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#
        );
        let odd = TokenAnswer::new()
            .without_token_type()
            .without_expires_in()
            .scope("a b");
        assert_eq!(odd.json("t"), r#"{"access_token":"t","scope":"a b"}"#);
        assert_eq!(odd.lifetime(), None);
        let odd = TokenAnswer::new()
            .expires_in_json("1e3")
            .member("x", "[null]");
        assert_eq!(
            odd.json("\""),
            r#"{"access_token":"\"","token_type":"Bearer","expires_in":1e3,"x":[null]}"#
        );
        assert_eq!(
            TokenAnswer::new().expires_in(7).lifetime(),
            Some(Duration::from_secs(7))
        );
    }
}
