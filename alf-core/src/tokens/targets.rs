//! The tokens of one client: one for each target that was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::machine::{Moment, TargetId};
use crate::ports::Ports;
use crate::{Event, TokenTarget};

use super::managed::ManagedToken;

/// The token of the client's own settings, and those of other targets. The lock of a token may be taken while the lock of
/// this one is held, never the other way round.
pub(super) struct Targets {
    own: Arc<ManagedToken>,
    others: Mutex<Others>,
}

#[derive(Default)]
struct Others {
    tokens: HashMap<TokenTarget, Entry>,
    /// How often a token was asked for.
    uses: u64,
}

struct Entry {
    token: Arc<ManagedToken>,
    /// The number of its latest use.
    last_use: u64,
}

impl Targets {
    pub(super) fn new(ports: Arc<Ports>) -> Self {
        let target = ports.config.target.clone();
        Self {
            own: Arc::new(ManagedToken::new(ports, target, TargetId(0))),
            others: Mutex::default(),
        }
    }

    pub(super) fn own(&self) -> Arc<ManagedToken> {
        Arc::clone(&self.own)
    }

    /// The token for that target. If a new one exceeds `max_targets`, others are evicted.
    pub(super) fn get(&self, target: TokenTarget) -> Arc<ManagedToken> {
        if self.own.target == target {
            return self.own();
        }
        // Before the lock, since the user's runtime is asked.
        let now = self.own.ports.now();
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        others.uses += 1;
        let last_use = others.uses;
        if let Some(entry) = others.tokens.get_mut(&target) {
            entry.last_use = last_use;
            return Arc::clone(&entry.token);
        }
        let ports = Arc::clone(&self.own.ports);
        let id = TargetId(last_use);
        let token = Arc::new(ManagedToken::new(ports, target.clone(), id));
        let entry = Entry {
            token: Arc::clone(&token),
            last_use,
        };
        others.tokens.insert(target, entry);
        let evicted = others.evict(self.own.ports.config.max_targets, now);
        drop(others);
        for token in evicted {
            token.observe(&Event::TargetEvicted {
                had_usable_token: token.unexpired().is_some(),
            });
        }
        token
    }
}

impl Others {
    /// Removes the tokens above `limit`: first those that have expired, then those that were not used for the longest time. A
    /// target that backs off counts as a usable one, or its refusals would be forgotten (B2). A token that somebody holds
    /// stays (S1): a manager, a client, or its own acquisition.
    fn evict(&mut self, limit: usize, now: Moment) -> Vec<Arc<ManagedToken>> {
        let mut evicted = Vec::new();
        while self.tokens.len() > limit {
            let unused = self
                .tokens
                .values()
                .filter(|entry| Arc::strong_count(&entry.token) == 1);
            let Some(entry) =
                unused.min_by_key(|entry| (entry.token.is_needed(now), entry.last_use))
            else {
                break;
            };
            let target = entry.token.target.clone();
            evicted.extend(self.tokens.remove(&target).map(|entry| entry.token));
        }
        evicted
    }
}
