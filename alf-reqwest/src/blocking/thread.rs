//! Whether a thread may block, as reqwest sees it.
//!
//! In a debug build reqwest's blocking client panics on a thread that runs async tasks. A panic
//! would hit the user, or kill an acquisition; an error can say what to do.

use std::io::{self, Read};
use std::panic::catch_unwind;

use reqwest::blocking::Body;
use tokio::runtime::{Builder, Handle};

/// reqwest's blocking client does not work on this thread.
#[derive(Clone, Copy, Debug)]
pub(super) struct AsyncThread;

/// Asks tokio what reqwest asks it.
pub(super) fn may_block() -> Result<(), AsyncThread> {
    // Without a handle there is no runtime to block. With one there may be none all the same:
    // `spawn_blocking` has it too.
    if !REQWEST_PANICS || Handle::try_current().is_err() {
        return Ok(());
    }
    // tokio tells it nowhere but by the panic of a runtime that is dropped where it must not be.
    let Ok(runtime) = Builder::new_current_thread().build() else {
        return Ok(());
    };
    catch_unwind(|| drop(runtime)).map_err(|_| AsyncThread)
}

/// [`may_block`], as an error of reqwest's.
pub(super) fn may_reqwest_block() -> Result<(), reqwest::Error> {
    match may_block() {
        Ok(()) => Ok(()),
        // A body that cannot be read is the one way to make an error of reqwest's by hand.
        Err(error) => Body::new(error).buffer().map(|_| ()),
    }
}

impl Read for AsyncThread {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other(*self))
    }
}

impl std::error::Error for AsyncThread {}

impl std::fmt::Display for AsyncThread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "reqwest's blocking client does not work on a thread that runs async tasks; use \
             alf_reqwest::Client, or tokio::task::spawn_blocking",
        )
    }
}

/// It is built as this crate is, but where a profile sets one of them apart.
const REQWEST_PANICS: bool = cfg!(debug_assertions);
