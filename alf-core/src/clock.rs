//! The clock of a client: monotonic time, and how long the machine was suspended (E7).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::Runtime;
use crate::machine::Moment;

/// Monotonic time, and the forward jumps of the wall clock over it.
///
/// Many monotonic clocks stop while a machine is suspended. Without the jumps, alf would go on with a token that expired
/// meanwhile. They end the lifetimes of tokens earlier, and nothing else: a deadline is not reached by a wall clock that
/// was corrected. Reading both costs the runtime's `now` and two loads.
pub(crate) struct Clock {
    runtime: Arc<dyn Runtime>,
    /// The sum of all jumps so far, in nanoseconds.
    jumped: AtomicU64,
    /// When the two clocks are compared again, in the runtime's nanoseconds.
    compare_at: AtomicU64,
    /// What both clocks showed when they were compared.
    compared: Mutex<(Moment, SystemTime)>,
}

impl Clock {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        let (now, wall) = (runtime.now(), runtime.wall_clock());
        Self {
            compare_at: AtomicU64::new((now + COMPARED_EVERY).as_nanos()),
            jumped: AtomicU64::new(0),
            compared: Mutex::new((now, wall)),
            runtime,
        }
    }

    /// The `now` of the machines.
    pub(crate) fn now(&self) -> Moment {
        let now = self.runtime.now();
        if now.as_nanos() >= self.compare_at.load(Ordering::Relaxed) {
            self.compare();
        }
        now
    }

    /// The sum of all jumps so far.
    pub(crate) fn jumped(&self) -> Duration {
        Duration::from_nanos(self.jumped.load(Ordering::Relaxed))
    }

    /// The wall clock.
    pub(crate) fn wall(&self) -> SystemTime {
        self.runtime.wall_clock()
    }

    #[cold]
    fn compare(&self) {
        let mut compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner);
        // Both are read under the lock, so that a thread that waited for it does not undo the comparison.
        let (now, wall) = (self.runtime.now(), self.runtime.wall_clock());
        let by_runtime = now.saturating_since(compared.0);
        // Backward steps are ignored.
        let by_wall = wall.duration_since(compared.1).unwrap_or(Duration::ZERO);
        let jump = by_wall.saturating_sub(by_runtime);
        if jump > SMALL {
            let jump = u64::try_from(jump.as_nanos()).unwrap_or(u64::MAX);
            // Under the lock, so this load and store are one step.
            let jumped = self.jumped.load(Ordering::Relaxed).saturating_add(jump);
            self.jumped.store(jumped, Ordering::Relaxed);
        }
        *compared = (now, wall);
        self.compare_at
            .store((now + COMPARED_EVERY).as_nanos(), Ordering::Relaxed);
    }
}

/// E7: noticed within 30 s.
const COMPARED_EVERY: Duration = Duration::from_secs(15);
/// E7: smaller differences are adjustments of the wall clock.
const SMALL: Duration = Duration::from_secs(5);
