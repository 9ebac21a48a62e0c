//! [`TokenRegistry`]: what an authorization server issued and its resource servers accept.

use std::collections::HashSet;

use super::token_answer::TokenAnswer;

/// Shared by an authorization server and the resource servers that trust it.
#[derive(Default)]
pub(super) struct TokenRegistry {
    /// The token of every token response, in order.
    pub(super) issued: Vec<String>,
    pub(super) accepted: HashSet<String>,
}

impl TokenRegistry {
    /// Issues the token that `answer` asks for and returns it.
    pub(super) fn issue(&mut self, answer: &TokenAnswer) -> String {
        let number = self.issued.len() + 1;
        let new = || format!("token-{number}-{:016x}", fastrand::u64(..));
        let token = answer.given_token().map_or_else(new, str::to_owned);
        self.accepted.insert(token.clone());
        self.issued.push(token.clone());
        token
    }
}
