//! How a case fails.

use std::any::Any;

use crate::waiting;

#[track_caller]
pub(super) fn fail(expected: &str) -> ! {
    waiting::fail(format_args!("expected {expected}"));
}

pub(super) fn panic_message(panic: &dyn Any) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}
