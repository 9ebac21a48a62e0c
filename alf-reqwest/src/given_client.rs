//! X4, T7: a client that exists already, and whether its redirects are safe.

use std::fmt;

use alf_core::ConfigError;

use crate::http_client::{Library, ShownRedirects};

/// A client of yours, for [`http_client`](crate::ClientBuilder::http_client) and
/// [`token_http_client`](crate::ClientBuilder::token_http_client).
///
/// A `reqwest::Client` converts into it, and so do [`UncheckedRedirects`] of one. `C` is reqwest's client: the async one, or the
/// blocking one.
pub struct HttpClient<C = reqwest::Client> {
    client: C,
    redirects: Redirects,
}

/// A client whose redirects alf does not check.
///
/// A redirect may carry the token to another origin: reqwest drops the `Authorization` header if a redirect leaves the
/// origin, but sends it again if the next redirect stays at the new one. `build()` rejects a client that may follow such a
/// redirect, unless it is in this type. Use it for a client that has [`guard_redirects`](crate::guard_redirects), or if you
/// know where your API redirects to. Use it for a `reqwest::blocking::Client` with `Policy::none()`, too: reqwest does not
/// show which redirects a blocking client follows.
///
/// As [`token_http_client`](crate::ClientBuilder::token_http_client), an async client that follows redirects is rejected
/// all the same.
///
/// # Examples
///
/// ```
/// use alf_reqwest::reqwest::{self, redirect::Policy};
/// use alf_reqwest::{Client, UncheckedRedirects, guard_redirects};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let http_client = reqwest::Client::builder()
///     .redirect(guard_redirects(Policy::limited(3)))
///     .build()?;
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .http_client(UncheckedRedirects(http_client))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// # example().unwrap();
/// ```
#[derive(Clone)]
pub struct UncheckedRedirects<C = reqwest::Client>(pub C);

/// What is known of the redirects of a client.
#[derive(Clone, Copy)]
enum Redirects {
    /// What reqwest shows of them.
    AsShown,
    /// The user answers for them.
    Unchecked,
}

impl<C> HttpClient<C> {
    /// The client, if it carries the token nowhere else (X4).
    pub(crate) fn for_calls(self) -> Result<C, ConfigError>
    where
        C: Library,
    {
        let problem = match (self.redirects, self.client.shown_redirects()) {
            (Redirects::Unchecked, _) | (_, ShownRedirects::None) => return Ok(self.client),
            (Redirects::AsShown, ShownRedirects::Some) => CALLS_FOLLOW,
            (Redirects::AsShown, ShownRedirects::Unknown) => CALLS_MAY_FOLLOW,
        };
        Err(ConfigError::new("http_client", problem))
    }

    /// The client, if it carries the secret nowhere else (T7).
    pub(crate) fn for_tokens(self) -> Result<C, ConfigError>
    where
        C: Library,
    {
        let problem = match (self.redirects, self.client.shown_redirects()) {
            (_, ShownRedirects::None) | (Redirects::Unchecked, ShownRedirects::Unknown) => {
                return Ok(self.client);
            }
            (_, ShownRedirects::Some) => TOKENS_FOLLOW,
            (Redirects::AsShown, ShownRedirects::Unknown) => TOKENS_MAY_FOLLOW,
        };
        Err(ConfigError::new("token_http_client", problem))
    }
}

impl<C> From<C> for HttpClient<C> {
    fn from(client: C) -> Self {
        Self {
            client,
            redirects: Redirects::AsShown,
        }
    }
}

impl<C> From<UncheckedRedirects<C>> for HttpClient<C> {
    fn from(client: UncheckedRedirects<C>) -> Self {
        Self {
            client: client.0,
            redirects: Redirects::Unchecked,
        }
    }
}

/// The `Debug` of reqwest's clients may show the values of default headers.
impl<C> fmt::Debug for HttpClient<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

/// As that of [`HttpClient`].
impl<C> fmt::Debug for UncheckedRedirects<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UncheckedRedirects").finish_non_exhaustive()
    }
}

const CALLS_FOLLOW: &str = "follows redirects, and two in a row could carry the token to another \
                            origin; remove it and use configure_http, or build it with \
                            .redirect(reqwest::redirect::Policy::none()), or set \
                            UncheckedRedirects(client) if it has guard_redirects or you know where \
                            your API redirects to";
const CALLS_MAY_FOLLOW: &str = "may follow redirects, which reqwest does not show, and two in a row could carry the token to another origin; \
                                remove it and use configure_http, or set UncheckedRedirects(client) \
                                if it has .redirect(reqwest::redirect::Policy::none()) or \
                                guard_redirects, or you know where your API redirects to";
const TOKENS_FOLLOW: &str = "follows redirects, which could carry the client's secret elsewhere; \
                             build it with .redirect(reqwest::redirect::Policy::none()), or remove \
                             it and use configure_http";
const TOKENS_MAY_FOLLOW: &str = "may follow redirects, which reqwest does not show, and which could carry the client's secret elsewhere; \
                                 remove it and use configure_http, or set UncheckedRedirects(client) \
                                 if it has .redirect(reqwest::redirect::Policy::none())";
