//! [`StoreSubject`]: what the suite needs from a store, and the hooks with which it changes that store.

use std::future::Future;

use alf_core::{StoreKey, TokenStore};

/// A store to test: how to start it, how to connect to it, and which hooks it has.
///
/// The documentation of [alf-testkit](crate) has an example.
pub trait StoreSubject: Sized + Send + Sync + 'static {
    /// The store under test.
    type Store: TokenStore;

    /// Starts the store, or uses one that already runs. Called once for each case.
    ///
    /// Cases may share a server, because each case has keys of its own. With the hook [`restart`](StoreHooks::restart) or
    /// [`deny_writes`](StoreHooks::deny_writes), start a server for each case.
    fn start() -> Self;

    /// Returns a new connection, like that of another instance of a program. Each connection reads what the others have
    /// written. Called several times for each case, outside [`block_on`](Self::block_on).
    fn connect(&self) -> Self::Store;

    /// Runs a future to completion. Many threads call this at once, and a connection is used in several calls. So if the store
    /// needs a runtime, keep one in a `static`. If it needs none, use [`block_on`](crate::store_conformance::block_on).
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Adds hooks, with which the suite deletes values, restarts the store, and so on. None by default. A case whose hook is missing
    /// is reported as not applicable.
    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
    }

    /// Returns the cases that are known to fail, each with the reason. None by default.
    ///
    /// The test of such a case passes as long as the store fails the case. If the store passes the case, the test fails, and says to
    /// remove the case from this list.
    fn known_failures() -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }
}

/// The hooks of a store: what the suite can do to it, besides reading and writing.
#[derive(Debug)]
pub struct StoreHooks<S> {
    pub(super) delete: Option<fn(&S, &StoreKey)>,
    pub(super) restart: Option<fn(&S)>,
    pub(super) lose_reply: Option<fn(&S)>,
    pub(super) deny_writes: Option<fn(&S)>,
}

impl<S: StoreSubject> StoreHooks<S> {
    pub(super) fn of_subject() -> Self {
        S::hooks(Self {
            delete: None,
            restart: None,
            lose_reply: None,
            deny_writes: None,
        })
    }

    /// Adds a hook that deletes a value, as an eviction or an administrator does, and returns when the value is deleted.
    #[must_use]
    pub fn delete(mut self, delete: fn(&S, &StoreKey)) -> Self {
        self.delete = Some(delete);
        self
    }

    /// Adds a hook that stops the store and starts it again. The store may lose values. Existing connections break, and must reconnect by themselves
    /// within 5 s.
    #[must_use]
    pub fn restart(mut self, restart: fn(&S)) -> Self {
        self.restart = Some(restart);
        self
    }

    /// Adds a hook that loses the reply to the next write. The write is applied, but then the connection is closed, or there is no
    /// answer.
    #[must_use]
    pub fn lose_reply(mut self, lose_reply: fn(&S)) -> Self {
        self.lose_reply = Some(lose_reply);
        self
    }

    /// Adds a hook that denies writes from now on: it revokes the permission, or makes the store read-only.
    #[must_use]
    pub fn deny_writes(mut self, deny_writes: fn(&S)) -> Self {
        self.deny_writes = Some(deny_writes);
        self
    }

    pub(super) fn missing(&self) -> Vec<StoreHook> {
        let hooks = [
            (StoreHook::Delete, self.delete.is_some()),
            (StoreHook::Restart, self.restart.is_some()),
            (StoreHook::LoseReply, self.lose_reply.is_some()),
            (StoreHook::DenyWrites, self.deny_writes.is_some()),
        ];
        let missing = hooks.into_iter().filter(|(_, is_there)| !is_there);
        missing.map(|(hook, _)| hook).collect()
    }
}

/// The hook that a case needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum StoreHook {
    Delete,
    Restart,
    LoseReply,
    DenyWrites,
}
