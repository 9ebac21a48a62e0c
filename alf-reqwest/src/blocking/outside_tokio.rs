//! reqwest's blocking client, called in an async task.

use std::any::Any;
use std::panic::resume_unwind;
use std::sync::mpsc::{SendError, channel};
use std::thread::{Builder, scope};

use tokio::runtime::Handle;

/// Returns what `call` returns. On a thread of tokio, another thread runs it: in an async task, reqwest's blocking client
/// panics in builds with debug assertions. (tokio does not tell an async task from `spawn_blocking`.)
pub(super) fn outside_tokio<T: Send, F: FnOnce() -> T + Send>(call: F) -> T {
    if Handle::try_current().is_err() {
        return call();
    }
    scope(|scope| {
        // It gets the call afterwards, because a thread that cannot be started drops what it was to run.
        let (give, given) = channel::<F>();
        let run = move || given.recv().map(|call| call());
        let thread = Builder::new().name("alf-blocking".to_owned());
        let Ok(thread) = thread.spawn_scoped(scope, run) else {
            return call();
        };
        if let Err(SendError(call)) = give.send(call) {
            return call();
        }
        let never_given = |error| Box::new(error) as Box<dyn Any + Send>;
        let outcome = thread.join().and_then(|result| result.map_err(never_given));
        // A panic of `call` stays one.
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    })
}
