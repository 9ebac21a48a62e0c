//! What the lock of a token guards: the machine, and what its decisions are about.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::machine::{AcquisitionId, Generation, Moment, Policy, Renewal};
use crate::token::Grant;
use crate::{Origin, Token, TokenError};

use super::pending::{Pending, Waiter};

pub(super) struct State {
    pub(super) renewal: Renewal<Arc<Grant>, Origin>,
    /// The held token as it is presented.
    pub(super) token: Option<Token>,
    /// The token before it, while the machine may use that in its place (R9).
    previous: Option<Token>,
    /// The acquisition that is under way.
    pub(super) pending: Option<Arc<Pending>>,
    /// The error of the latest failure that concerned this target alone.
    pub(super) target_error: Option<TokenError>,
    /// How far the clock had jumped when the lock was last taken (E7).
    jumped: Duration,
    /// What the cache holds; only the code that writes the cache writes this.
    pub(super) cached: Option<(Token, Moment)>,
}

/// What a caller that needs a token does next.
pub(crate) enum Step {
    Use(Token),
    Wait(Waiter),
    Fail(TokenError),
}

impl State {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            renewal: Renewal::new(policy),
            token: None,
            previous: None,
            pending: None,
            target_error: None,
            jumped: Duration::ZERO,
            cached: None,
        }
    }

    /// E7: the clock has jumped that far.
    pub(super) fn note_jumps(&mut self, jumped: Duration) {
        let jump = jumped.saturating_sub(self.jumped);
        if !jump.is_zero() {
            self.renewal.was_suspended(jump);
            self.jumped = jumped;
        }
    }

    /// E7: the token that was just obtained was requested when the clock had jumped that far.
    pub(super) fn note_jumps_since(&mut self, jumped: Duration) {
        self.renewal
            .was_suspended(self.jumped.saturating_sub(jumped));
    }

    /// How far the clock has jumped, as the machine knows it.
    pub(super) fn jumped(&self) -> Duration {
        self.jumped
    }

    /// Whether it is one that callers use or used a moment ago. A token of another manager may have the same number.
    pub(super) fn holds(&self, token: &Token) -> bool {
        let known = self.token_of(token.generation_id());
        known.is_some_and(|known| known.is_same_token(token))
    }

    /// The token that a decision of the machine is about.
    pub(super) fn token_of(&self, generation: Generation) -> Option<&Token> {
        let mut kept = self.token.iter().chain(&self.previous);
        kept.find(|token| token.generation_id() == generation)
    }

    /// The token that callers use, if it may be used at all (E4).
    pub(super) fn in_use(&self, now: Moment) -> Option<&Token> {
        self.token_of(self.renewal.in_use(now)?)
    }

    /// R9: the previous token is wiped once it cannot be used any more.
    pub(super) fn forget_previous(&mut self) {
        let is_kept = |previous: &Token| self.renewal.keeps(previous.generation_id());
        self.previous = self.previous.take().filter(is_kept);
    }

    /// A caller that waits for the acquisition that is under way.
    pub(super) fn waiter(&self) -> Option<Waiter> {
        self.pending.as_ref().map(Pending::waiter)
    }

    /// Keeps a token that was obtained.
    pub(super) fn hold(
        &mut self,
        generation: Generation,
        grant: Arc<Grant>,
        header: HeaderValue,
    ) -> Token {
        let token = Token::new(grant, generation, header);
        let replaced = self.token.replace(token.clone());
        // Not by the same token with another lifetime (E6).
        if let Some(replaced) = replaced.filter(|replaced| replaced.generation_id() != generation) {
            self.previous = Some(replaced);
        }
        self.target_error = None;
        token
    }

    /// Takes the acquisition out, unless another one has replaced it.
    pub(super) fn take_pending(&mut self, id: AcquisitionId) -> Option<Arc<Pending>> {
        self.pending.take_if(|pending| pending.id() == id)
    }
}
