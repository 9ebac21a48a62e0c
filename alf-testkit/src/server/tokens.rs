//! [`TokenRegistry`]: what an authorization server issued and its resource servers accept.

use std::collections::HashSet;
use std::sync::Mutex;

use super::token_answer::TokenAnswer;
use crate::waiting::locked;

/// Shared by an authorization server and the resource servers that trust it.
#[derive(Default)]
pub(super) struct TokenRegistry {
    lists: Mutex<TokenLists>,
}

#[derive(Default)]
struct TokenLists {
    issued: Vec<String>,
    accepted: HashSet<String>,
}

impl TokenRegistry {
    /// Issues the token that `answer` asks for and returns it.
    pub(super) fn issue(&self, answer: &TokenAnswer) -> String {
        let mut lists = locked(&self.lists);
        let number = lists.issued.len() + 1;
        let new = || format!("token-{number}-{:016x}", fastrand::u64(..));
        let token = answer.given_token().map_or_else(new, str::to_owned);
        lists.accepted.insert(token.clone());
        lists.issued.push(token.clone());
        token
    }

    pub(super) fn accept(&self, token: String) {
        locked(&self.lists).accepted.insert(token);
    }

    pub(super) fn is_accepted(&self, token: &str) -> bool {
        locked(&self.lists).accepted.contains(token)
    }

    pub(super) fn revoke(&self, token: &str) {
        locked(&self.lists).accepted.remove(token);
    }

    pub(super) fn revoke_all(&self) {
        locked(&self.lists).accepted.clear();
    }

    /// Returns the token of every token response, in order.
    pub(super) fn issued(&self) -> Vec<String> {
        locked(&self.lists).issued.clone()
    }

    pub(super) fn issued_count(&self) -> usize {
        locked(&self.lists).issued.len()
    }
}
