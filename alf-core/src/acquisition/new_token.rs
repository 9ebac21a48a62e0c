//! What a successful acquisition brings.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use crate::machine::Obtained;
use crate::token::Grant;

pub(crate) struct NewToken {
    pub(crate) obtained: Obtained<Arc<Grant>>,
    pub(crate) header: HeaderValue,
    /// How far the clock had jumped before its request was sent (E7).
    pub(crate) jumped: Duration,
    pub(crate) origin: TokenOrigin,
    /// Its number in the shared record (D5).
    #[cfg(feature = "store")]
    pub(crate) number: u64,
}

/// Where a token is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenOrigin {
    Server,
    #[cfg(feature = "store")]
    Store,
}
