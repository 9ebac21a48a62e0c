//! The reqwest clients that alf builds: async or blocking, with the same settings.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use alf_core::{ConfigError, HttpSettings};
use http::HeaderName;
use http::header::AUTHORIZATION;
use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

use crate::redirect::{FollowsNone, guard_redirects, within_origin};

/// reqwest's async client, or its blocking one.
pub(crate) trait Library: Sized {
    /// Its builder.
    type Builder: From<ClientBuilder> + fmt::Debug + 'static;

    fn with_redirects(builder: Self::Builder, policy: Policy) -> Self::Builder;

    /// What token requests need beside their redirect policy.
    fn for_tokens(builder: Self::Builder) -> Self::Builder;

    fn without_proxy(builder: Self::Builder) -> Self::Builder;

    fn build(builder: Self::Builder) -> Result<Self, reqwest::Error>;

    /// What reqwest shows of the redirects that it follows.
    fn shown_redirects(&self) -> ShownRedirects;

    /// Whether it may have a `User-Agent` of its own.
    fn may_have_user_agent(&self) -> bool;
}

/// What reqwest shows of a client's redirect policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShownRedirects {
    /// It follows none.
    None,
    /// It follows some, or may.
    Some,
    /// Nothing is shown.
    Unknown,
}

impl Library for reqwest::Client {
    type Builder = ClientBuilder;

    fn with_redirects(builder: ClientBuilder, policy: Policy) -> ClientBuilder {
        builder.redirect(policy)
    }

    fn for_tokens(builder: ClientBuilder) -> ClientBuilder {
        builder
            // B1 is what tries again.
            .retry(reqwest::retry::never())
            // A token request comes once in an hour: a connection that was kept for it is one that
            // the server has closed, or belongs to a runtime that is gone or polled no more.
            .pool_max_idle_per_host(0)
    }

    fn without_proxy(builder: ClientBuilder) -> ClientBuilder {
        builder.no_proxy()
    }

    fn build(builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        builder.build()
    }

    fn shown_redirects(&self) -> ShownRedirects {
        static FOLLOWS_NONE: LazyLock<Option<FollowsNone>> = LazyLock::new(|| {
            let with =
                |policy| try_to_build::<reqwest::Client>(ClientBuilder::new().redirect(policy));
            FollowsNone::learn(|policy| with(policy).ok()?.ok())
        });
        match &*FOLLOWS_NONE {
            Some(follows_none) if follows_none.is_shown_by(self) => ShownRedirects::None,
            Some(_) => ShownRedirects::Some,
            None => ShownRedirects::Unknown,
        }
    }

    fn may_have_user_agent(&self) -> bool {
        // `Debug` shows the default headers, and nothing else does.
        format!("{self:?}").contains(r#""user-agent""#)
    }
}

/// What a client that alf builds is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The user's requests.
    Calls,
    /// The user's requests, with the token in another header than `Authorization`.
    CallsWithOtherHeader,
    /// Token requests.
    Tokens,
}

impl Purpose {
    /// Requests with the token in that header.
    pub(crate) fn calls(token_header: &HeaderName) -> Self {
        if *token_header == AUTHORIZATION {
            Self::Calls
        } else {
            Self::CallsWithOtherHeader
        }
    }

    /// The setter by which a user can set another client.
    fn setter(self) -> &'static str {
        match self {
            Self::Calls | Self::CallsWithOtherHeader => "http_client",
            Self::Tokens => "token_http_client",
        }
    }
}

/// The settings of a client that alf builds: reqwest's defaults, then the user's, then alf's.
#[derive(Clone)]
pub(crate) struct ClientSettings<B> {
    pub(crate) purpose: Purpose,
    pub(crate) user: HttpSettings<B>,
}

impl<B: From<ClientBuilder> + fmt::Debug + 'static> ClientSettings<B> {
    /// The builder of a client with these settings.
    pub(crate) fn builder<C: Library<Builder = B>>(&self) -> B {
        let defaults = match self.purpose {
            Purpose::Calls | Purpose::CallsWithOtherHeader => reqwest::Client::builder(),
            // T1: the user's is set over it.
            Purpose::Tokens => reqwest::Client::builder().user_agent(alf_core::USER_AGENT),
        };
        let builder = self.user.apply(defaults.into());
        let with = |builder: B, policy| C::with_redirects(builder, policy);
        match self.purpose {
            // X4: of the user's policies, only those that follow nothing are known to be safe.
            Purpose::Calls | Purpose::CallsWithOtherHeader if follows_none(&builder, with) => {
                builder
            }
            Purpose::Calls => with(builder, guard_redirects(Policy::default())),
            Purpose::CallsWithOtherHeader => with(builder, within_origin()),
            Purpose::Tokens => with(C::for_tokens(builder), Policy::none()),
        }
    }

    /// A client with these settings.
    pub(crate) fn build<C: Library<Builder = B>>(&self) -> Result<C, ConfigError> {
        match try_to_build(self.builder::<C>()) {
            Ok(Ok(client)) => Ok(client),
            Ok(Err(error)) => Err(self.problem("reqwest cannot build a client").because(error)),
            Err(Panicked) => Err(self.problem(
                "reqwest panicked when it built a client: with the feature rustls-no-provider, \
                 install a rustls CryptoProvider first",
            )),
        }
    }

    fn problem(&self, problem: &'static str) -> ConfigError {
        let setter = if self.user.is_set() {
            "configure_http"
        } else {
            self.purpose.setter()
        };
        ConfigError::new(setter, problem)
    }
}

fn follows_none<B: From<ClientBuilder> + fmt::Debug>(
    builder: &B,
    with: impl Fn(B, Policy) -> B,
) -> bool {
    let known = FollowsNone::learn(|policy| Some(with(ClientBuilder::new().into(), policy)));
    known.is_some_and(|none| none.is_shown_by(builder))
}

/// reqwest panics if its feature `rustls-no-provider` is enabled and no provider is installed.
pub(crate) fn try_to_build<C: Library>(
    builder: C::Builder,
) -> Result<Result<C, reqwest::Error>, Panicked> {
    catch_unwind(AssertUnwindSafe(|| C::build(builder))).map_err(|_| Panicked)
}

/// reqwest did, when it built a client.
pub(crate) struct Panicked;
