//! How a case fails: once, in its report.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::LazyLock;

use crate::waiting;

#[track_caller]
pub(super) fn fail(expected: &str) -> ! {
    waiting::fail(format_args!("expected {expected}"));
}

/// Calls `run`. If it panics, nothing is printed: the error is the message, and where it panicked.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
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

/// Returns whether the panic is one that `caught` reports. A second one, while the first unwinds, aborts
/// the process, and has no report.
fn is_reported(panic: &PanicHookInfo<'_>) -> bool {
    PANICKED_AT.with_borrow_mut(|place| match place {
        Some(place) if place.is_empty() => {
            *place = panic
                .location()
                .map_or_else(String::new, ToString::to_string);
            true
        }
        _ => false,
    })
}

thread_local! {
    /// `Some` while this thread runs `caught`; empty before a panic.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: LazyLock<()> = LazyLock::new(|| {
    let others = take_hook();
    set_hook(Box::new(move |panic| {
        if !is_reported(panic) {
            others(panic);
        }
    }));
});
