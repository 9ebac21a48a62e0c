//! A [`StoreSubject`] without its type, so that cases are plain functions.

use std::sync::Arc;

use alf_core::{StoreKey, TokenStore};
use futures_util::future::LocalBoxFuture;

use super::subject::{StoreHooks, StoreSubject};

/// The store under test. A case that needs a hook runs only if it exists.
pub(super) trait TestedStore: Send + Sync {
    fn connect(&self) -> Arc<dyn TokenStore>;

    fn block_on(&self, future: LocalBoxFuture<'_, ()>);

    fn delete(&self, key: &StoreKey);

    fn restart(&self);

    fn lose_reply(&self);

    fn deny_writes(&self);
}

impl<S: StoreSubject> TestedStore for S {
    fn connect(&self) -> Arc<dyn TokenStore> {
        Arc::new(StoreSubject::connect(self))
    }

    fn block_on(&self, future: LocalBoxFuture<'_, ()>) {
        <S as StoreSubject>::block_on(future);
    }

    fn delete(&self, key: &StoreKey) {
        if let Some(delete) = StoreHooks::<S>::of_subject().delete {
            delete(self, key);
        }
    }

    fn restart(&self) {
        if let Some(restart) = StoreHooks::<S>::of_subject().restart {
            restart(self);
        }
    }

    fn lose_reply(&self) {
        if let Some(lose_reply) = StoreHooks::<S>::of_subject().lose_reply {
            lose_reply(self);
        }
    }

    fn deny_writes(&self) {
        if let Some(deny_writes) = StoreHooks::<S>::of_subject().deny_writes {
            deny_writes(self);
        }
    }
}
