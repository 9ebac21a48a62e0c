//! [`Call`]: a caller on a thread of its own.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::report::message;
use super::{Subject, fail};

/// A future that runs on a thread of its own, so that a library that blocks can be tried too.
///
/// Dropping this drops the future where it stands, as a caller does that gives up (which a library
/// that blocks notices when it is done).
pub(super) struct Call<T> {
    output: Receiver<thread::Result<Option<T>>>,
    arrived: Option<T>,
    cancel: Option<oneshot::Sender<()>>,
}

impl<T: Send + 'static> Call<T> {
    pub(super) fn start<S: Subject, F: Future<Output = T>>(
        future: impl FnOnce() -> F + Send + 'static,
    ) -> Self {
        let (told, output) = mpsc::channel();
        let (cancel, cancelled) = oneshot::channel();
        let run = move || {
            S::block_on(async {
                match select(pin!(future()), cancelled).await {
                    Either::Left((output, _)) => Some(output),
                    Either::Right(_) => None,
                }
            })
        };
        thread::spawn(move || {
            // Nobody is there to hear of it where the case has failed meanwhile.
            let _ = told.send(catch_unwind(AssertUnwindSafe(run)));
        });
        Self {
            output,
            arrived: None,
            cancel: Some(cancel),
        }
    }

    /// What came of it.
    pub(super) fn wait(mut self) -> T {
        let begun = Instant::now();
        while !self.ends_within(Duration::from_millis(50)) {
            if begun.elapsed() > PATIENCE {
                fail(&format!("a call to end, but {PATIENCE:?} later it has not"));
            }
        }
        self.take()
    }

    /// Whether it ends within that time.
    pub(super) fn ends_within(&mut self, patience: Duration) -> bool {
        if self.arrived.is_some() {
            return true;
        }
        match self.output.recv_timeout(patience) {
            Ok(Ok(Some(output))) => {
                self.arrived = Some(output);
                true
            }
            // X5: an error of the library would have come out as one.
            Ok(Err(panic)) => fail(&format!(
                "a call to end with an answer or an error, but it panicked: {}",
                message(&*panic)
            )),
            Err(RecvTimeoutError::Timeout) => false,
            Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => {
                fail("a call that was not dropped")
            }
        }
    }

    /// Drops the future, and waits until it is gone.
    pub(super) fn abandon(mut self) {
        drop(self.cancel.take());
        if self.output.recv_timeout(PATIENCE).is_err() {
            fail("a dropped call to end");
        }
    }

    fn take(&mut self) -> T {
        self.arrived
            .take()
            .unwrap_or_else(|| fail("the output of a call, once"))
    }
}

/// How long a case waits for what should happen at once; it only passes in full before a failure.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
