//! What the lock of a token guards: the machine, and what its decisions are about.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::machine::{AcquisitionId, Generation, Moment, OriginKey, Policy, Renewal};
use crate::token::Grant;
use crate::{Origin, OriginRef, Token, TokenError};

use super::pending::{Outcome, Pending, Waiter};

pub(super) struct State {
    pub(super) renewal: Renewal<Arc<Grant>>,
    /// The held token as it is presented.
    pub(super) token: Option<Token>,
    /// The token before it, while the machine may use that in its place (R9).
    previous: Option<Token>,
    /// The acquisition that is under way.
    pub(super) pending: Option<Arc<Pending>>,
    /// The error of the latest failure that concerned this target alone.
    pub(super) target_error: Option<TokenError>,
    /// The origins that were seen rejecting, by their number (R6).
    origins: Vec<Origin>,
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
            origins: Vec::new(),
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

    /// Whether it is not a token of this manager: this one holds none (also after a revocation), or another one of that
    /// generation.
    pub(super) fn is_foreign(&self, token: &Token) -> bool {
        let known = self.token_of(token.generation_id());
        self.token.is_none() || known.is_some_and(|known| !known.is_same_token(token))
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
    ) -> Outcome {
        let token = Token::new(grant, generation, header);
        let replaced = self.token.replace(token.clone());
        // Not by the same token with another lifetime (E6).
        if let Some(replaced) = replaced.filter(|replaced| replaced.generation_id() != generation) {
            self.previous = Some(replaced);
        }
        self.target_error = None;
        Outcome::Obtained(token)
    }

    /// Takes the acquisition out, unless another one has replaced it.
    pub(super) fn take_pending(&mut self, id: AcquisitionId) -> Option<Arc<Pending>> {
        self.pending.take_if(|pending| pending.id() == id)
    }

    /// The number of an origin in the machine; it gets one when it first rejects (R6).
    pub(super) fn key_of(&mut self, origin: Option<OriginRef<'_>>) -> OriginKey {
        let Some(origin) = origin else {
            return OriginKey::UNKNOWN;
        };
        self.known_key_of(origin).unwrap_or_else(|| {
            let index = self.origins.len();
            self.origins.push(origin.to_origin());
            OriginKey::new(index)
        })
    }

    /// The number of an origin that has rejected. Those that came after the numbers were used up share one.
    pub(super) fn known_key_of(&self, origin: OriginRef<'_>) -> Option<OriginKey> {
        let index = self.origins.iter().position(|seen| *seen == origin);
        let is_full = self.origins.len() == usize::from(OriginKey::KEPT);
        index
            .map(OriginKey::new)
            .or_else(|| is_full.then_some(OriginKey::OTHERS))
    }
}
