//! [`Tokens`]: what an authorization server issued, as its resource servers know it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;

use super::token_answer::{AccessToken, TokenAnswer};
use super::waiting::locked;

/// Shared by an authorization server and the resource servers that trust it.
#[derive(Default)]
pub(super) struct Tokens {
    state: Mutex<State>,
}

/// What a resource server thinks of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Accepted,
    Expired,
    Revoked,
    Unknown,
}

impl Tokens {
    /// Issues what `answer` asks for and gives the token itself.
    pub(super) fn issue(&self, answer: &TokenAnswer) -> String {
        // A lifetime that no clock can hold does not end.
        let expires_at = answer
            .lifetime()
            .and_then(|lifetime| Instant::now().checked_add(lifetime));
        let mut state = locked(&self.state);
        let number = state.issued.len() + 1;
        let token = match (answer.kind(), state.issued.last()) {
            (AccessToken::Given(token), _) => token.clone(),
            (AccessToken::Same, Some(last)) => last.clone(),
            (AccessToken::Same, None) | (AccessToken::New, _) => {
                format!("token-{number}-{:016x}", fastrand::u64(..))
            }
        };
        let revoked = matches!(answer.kind(), AccessToken::Same)
            && state.known.get(&token).is_some_and(|known| known.revoked);
        state.known.insert(
            token.clone(),
            Known {
                expires_at,
                revoked,
            },
        );
        state.issued.push(token.clone());
        token
    }

    pub(super) fn accept(&self, token: String) {
        locked(&self.state).known.insert(
            token,
            Known {
                expires_at: None,
                revoked: false,
            },
        );
    }

    pub(super) fn standing(&self, token: &str) -> Standing {
        match locked(&self.state).known.get(token) {
            None => Standing::Unknown,
            Some(Known { revoked: true, .. }) => Standing::Revoked,
            Some(Known {
                expires_at: Some(at),
                ..
            }) if *at <= Instant::now() => Standing::Expired,
            Some(_) => Standing::Accepted,
        }
    }

    pub(super) fn revoke(&self, token: &str) {
        if let Some(known) = locked(&self.state).known.get_mut(token) {
            known.revoked = true;
        }
    }

    pub(super) fn revoke_all(&self) {
        for known in locked(&self.state).known.values_mut() {
            known.revoked = true;
        }
    }

    /// Every token response that gave one, in order; a token that was given twice is in it twice.
    pub(super) fn issued(&self) -> Vec<String> {
        locked(&self.state).issued.clone()
    }

    pub(super) fn issued_count(&self) -> usize {
        locked(&self.state).issued.len()
    }
}

#[derive(Default)]
struct State {
    issued: Vec<String>,
    known: HashMap<String, Known>,
}

struct Known {
    expires_at: Option<Instant>,
    revoked: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unique_and_counted() {
        let tokens = Tokens::default();
        let first = tokens.issue(&TokenAnswer::new());
        let second = tokens.issue(&TokenAnswer::new());
        assert!(first.starts_with("token-1-") && second.starts_with("token-2-"));
        assert_eq!(tokens.issue(&TokenAnswer::new().same_token()), second);
        assert_eq!(tokens.issued(), [first, second.clone(), second]);
    }

    #[test]
    fn standing_follows_revocation_and_expiry() {
        let tokens = Tokens::default();
        let token = tokens.issue(&TokenAnswer::new());
        let dead = tokens.issue(&TokenAnswer::new().expires_in(0));
        let long = tokens.issue(&TokenAnswer::new().expires_in(u64::MAX));
        assert_eq!(tokens.standing(&token), Standing::Accepted);
        assert_eq!(tokens.standing(&dead), Standing::Expired);
        assert_eq!(tokens.standing(&long), Standing::Accepted);
        assert_eq!(tokens.standing("other"), Standing::Unknown);
        tokens.revoke(&token);
        assert_eq!(tokens.standing(&token), Standing::Revoked);
        assert_eq!(tokens.standing(&long), Standing::Accepted);
        tokens.revoke_all();
        assert_eq!(tokens.standing(&long), Standing::Revoked);
    }

    #[test]
    fn revoked_token_given_again_stays_revoked() {
        let tokens = Tokens::default();
        let token = tokens.issue(&TokenAnswer::new());
        tokens.revoke_all();
        assert_eq!(tokens.issue(&TokenAnswer::new().same_token()), token);
        assert_eq!(tokens.standing(&token), Standing::Revoked);
    }
}
