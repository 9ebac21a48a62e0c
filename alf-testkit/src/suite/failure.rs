//! How a case fails: once, in its report.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::LazyLock;

use crate::waiting;

#[track_caller]
pub(crate) fn fail(expected: &str) -> ! {
    waiting::fail(format_args!("expected {expected}"));
}

/// Calls `run`. If it panics, nothing is printed: the error is the message, and where it panicked.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    LazyLock::force(&HOOK);
    PANICKED_AT.set(Some(String::new()));
    let outcome = catch_unwind(AssertUnwindSafe(run));
    let place = PANICKED_AT.take().unwrap_or_default();
    outcome.map_err(|panic| format!("{}\nat {place}", panic_message(&*panic)))
}

fn panic_message(panic: &dyn Any) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Returns whether `caught` reports a panic at that place. It reports the latest: an adapter may catch those before it.
fn is_reported(place: &str) -> bool {
    // A hook must not panic, and a destructor of another thread-local value may panic when this one is gone.
    let is_reported = PANICKED_AT.try_with(|panicked_at| match &mut *panicked_at.borrow_mut() {
        Some(latest) => {
            place.clone_into(latest);
            true
        }
        None => false,
    });
    is_reported.unwrap_or(false)
}

thread_local! {
    /// `Some` while this thread runs `caught`; empty before a panic.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: LazyLock<()> = LazyLock::new(|| {
    let others = take_hook();
    set_hook(Box::new(move |panic| {
        let place = panic
            .location()
            .map_or_else(String::new, ToString::to_string);
        if !is_reported(&place) {
            others(panic);
        }
    }));
});

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};
    use std::thread;

    use super::*;

    #[test]
    fn report_names_the_latest_panic() {
        let report = caught(|| {
            let _ = catch_unwind(|| fail("one thing"));
            fail("another");
        });
        let place = format!("{}:{}:", file!(), line!() - 2);
        let report = report.unwrap_err();
        assert!(
            report.starts_with(&format!("expected another\nat {place}")),
            "{report}"
        );
    }

    #[test]
    fn panic_when_a_thread_ends_is_not_reported() {
        struct AtTheEnd(Sender<bool>);
        impl Drop for AtTheEnd {
            fn drop(&mut self) {
                self.0.send(is_reported("a destructor")).unwrap();
            }
        }
        thread_local! {
            static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
        }
        let (sender, receiver) = channel();
        let thread = thread::spawn(|| {
            // Values are dropped in the reverse order of their first use.
            AT_THE_END.set(Some(AtTheEnd(sender)));
            assert_eq!(caught(|| 1), Ok(1));
        });
        thread.join().unwrap();
        assert_eq!(receiver.recv(), Ok(false));
    }
}
