//! The runtime of one instance, which a test can stop, or let stand still.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use alf_core::{BoxFuture, Moment, Runtime};
use alf_testkit::SteppedRuntime;

#[derive(Clone)]
pub(crate) struct InstanceRuntime {
    runtime: SteppedRuntime,
    condition: Arc<Mutex<Condition>>,
}

#[derive(Clone, Copy)]
enum Condition {
    Running,
    /// None of its tasks runs before that moment.
    StandsStill(Moment),
    Stopped,
}

impl InstanceRuntime {
    pub(crate) fn new(runtime: SteppedRuntime) -> Self {
        Self {
            runtime,
            condition: Arc::new(Mutex::new(Condition::Running)),
        }
    }

    pub(crate) fn stop(&self) {
        *self.condition.lock().unwrap() = Condition::Stopped;
    }

    pub(crate) fn stand_still(&self, duration: Duration) {
        let until = self.runtime.now() + duration;
        *self.condition.lock().unwrap() = Condition::StandsStill(until);
    }

    pub(crate) fn has_stopped(&self) -> bool {
        matches!(*self.condition.lock().unwrap(), Condition::Stopped)
    }

    /// Until when it stands still; [`Moment::NEVER`] after it has stopped.
    fn stands_still_until(&self) -> Option<Moment> {
        match *self.condition.lock().unwrap() {
            Condition::Running => None,
            Condition::StandsStill(until) => {
                Some(until).filter(|until| self.runtime.now() < *until)
            }
            Condition::Stopped => Some(Moment::NEVER),
        }
    }

    /// For what the instance does itself, after a test has stopped it in the middle of it.
    pub(crate) async fn stand_still_if_frozen(&self) {
        match self.stands_still_until() {
            None => {}
            Some(Moment::NEVER) => std::future::pending().await,
            Some(until) => {
                let left = until.saturating_since(self.runtime.now());
                self.runtime.sleep(left).await;
            }
        }
    }

    /// The future as it runs on this instance.
    pub(crate) fn on_instance<F: Future + Send + 'static>(
        &self,
        future: F,
    ) -> impl Future<Output = F::Output> + Send + 'static {
        let instance = self.clone();
        let mut future = Box::pin(future);
        let mut pause: Option<BoxFuture> = None;
        poll_fn(move |context| {
            loop {
                if let Some(paused) = &mut pause {
                    match paused.as_mut().poll(context) {
                        Poll::Ready(()) => pause = None,
                        Poll::Pending => return Poll::Pending,
                    }
                }
                match instance.stands_still_until() {
                    None => return future.as_mut().poll(context),
                    Some(Moment::NEVER) => return Poll::Pending,
                    Some(until) => {
                        let left = until.saturating_since(instance.runtime.now());
                        pause = Some(instance.runtime.sleep(left));
                    }
                }
            }
        })
    }
}

impl Runtime for InstanceRuntime {
    fn now(&self) -> Moment {
        self.runtime.now()
    }

    fn wall_clock(&self) -> SystemTime {
        self.runtime.wall_clock()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture {
        self.runtime.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture) {
        self.runtime.spawn(Box::pin(self.on_instance(task)));
    }
}

impl fmt::Debug for InstanceRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InstanceRuntime").finish_non_exhaustive()
    }
}
