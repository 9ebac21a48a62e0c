//! The isahc clients that alf makes itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use isahc::{HttpClient, HttpClientBuilder};

/// The settings of alf's own client for the user's requests.
pub(crate) fn calls() -> HttpClientBuilder {
    HttpClient::builder()
}

/// The settings of alf's own client for token requests.
pub(crate) fn tokens() -> HttpClientBuilder {
    // A token request comes once in an hour: a connection that was kept for it is one that the
    // server has closed.
    HttpClient::builder().connection_cache_size(0)
}

/// isahc panics where the system's libcurl is one that it cannot work with.
pub(crate) fn try_to_build(
    settings: HttpClientBuilder,
) -> Result<Result<HttpClient, isahc::Error>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| settings.build())).map_err(|_| Panicked)
}

/// isahc did, in the making of a client.
pub(crate) struct Panicked;
