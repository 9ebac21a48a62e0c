//! What a measured process is asked to do.

use std::str::FromStr;

use futures_util::future::try_join_all;

use crate::Failure;

/// Calls of one URL.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) variant: Variant,
    pub(crate) calls: usize,
    pub(crate) token_endpoint: String,
    pub(crate) url: String,
}

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variant {
    /// The HTTP library alone. It sends the same token, so that the server reads the same bytes.
    Bare,
    /// alf on the HTTP library.
    Alf,
}

impl Variant {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Alf => "alf",
        }
    }
}

impl FromStr for Variant {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        match name {
            "bare" => Ok(Self::Bare),
            "alf" => Ok(Self::Alf),
            _ => Err(format!("unknown variant {name}").into()),
        }
    }
}

impl Workload {
    /// Makes the calls, with as many at a time as [`CONCURRENT_CALLERS`].
    #[expect(clippy::future_not_send, reason = "only the main thread polls it")]
    pub(crate) async fn repeat<F>(&self, call: impl Fn() -> F) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>>,
    {
        let callers = (0..CONCURRENT_CALLERS).map(|_| async {
            for _ in 0..self.calls / CONCURRENT_CALLERS {
                call().await?;
            }
            Ok::<_, Failure>(())
        });
        try_join_all(callers).await?;
        Ok(())
    }
}

/// Of an async library. A blocking one has a single caller.
pub(crate) const CONCURRENT_CALLERS: usize = 64;
