//! What the lock of a manager guards: the machine, and what its decisions are about.

use std::sync::Arc;

use http::HeaderValue;

use crate::machine::{
    AcquisitionId, Completion, Demand, Failure, Moment, OriginKey, Policy, Renewal, Rest,
};
use crate::token::Grant;
use crate::{Origin, Token, TokenError};

use super::announcement::{Announcement, Outcome};
use super::server_state::SharedFailure;
use super::waiting::Step;

pub(super) struct State {
    pub(super) renewal: Renewal<Arc<Grant>>,
    /// The held token as it is presented.
    pub(super) token: Option<Token>,
    /// Where the waiters of the acquisition that is under way look.
    pub(super) announcement: Option<Arc<Announcement>>,
    /// Whether what it rests after is everybody's, so that another's success ends it (B2).
    rests_with_others: bool,
    /// What callers get while alf rests.
    last_error: Option<TokenError>,
    /// The origins that were seen rejecting, by their number (R6).
    origins: Vec<Origin>,
    /// What the slot holds; only who writes the slot writes this.
    pub(super) published: Option<(Token, Moment)>,
}

impl State {
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            renewal: Renewal::new(policy),
            token: None,
            announcement: None,
            rests_with_others: false,
            last_error: None,
            origins: Vec::new(),
            published: None,
        }
    }

    /// What a decision means for the caller; always something, since what it is about is kept here:
    /// the token that landed, the acquisition that was begun, the failure that is rested after.
    pub(super) fn step(&self, demand: Demand) -> Option<Step> {
        match demand {
            Demand::Use(_) | Demand::UseAndRenew(..) => self.token.clone().map(Step::Use),
            Demand::Begin(_) | Demand::Join(_) => {
                let announcement = self.announcement.as_ref()?;
                Some(Step::Wait(announcement.waiter()))
            }
            Demand::Refuse { .. } => self.last_error.clone().map(Step::Refuse),
        }
    }

    /// Whether another manager gave it: this one has given none, or another of that generation.
    pub(super) fn is_foreign(&self, token: &Token) -> bool {
        let held = self.token.as_ref();
        held.is_none_or(|held| held.key() == token.key() && !held.is_same_token(token))
    }

    /// Keeps what landed.
    pub(super) fn take(
        &mut self,
        landed: Completion,
        grant: Arc<Grant>,
        header: HeaderValue,
    ) -> Outcome {
        match landed {
            Completion::Took(generation) | Completion::Same(generation) => {
                let token = Token::new(grant, generation, header);
                self.token = Some(token.clone());
                self.last_error = None;
                Outcome::Completion(token)
            }
            Completion::Failed { .. } | Completion::Late => Outcome::Gone,
        }
    }

    /// Keeps the failure with which an acquisition landed; `error` makes it from the end of the rest.
    pub(super) fn fail(
        &mut self,
        landed: Completion,
        error: impl FnOnce(Moment) -> TokenError,
    ) -> Outcome {
        match landed {
            Completion::Failed { until } => {
                let error = error(until);
                self.last_error = Some(error.clone());
                Outcome::Failed(error)
            }
            Completion::Took(_) | Completion::Same(_) | Completion::Late => Outcome::Gone,
        }
    }

    /// All views of the client rest after that failure, or have nothing to rest after.
    pub(super) fn rest_with(&mut self, failure: Option<SharedFailure>) {
        match failure {
            Some(failure) => {
                if self.renewal.rest_with(&failure.rest) {
                    self.rests_with_others = true;
                    self.last_error = Some(failure.error);
                }
            }
            None => {
                if self.rests_with_others {
                    self.rests_with_others = false;
                    self.renewal.rest_is_over();
                }
            }
        }
    }

    /// An acquisition failed of what is about its scope or resource.
    pub(super) fn land_alone(
        &mut self,
        now: Moment,
        acquisition: AcquisitionId,
        failure: Failure,
    ) -> Completion {
        self.rests_with_others = false;
        self.renewal.land(now, acquisition, Err(failure), NO_JITTER)
    }

    /// [`Renewal::fall`].
    pub(super) fn fall(&mut self, acquisition: AcquisitionId, rest: &Rest) -> Completion {
        self.rests_with_others = true;
        self.renewal.fall(acquisition, rest)
    }

    /// [`Renewal::land_after`].
    pub(super) fn land_after(
        &mut self,
        now: Moment,
        acquisition: AcquisitionId,
        failure: &Failure,
        last: Rest,
    ) -> Completion {
        self.rests_with_others = true;
        self.renewal.land_after(now, acquisition, failure, last)
    }

    /// What other views are told of the failure that this one rests after.
    pub(super) fn shared_failure(&self, error: &TokenError) -> SharedFailure {
        SharedFailure {
            rest: self.renewal.rest().clone(),
            error: error.clone(),
        }
    }

    /// Takes the announcement of that acquisition, if it was not replaced.
    pub(super) fn take_announcement(
        &mut self,
        acquisition: AcquisitionId,
    ) -> Option<Arc<Announcement>> {
        self.announcement
            .take_if(|announcement| announcement.acquisition() == acquisition)
    }

    /// The number that stands for an origin in the machine (R6).
    pub(super) fn key_of(&mut self, origin: Option<&Origin>) -> OriginKey {
        let Some(origin) = origin else {
            return OriginKey::UNKNOWN;
        };
        if let Some(index) = self.origins.iter().position(|seen| seen == origin) {
            return OriginKey::new(index);
        }
        let index = self.origins.len();
        if index < usize::from(OriginKey::KEPT) {
            self.origins.push(origin.clone());
        }
        OriginKey::new(index)
    }
}

/// A failure needs none.
const NO_JITTER: f64 = 0.0;
