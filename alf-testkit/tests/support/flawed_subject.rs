//! A store with a flaw as the suite sees it: how it is started, connected to, and disturbed.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

use std::future::Future;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use alf_testkit::store_conformance::{self, StoreHooks, StoreSubject};

use super::flawed_store::{FlawedStore, Server, StoreFlaw};

pub(crate) trait HasStoreFlaw: Send + Sync + 'static {
    const FLAW: Option<StoreFlaw>;
    /// The cases that are known to fail.
    const KNOWN: &'static [(&'static str, &'static str)] = &[];
}

pub(crate) struct FlawedSubject<F>(Arc<Mutex<Server>>, PhantomData<F>);

impl<F: HasStoreFlaw> StoreSubject for FlawedSubject<F> {
    type Store = FlawedStore;

    fn start() -> Self {
        Self(Arc::default(), PhantomData)
    }

    fn connect(&self) -> FlawedStore {
        FlawedStore::new(F::FLAW, Arc::clone(&self.0))
    }

    fn block_on<T: Future>(future: T) -> T::Output {
        store_conformance::block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
            .delete(|subject, key| {
                let mut server = subject.0.lock().unwrap();
                server.delete(key);
                if F::FLAW == Some(StoreFlaw::CountsAnewAfterADelete) {
                    server.versions = 0;
                }
            })
            .restart(|subject| {
                let mut server = subject.0.lock().unwrap();
                server.restart();
                if F::FLAW == Some(StoreFlaw::CountsAnewAfterARestart) {
                    server.versions = 0;
                }
            })
            .lose_reply(|subject| subject.0.lock().unwrap().loses_next_reply = true)
            .deny_writes(|subject| subject.0.lock().unwrap().denies_writes = true)
    }

    fn known_failures() -> Vec<(&'static str, &'static str)> {
        F::KNOWN.to_vec()
    }
}
