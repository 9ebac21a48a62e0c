//! surf with an OAuth 2.0 token on every request: the client credentials grant
//! ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)) for services that call
//! protected APIs on their own behalf.
//!
//! A [`Client`] is built once and used like a `surf::Client`. It gets the token, keeps it, renews
//! it before it runs out, and when an API answers 401 it renews the token and replays the request
//! once.
//!
//! ```no_run
//! # #[derive(serde::Deserialize)]
//! # struct Thing {}
//! # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let client = alf_surf::Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build()?;
//! let url = "https://api.example.com/things";
//! let things: Vec<Thing> = client.get(url).await?.body_json().await?;
//! # let _ = things;
//! # Ok(())
//! # }
//! ```
//!
//! surf is not maintained any more: for new code take `alf-reqwest` or `alf-isahc`. The README
//! lists the known defects of surf, and which of them reach you.
//!
//! - What can be set: [`ClientBuilder`].
//! - Which HTTP stack carries the requests, your own `surf::Client`, redirects, and what the log
//!   shows at `TRACE`: [`Client::builder`].
//! - A certificate that the client authenticates with: `ClientCertificate`, with the feature
//!   `curl-client` or `h1-client`.
//! - What can go wrong, and what to do: [`Error`].
//! - Only the token, for what is not sent by surf: [`TokenManager`], from [`ClientBuilder::build_tokens`].
//!
//! The Cargo features are those of surf, under its names; none is on by default, and one back end
//! is needed. `alf-core` has what is behind this crate.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod back_end;
mod body;
mod client;
#[cfg(any(feature = "curl-client", feature = "h1-client"))]
mod client_certificate;
#[cfg(feature = "curl-client")]
mod curl;
mod discard;
mod error;
mod guard;
#[cfg(any(feature = "h1-client", feature = "h1-client-no-tls"))]
mod h1;
#[cfg(any(feature = "h1-client", feature = "h1-client-no-tls"))]
mod head;
mod redirect;
mod request;
mod transport;

pub use adapter::Surf;
pub use client::Client;
#[cfg(any(feature = "curl-client", feature = "h1-client"))]
pub use client_certificate::ClientCertificate;
#[cfg(feature = "curl-client")]
pub use curl::CurlClient;
pub use error::{Error, SurfError};
#[cfg(any(feature = "h1-client", feature = "h1-client-no-tls"))]
pub use h1::H1Client;
pub use redirect::FollowRedirects;
pub use request::RequestBuilder;
pub use transport::SurfTransport;

pub use alf_core::{
    AuthenticationContext, AuthenticationError, BoxFuture, ClientAssertion, ClientAuthentication,
    ClientSecretBasic, ClientSecretPost, ConfigError, Credential, CredentialsFingerprint, Event,
    EventContext, ExchangeError, ExchangeErrorKind, ExchangeOptions, Moment, NotAllowed,
    NotAllowedReason, Observer, Origin, PrivateKeyJwt, Rejection, RevokeError, Runtime,
    SecretError, Signer, ThreadRuntime, TimeoutPhase, Token, TokenError, TokenErrorKind,
    TokenManager, TokenRequest, TokenTarget, TokenTransport, TokenWatch,
};

#[cfg(feature = "config")]
pub use alf_core::ClientConfig;

#[cfg(feature = "jwt")]
pub use alf_core::{ClientSecretJwt, MacAlgorithm, SigningAlgorithm};

#[cfg(feature = "metrics")]
pub use alf_core::MetricsObserver;

#[cfg(feature = "store")]
pub use alf_core::{
    SealingKey, StoreError, StoreErrorKind, StoreKey, Stored, TokenStore, Version, Written,
};

#[cfg(feature = "store-file")]
pub use alf_core::FileStore;

#[cfg(feature = "tracing")]
pub use alf_core::TracingObserver;

/// The TLS of [`H1Client`].
#[cfg(feature = "h1-client")]
pub use async_native_tls;

/// What is beneath [`CurlClient`]: isahc 0.9.
#[cfg(feature = "curl-client")]
pub use isahc;

/// The surf that this crate is built on: its `Request`, `Response` and `Body` are the ones you get.
pub use surf;

/// Builds a [`Client`]: the settings of [`alf_core::ClientBuilder`], on surf.
///
/// Made by [`Client::builder`].
pub type ClientBuilder = alf_core::ClientBuilder<Surf>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
