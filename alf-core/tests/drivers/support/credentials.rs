//! A secret that a test decides about each time that it is read.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::Credential;

pub(crate) enum Read {
    Secret(String),
    /// It cannot be read just now.
    Failure,
    /// It is never read to the end.
    Hangs,
}

/// `read` gets the number of the read, from 1 on.
pub(crate) fn secret_by(read: impl Fn(usize) -> Read + Send + Sync + 'static) -> Credential {
    let reads = AtomicUsize::new(0);
    Credential::from_fn(move || {
        let outcome = read(reads.fetch_add(1, Ordering::Relaxed) + 1);
        async move {
            match outcome {
                Read::Secret(secret) => Ok(secret),
                Read::Failure => Err("the vault is sealed"),
                Read::Hangs => pending().await,
            }
        }
    })
}

/// A secret whose read of that number, and every later one, hangs.
pub(crate) fn secret_that_hangs_from(first: usize) -> Credential {
    secret_by(move |number| {
        if number < first {
            Read::Secret("secret".to_owned())
        } else {
            Read::Hangs
        }
    })
}
