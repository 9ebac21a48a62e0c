//! The isahc clients that alf builds.

use std::panic::{AssertUnwindSafe, catch_unwind};

use isahc::{HttpClient, HttpClientBuilder};

/// What a client that alf builds is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The user's requests.
    Calls,
    /// Token requests.
    Tokens,
}

impl Purpose {
    /// The setter by which a user can set another client.
    pub(crate) fn setter(self) -> &'static str {
        match self {
            Self::Calls => "http_client",
            Self::Tokens => "token_http_client",
        }
    }

    /// Adds alf's own settings.
    pub(crate) fn finish(self, builder: HttpClientBuilder) -> HttpClientBuilder {
        match self {
            Self::Calls => builder,
            // A token request comes once in an hour: a connection that was kept for it is one that
            // the server has closed.
            Self::Tokens => builder.connection_cache_size(0),
        }
    }
}

/// isahc panics where the system's libcurl is one that it cannot work with.
pub(crate) fn try_to_build(
    settings: HttpClientBuilder,
) -> Result<Result<HttpClient, isahc::Error>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| settings.build())).map_err(|_| Panicked)
}

/// isahc did, when it built a client.
pub(crate) struct Panicked;
