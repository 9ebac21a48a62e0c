//! What the clones of a manager share: the machine behind its lock, and the ports.
//!
//! Each method here takes the lock, asks the machine, carries out what it decided, and lets go of
//! the lock before anything of the outside is called. None of them waits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::acquisition::{Acquisition, FailedAcquisition};
use crate::clock::Clock;
use crate::config::Config;
use crate::machine::{AcquisitionId, Begin, Demand, Moment, Reject, Reply};
use crate::tokens::cached::Slot;
use crate::wire::token_request::GrantParameters;
use crate::{Event, Observer, Origin, Runtime, Token, TokenError, TokenTarget, TokenTransport};

use super::announcement::{Announcement, Outcome};
use super::server_state::ServerState;
use super::state::State;
use super::waiting::{Renewing, Step, Verdict};

pub(crate) struct Shared {
    pub(crate) config: Arc<Config>,
    /// What this token is asked for with: the client's own, or a view's.
    pub(crate) grant: GrantParameters,
    pub(crate) endpoint: Arc<dyn TokenTransport>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) server: Arc<ServerState>,
    observer: Arc<dyn Observer>,
    slot: Slot,
    /// Whether the held token is on trial (R6): looked at for every request, so not behind the
    /// lock.
    unproven: AtomicBool,
    /// Its last turn, while the authorization server is in trouble (B2).
    pub(crate) last_turn: AtomicU64,
    state: Mutex<State>,
}

/// An acquisition that is begun as soon as the lock is free.
struct Departure {
    acquisition: Acquisition,
    /// The announcement of the one whose place it takes, if that never ended.
    frozen: Option<Arc<Announcement>>,
}

impl Shared {
    pub(super) fn new(
        config: Config,
        endpoint: Arc<dyn TokenTransport>,
        runtime: Arc<dyn Runtime>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            clock: Arc::new(Clock::new(Arc::clone(&runtime))),
            server: Arc::default(),
            slot: Slot::empty(),
            unproven: AtomicBool::new(false),
            last_turn: AtomicU64::new(0),
            state: Mutex::new(State::new(config.policy.clone())),
            grant: config.grant.clone(),
            config: Arc::new(config),
            endpoint,
            runtime,
            observer,
        }
    }

    /// A view: another token of the same client.
    pub(super) fn view(&self, grant: GrantParameters) -> Self {
        Self {
            config: Arc::clone(&self.config),
            grant,
            endpoint: Arc::clone(&self.endpoint),
            runtime: Arc::clone(&self.runtime),
            clock: Arc::clone(&self.clock),
            server: Arc::clone(&self.server),
            observer: Arc::clone(&self.observer),
            slot: Slot::empty(),
            unproven: AtomicBool::new(false),
            last_turn: AtomicU64::new(0),
            state: Mutex::new(State::new(self.config.policy.clone())),
        }
    }

    /// The hot path: the held token, where it may be used without asking the machine.
    pub(crate) fn at_hand(&self) -> Option<Token> {
        self.slot.read(self.now())
    }

    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        self.observer.on(event);
    }

    pub(crate) fn target(&self) -> TokenTarget<'_> {
        TokenTarget::new(&self.grant)
    }

    pub(super) fn shown_endpoint(&self) -> String {
        self.config.shown_endpoint()
    }

    /// A caller needs a token.
    pub(super) fn demand(self: &Arc<Self>) -> Step {
        let now = self.now();
        let mut state = self.lock();
        self.rest_with_others(&mut state);
        let demand = state.renewal.demand(now);
        let (step, departure) = self.carry_out(&mut state, demand);
        self.publish(&mut state, now);
        drop(state);
        self.launch(departure);
        step
    }

    /// A resource server rejected a token: it is renewed (R1, R2), unless that was useless lately
    /// (R6). Whoever wants to may wait for the outcome.
    pub(crate) fn reject(self: &Arc<Self>, token: &Token, origin: Option<&Origin>) -> Verdict {
        let now = self.now();
        let mut state = self.lock();
        if state.is_foreign(token) {
            return Verdict::HandBack;
        }
        self.rest_with_others(&mut state);
        let key = state.key_of(origin);
        let decision = state.renewal.reject(now, token.key(), key);
        let (step, departure) = match decision {
            Reject::Superseded(demand) => self.carry_out(&mut state, demand),
            Reject::Begin(begin) => self.carry_out(&mut state, Demand::Begin(begin)),
            Reject::Join(acquisition) => self.carry_out(&mut state, Demand::Join(acquisition)),
            Reject::Refuse { until } => self.carry_out(&mut state, Demand::Refuse { until }),
            Reject::HandBack => {
                drop(state);
                let generation = token.generation();
                self.tell(&Event::RejectionReturned {
                    target: self.target(),
                    generation,
                    origin,
                });
                return Verdict::HandBack;
            }
        };
        self.publish(&mut state, now);
        drop(state);
        if matches!(decision, Reject::Begin(_)) {
            let generation = token.generation();
            self.tell(&Event::TokenRejected {
                target: self.target(),
                generation,
                origin,
            });
        }
        self.launch(departure);
        Verdict::Renew(Renewing {
            step,
            rejected: token.clone(),
            origin: origin.cloned(),
        })
    }

    /// A request was answered, and the token was not rejected (R6).
    pub(crate) fn accepted(&self, token: &Token, origin: &Origin) {
        if self.unproven.load(Ordering::Relaxed) {
            self.replayed(token, origin, Reply::Accepted);
        }
    }

    /// A replay was answered (R6).
    pub(crate) fn replayed(&self, token: &Token, origin: &Origin, reply: Reply) {
        let now = self.now();
        let mut state = self.lock();
        let key = state.key_of(Some(origin));
        state.renewal.replayed(now, token.key(), key, reply);
        self.publish(&mut state, now);
    }

    /// An attempt failed, and its acquisition goes on: its waiters ask again (E4).
    pub(crate) fn attempt_failed(&self, acquisition: AcquisitionId) {
        let now = self.now();
        let mut state = self.lock();
        state.renewal.attempt_failed(acquisition);
        self.publish(&mut state, now);
        let announcement = state
            .announcement
            .clone()
            .filter(|announcement| announcement.acquisition() == acquisition);
        drop(state);
        if let Some(announcement) = announcement {
            announcement.stir();
        }
    }

    /// The failure of an acquisition; `retry_at` is the end of the rest after it, where it has ended.
    pub(crate) fn error(
        &self,
        crash: FailedAcquisition,
        retry_at: Option<SystemTime>,
    ) -> TokenError {
        let FailedAcquisition {
            cause,
            attempts,
            elapsed,
        } = crash;
        let target = self.target();
        let is_about_it = !cause.concerns_all_views() && target.is_something();
        let endpoint = self.shown_endpoint();
        let error = TokenError::new(cause, endpoint, attempts, elapsed, retry_at);
        if is_about_it {
            error.about(target.to_string())
        } else {
            error
        }
    }

    /// B2: what another view of the client met, this one would meet too.
    pub(super) fn rest_with_others(&self, state: &mut State) {
        state.rest_with(self.server.failure());
    }

    /// Carries out what the machine decided, but for what is done outside of the lock.
    fn carry_out(self: &Arc<Self>, state: &mut State, demand: Demand) -> (Step, Option<Departure>) {
        let departure = match demand {
            Demand::UseAndRenew(_, begin) | Demand::Begin(begin) => Some(self.board(state, begin)),
            Demand::Use(_) | Demand::Join(_) | Demand::Refuse { .. } => None,
        };
        let step = state
            .step(demand)
            .unwrap_or_else(|| Step::Refuse(self.error(FailedAcquisition::died(), None)));
        (step, departure)
    }

    /// An acquisition that is ready to begin, and its announcement, for which others can wait already.
    fn board(self: &Arc<Self>, state: &mut State, begin: Begin) -> Departure {
        let announcement = Arc::new(Announcement::new(begin));
        Departure {
            frozen: state.announcement.replace(announcement),
            acquisition: Acquisition::new(Arc::clone(self), begin, self.server.ticket()),
        }
    }

    /// Outside of the lock: a runtime that is shut down drops the task at once, and its end is told
    /// to this very state; a waker may poll.
    fn launch(&self, departure: Option<Departure>) {
        let Some(Departure {
            acquisition,
            frozen,
        }) = departure
        else {
            return;
        };
        if let Some(frozen) = frozen {
            // S5: its waiters ask again, and join the acquisition that took its place.
            frozen.announce(Outcome::Gone);
        }
        self.tell(&Event::AcquisitionStarted {
            target: self.target(),
            acquisition: acquisition.number(),
        });
        // S3: it belongs to nobody.
        self.runtime.spawn(Box::pin(acquisition.fly()));
    }

    /// Lets the slot answer as long as the machine would say the same.
    pub(super) fn publish(&self, state: &mut State, now: Moment) {
        let unproven = state.renewal.is_unproven();
        self.unproven.store(unproven, Ordering::Relaxed);
        let quiet = state.renewal.quiet_until(now);
        let Some((token, until)) = state.token.as_ref().zip(quiet) else {
            if state.published.take().is_some() {
                self.slot.clear();
            }
            return;
        };
        let is_published =
            |(published, known): &(Token, Moment)| published.is(token) && *known == until;
        if !state.published.as_ref().is_some_and(is_published) {
            self.slot.publish(until, || self.copy_of(token));
            state.published = Some((token.clone(), until));
        }
    }

    fn copy_of(&self, token: &Token) -> Token {
        let header = self
            .config
            .presentation
            .credentials(token.token_type(), token.expose_access_token());
        // It could be presented when it landed: otherwise it shares its header, which is correct.
        token.unshared(header.unwrap_or_else(|| token.header_value().clone()))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // What runs while it is held does not panic, and would leave the machine as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
