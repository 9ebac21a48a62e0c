//! File operations block, so they run on threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;

use crate::{Runtime, ThreadRuntime};

use super::super::StoreError;

/// The threads on which the operations of a store run: at most [`MOST`] at a time, so that a disk that does not answer does not
/// hold more and more of them. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Threads(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    running: AtomicUsize,
    freed: Event,
}

/// For one operation, until it ends, also if its future was dropped.
struct ThreadPermit(Arc<Shared>);

impl Threads {
    /// Runs `work` on a thread. Once it has begun, it runs to its end, also if the future is dropped.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = self.permit().await;
        let reply = Arc::new(Reply {
            result: Mutex::new(None),
            ended: Event::new(),
        });
        let ended = reply.ended.listen();
        let sender = Sender(Arc::clone(&reply));
        ThreadRuntime::new().spawn(Box::pin(async move {
            let result = work();
            drop(permit);
            *sender
                .0
                .result
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(result);
        }));
        ended.await;
        let mut result = reply.result.lock().unwrap_or_else(PoisonError::into_inner);
        let no_thread = || Err(StoreError::unavailable("the system has no thread left"));
        result.take().unwrap_or_else(no_thread)
    }

    async fn permit(&self) -> ThreadPermit {
        let Shared { running, freed } = &*self.0;
        loop {
            let freed = freed.listen();
            let one_more = |running| (running < MOST).then_some(running + 1);
            let permitted = running.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more);
            if permitted.is_ok() {
                return ThreadPermit(Arc::clone(&self.0));
            }
            freed.await;
        }
    }
}

impl Drop for ThreadPermit {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::AcqRel);
        self.0.freed.notify(1);
    }
}

struct Reply<T> {
    result: Mutex<Option<Result<T, StoreError>>>,
    ended: Event,
}

struct Sender<T>(Arc<Reply<T>>);

/// Also if the task is dropped before it ran.
impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.ended.notify(usize::MAX);
    }
}

const MOST: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use pollster::block_on;

    use super::*;
    use crate::runtime::before;

    #[test]
    fn operations_that_do_not_end_hold_a_few_threads() {
        let threads = Threads::default();
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(released));
        let timer = || ThreadRuntime::new().sleep(Duration::from_millis(1));
        for _ in 0..3 * MOST {
            let released = Arc::clone(&released);
            let work = move || {
                // It ends when the sender is dropped.
                let _ = released.lock().map(|released| released.recv());
                Ok(())
            };
            assert!(block_on(before(threads.run(work), timer())).is_none());
        }
        assert_eq!(threads.0.running.load(Ordering::Acquire), MOST);
        drop(release);
        block_on(threads.run(|| Ok(()))).unwrap();
    }
}
