//! File operations block, so they run on a thread.

use std::sync::{Arc, Mutex, PoisonError};

use event_listener::Event;

use crate::{Runtime, ThreadRuntime};

use super::super::StoreError;

/// Runs `work` on a thread. Once it has begun, it runs to its end, also if the future is dropped.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let reply = Arc::new(Reply {
        result: Mutex::new(None),
        ended: Event::new(),
    });
    let ended = reply.ended.listen();
    let sender = Sender(Arc::clone(&reply));
    ThreadRuntime::new().spawn(Box::pin(async move {
        let result = work();
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
