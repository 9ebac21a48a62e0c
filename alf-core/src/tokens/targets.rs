//! The tokens of one client: one for each scope and resource that was asked for.

use std::sync::{Arc, Mutex, PoisonError};

use crate::wire::token_request::GrantParameters;

use super::shared::Shared;

/// What a client asks tokens for, by its own settings and by those that were asked for since.
///
/// Each view is a manager of its own: its token, its acquisition. They share the ports, and what is
/// known of the authorization server.
pub(super) struct Targets {
    /// By the client's own settings.
    first: Arc<Shared>,
    /// The most recently used last.
    others: Mutex<Vec<Arc<Shared>>>,
}

impl Targets {
    pub(super) fn new(first: Arc<Shared>) -> Self {
        Self {
            first,
            others: Mutex::default(),
        }
    }

    /// The view with those parameters: a new one where there is none, in place of the least
    /// recently used where there are many.
    pub(super) fn get(&self, grant: GrantParameters) -> Arc<Shared> {
        if self.first.grant == grant {
            return Arc::clone(&self.first);
        }
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        let known = others.iter().position(|view| view.grant == grant);
        let view = match known {
            Some(index) => others.remove(index),
            None => Arc::new(self.first.view(grant)),
        };
        // Whoever still holds the one that goes uses it on; the next one who asks gets another.
        let spare = others.len().saturating_sub(KEPT - 1);
        others.drain(..spare);
        others.push(Arc::clone(&view));
        view
    }
}

/// How many views are kept beside the first.
const KEPT: usize = 64;
