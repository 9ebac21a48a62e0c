//! [`Case`]: the store, the keys and the values of one case.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ScopedJoinHandle};

use alf_core::{StoreKey, TokenStore};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::suite::{caught, fail};
use crate::waiting::locked;

use super::subject::{StoreHooks, StoreSubject};

/// What a case works with.
pub(super) struct Case {
    store: Box<dyn TestedStore>,
    /// So that the keys of cases that share a server differ.
    id: u64,
    values: AtomicUsize,
    operations: Mutex<VecDeque<String>>,
}

impl Case {
    pub(super) fn new<S: StoreSubject>() -> Self {
        Self {
            store: Box::new(S::start()),
            id: fastrand::u64(..),
            values: AtomicUsize::new(0),
            operations: Mutex::default(),
        }
    }

    pub(super) fn store(&self) -> &dyn TestedStore {
        &*self.store
    }

    /// Returns a key that no other case has.
    pub(super) fn key(&self, name: &str) -> StoreKey {
        StoreKey::new(format!("alf-test:{:016x}:{name}", self.id))
    }

    /// Returns a value that occurs once: no two records of alf are equal, so a value may be its own version.
    pub(super) fn value(&self) -> Vec<u8> {
        let number = self.values.fetch_add(1, Ordering::Relaxed);
        format!("value {number} of {:016x}", self.id).into_bytes()
    }

    /// Returns random bytes.
    pub(super) fn random_value(length: usize) -> Vec<u8> {
        (0..length).map(|_| fastrand::u8(..)).collect()
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut output = None;
        let run = future.map(|value| output = Some(value));
        self.store.block_on(run.boxed_local());
        output.unwrap_or_else(|| fail("block_on to run the future to its end, but it did not"))
    }

    pub(super) fn note(&self, operation: String) {
        let mut operations = locked(&self.operations);
        if operations.len() == SHOWN_OPERATIONS {
            operations.pop_front();
        }
        operations.push_back(operation);
    }

    /// Returns the latest operations, one on each line.
    pub(super) fn operations(&self) -> String {
        let operations = locked(&self.operations);
        let lines: Vec<_> = operations.iter().map(String::as_str).collect();
        lines.join("\n")
    }
}

/// The store under test without its type, so that cases are plain functions. A case that needs a hook runs only if it exists.
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

/// Runs a closure for each item, on a thread of its own, and returns the results.
pub(super) fn in_threads<I: Send, T: Send>(
    items: impl IntoIterator<Item = I>,
    run: impl Fn(I) -> T + Sync,
) -> Vec<T> {
    let run = &run;
    let results: Vec<_> = thread::scope(|scope| {
        let start = |item| scope.spawn(move || caught(|| run(item)));
        let threads: Vec<_> = items.into_iter().map(start).collect();
        let results = threads.into_iter().map(ScopedJoinHandle::join);
        results.collect()
    });
    let results = results.into_iter().map(|result| match result {
        Ok(Ok(value)) => value,
        Ok(Err(wrong)) => fail(&format!("each thread to succeed, but one failed: {wrong}")),
        Err(_) => fail("each thread to succeed, but one panicked"),
    });
    results.collect()
}

const SHOWN_OPERATIONS: usize = 20;
