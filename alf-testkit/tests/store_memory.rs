//! The store suite on `MemoryStore`, and the faults of that store.

#![cfg(feature = "store")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests: what goes wrong in them fails the test"
)]

use std::future::Future;

use alf_testkit::store_conformance::{self, StoreHooks, StoreSubject};
use alf_testkit::{MemoryStore, StoreFault};

struct Memory(MemoryStore);

impl StoreSubject for Memory {
    type Store = MemoryStore;

    fn start() -> Self {
        Self(MemoryStore::new())
    }

    fn connect(&self) -> MemoryStore {
        self.0.clone()
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        store_conformance::block_on(future)
    }

    fn hooks(hooks: StoreHooks<Self>) -> StoreHooks<Self> {
        hooks
            .delete(|subject, key| subject.0.remove(key))
            .restart(|subject| subject.0.remove_all())
            .lose_reply(|subject| subject.0.lose_next_reply())
            .deny_writes(|subject| subject.0.set_fault(Some(StoreFault::ReadOnly)))
    }
}

alf_testkit::store_conformance!(Memory);

/// A store that works only in tokio: it waits with tokio's timers.
mod on_tokio {
    use std::future::Future;
    use std::sync::LazyLock;
    use std::time::Duration;

    use alf_core::TokioRuntime;
    use alf_testkit::MemoryStore;
    use alf_testkit::store_conformance::StoreSubject;
    use tokio::runtime::{Builder, Runtime};

    struct OnTokio(MemoryStore);

    impl StoreSubject for OnTokio {
        type Store = MemoryStore;

        fn start() -> Self {
            let store = MemoryStore::new().on(TokioRuntime::new());
            store.set_delay(Duration::from_micros(100));
            Self(store)
        }

        fn connect(&self) -> MemoryStore {
            self.0.clone()
        }

        fn block_on<F: Future>(future: F) -> F::Output {
            static RUNTIME: LazyLock<Runtime> =
                LazyLock::new(|| Builder::new_multi_thread().enable_all().build().unwrap());
            RUNTIME.block_on(future)
        }
    }

    alf_testkit::store_conformance!(OnTokio);
}

mod faults {
    use std::time::Duration;

    use alf_core::{StoreErrorKind, StoreKey, TokenStore, Version, Written};
    use alf_testkit::{MemoryStore, StoreFault, VirtualTime};
    use futures_util::FutureExt;

    const KEPT: Duration = Duration::from_secs(60);

    #[test]
    fn an_unavailable_store_fails_at_once() {
        let store = MemoryStore::new();
        store.set_fault(Some(StoreFault::Unavailable));
        let error = store.read(&key()).now_or_never().unwrap().unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!((store.reads(), store.writes()), (1, 0));
    }

    #[test]
    fn a_silent_store_applies_nothing() {
        let store = MemoryStore::new();
        store.set_fault(Some(StoreFault::Silent));
        assert!(store.read(&key()).now_or_never().is_none());
        assert!(
            store
                .write(&key(), None, b"a", KEPT)
                .now_or_never()
                .is_none()
        );
        store.set_fault(None);
        assert_eq!(value(&store), None);
        assert_eq!((store.reads(), store.writes()), (2, 1));
    }

    #[test]
    fn a_stale_store_reads_old_values_and_decides_by_the_current() {
        let store = MemoryStore::new();
        let first = write(&store, None, b"first");
        store.set_fault(Some(StoreFault::Stale));
        let second = write(&store, Some(&first), b"second");
        assert_eq!(value(&store), Some(b"first".to_vec()));
        write(&store, Some(&second), b"third");
        store.set_fault(None);
        assert_eq!(value(&store), Some(b"third".to_vec()));
    }

    #[test]
    fn a_forgetful_store_keeps_nothing() {
        let store = MemoryStore::new();
        store.set_fault(Some(StoreFault::Forgetful));
        write(&store, None, b"a");
        assert_eq!(value(&store), None);
    }

    #[test]
    fn a_slow_store_takes_virtual_time_and_values_expire_in_it() {
        let (store, time) = (MemoryStore::new(), VirtualTime::new());
        let slow = store.on(time.clone());
        write(&slow, None, b"a");
        slow.set_delay(Duration::from_millis(100));
        let key = key();
        let mut read = slow.read(&key);
        assert!((&mut read).now_or_never().is_none());
        time.advance(Duration::from_millis(100));
        assert!(read.now_or_never().is_some());
        slow.set_delay(Duration::ZERO);
        time.advance(Duration::from_millis(59_899));
        assert_eq!(value(&slow), Some(b"a".to_vec()));
        time.advance(Duration::from_millis(1));
        assert_eq!(value(&slow), None);
    }

    fn key() -> StoreKey {
        StoreKey::new("alf:test")
    }

    fn value(store: &MemoryStore) -> Option<Vec<u8>> {
        let stored = store.read(&key()).now_or_never().unwrap().unwrap();
        stored.map(|stored| stored.value().to_vec())
    }

    fn write(store: &MemoryStore, expected: Option<&Version>, value: &[u8]) -> Version {
        let key = key();
        let written = store.write(&key, expected, value, KEPT);
        match written.now_or_never().unwrap().unwrap() {
            Written::Done(version) => version,
            Written::Conflict => panic!("a conflict"),
        }
    }
}
