//! The tokens of one client: one for each target that was asked for.

use std::sync::{Arc, Mutex, PoisonError};

use crate::machine::TargetId;
use crate::ports::Ports;
use crate::wire::token_request::GrantParameters;

use super::managed::ManagedToken;

/// The token of the client's own settings, and those of other targets.
pub(super) struct Targets {
    own: Arc<ManagedToken>,
    others: Mutex<Others>,
}

struct Others {
    /// The most recently used last.
    tokens: Vec<Arc<ManagedToken>>,
    /// How many targets there have been.
    count: u64,
}

impl Targets {
    pub(super) fn new(ports: Arc<Ports>) -> Self {
        let grant = ports.config.grant.clone();
        Self {
            own: Arc::new(ManagedToken::new(ports, grant, TargetId(0))),
            others: Mutex::new(Others {
                tokens: Vec::new(),
                count: 0,
            }),
        }
    }

    pub(super) fn own(&self) -> Arc<ManagedToken> {
        Arc::clone(&self.own)
    }

    /// The token for those parameters. A new one replaces the least recently used one, if there are too many.
    pub(super) fn get(&self, grant: GrantParameters) -> Arc<ManagedToken> {
        if self.own.grant == grant {
            return self.own();
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let known = others.tokens.iter().position(|token| token.grant == grant);
        let token = if let Some(index) = known {
            others.tokens.remove(index)
        } else {
            others.count += 1;
            let ports = Arc::clone(&self.own.ports);
            Arc::new(ManagedToken::new(ports, grant, TargetId(others.count)))
        };
        // A manager that still holds the replaced one goes on with it; the next one who asks gets another.
        let excess = others.tokens.len().saturating_sub(KEPT - 1);
        others.tokens.drain(..excess);
        others.tokens.push(Arc::clone(&token));
        token
    }
}

/// How many tokens are kept beside the client's own.
const KEPT: usize = 64;
