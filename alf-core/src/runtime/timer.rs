//! A timer that the threads of [`ThreadPool`] serve.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::clock;
use super::thread_pool::{ThreadPool, Timer};

/// Resolves after `duration`.
pub(super) fn sleep(duration: Duration) -> Sleep {
    static NUMBERS: AtomicU64 = AtomicU64::new(0);
    let now = clock::instant();
    // A duration that no clock reaches is as good as a year.
    let at = now.checked_add(duration.min(LONGEST)).unwrap_or(now);
    Sleep {
        timer: (at, NUMBERS.fetch_add(1, Ordering::Relaxed)),
        set_in: None,
    }
}

/// A timer that is set when it is first polled, and removed when it is dropped.
pub(super) struct Sleep {
    timer: Timer,
    set_in: Option<&'static ThreadPool>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let pool = ThreadPool::of_this_process();
        self.get_mut().poll_in(pool, context)
    }
}

impl Sleep {
    pub(super) fn poll_in(
        &mut self,
        pool: &'static ThreadPool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let (at, _) = self.timer;
        if at <= clock::instant() {
            return Poll::Ready(());
        }
        self.set_in = Some(pool);
        if !pool.set_timer(self.timer, context.waker().clone()) {
            block_for_a_moment(at);
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        // That of the process that forked this one may be locked for ever.
        if let Some(pool) = self.set_in.filter(|pool| pool.is_in_use()) {
            pool.remove_timer(self.timer);
        }
    }
}

/// The system has no thread left. The timer must end all the same (S5), so its task is polled again and again, with a pause
/// that blocks the polling thread.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no thread on which a timer could wait"
)]
fn block_for_a_moment(at: Instant) {
    let left = at.saturating_duration_since(clock::instant());
    std::thread::sleep(left.min(LONGEST_BLOCK));
}

const LONGEST: Duration = Duration::from_secs(365 * 86_400);
const LONGEST_BLOCK: Duration = Duration::from_millis(10);
