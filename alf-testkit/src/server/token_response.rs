//! [`TokenResponse`]: the JSON of a token response.

use std::iter;

use serde_json::Value;

#[derive(Clone, Default)]
pub(super) struct TokenResponse {
    /// `None` for a new one.
    pub(super) access_token: Option<String>,
    /// The other members, and the JSON of each.
    pub(super) members: Vec<(String, String)>,
}

impl TokenResponse {
    pub(super) fn json(&self, access_token: &str) -> String {
        let access_token = Value::from(access_token).to_string();
        let members = iter::once(("access_token", &access_token))
            .chain(self.members.iter().map(|(name, json)| (&**name, json)))
            .map(|(name, json)| format!("{}:{json}", Value::from(name)));
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}
