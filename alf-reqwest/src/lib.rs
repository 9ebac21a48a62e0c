//! reqwest with an OAuth 2.0 token on every request: the client credentials grant
//! ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)) for services that call
//! protected APIs on their own behalf.
//!
//! A [`Client`] is built once and used like a `reqwest::Client`. It obtains the token, keeps it, and
//! renews it before it expires. If an API answers 401, the client renews the token and replays the
//! request once.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = alf_reqwest::Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build()?;
//! let response = client.get("https://api.example.com/things").send().await?;
//! println!("{}", response.text().await?);
//! # Ok(())
//! # }
//! ```
//!
//! - What can be set: [`ClientBuilder`].
//! - A proxy, a certificate authority, a timeout: [`ClientBuilder::configure_http`], described at
//!   [`Client::builder`].
//! - Your own `reqwest::Client`, and the two things to know about it: its redirects
//!   ([`UncheckedRedirects`]) and its proxy ([`Client::builder`]).
//! - A certificate that the client authenticates with: `ClientCertificate`, with any feature for TLS.
//! - What can go wrong, and what to do: [`Error`].
//! - Only the token, for requests that this client does not send: [`TokenManager`], from
//!   [`ClientBuilder::build_tokens`].
//! - A client of reqwest-middleware, for generated clients: the feature `middleware`, and `Client::with_middleware`.
//! - The same without async, on `reqwest::blocking`: the feature and the module `blocking`.
//!
//! Most Cargo features are reqwest's, with the same names. `config`, `jwt`, `metrics`, `middleware`, `store`, `store-file` and
//! `tracing` are alf's own.
//! This crate is built on `alf-core`.

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blocking")]
pub mod blocking;

mod adapter;
mod client;
#[cfg(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
mod client_certificate;
mod error;
mod failure;
mod given_client;
mod http_client;
#[cfg(feature = "middleware")]
mod middleware;
mod redirect;
mod request;
mod route;
mod transport;
mod url;

pub use adapter::Reqwest;
pub use client::Client;
#[cfg(any(
    feature = "rustls",
    feature = "rustls-no-provider",
    feature = "native-tls",
    feature = "native-tls-no-alpn"
))]
pub use client_certificate::ClientCertificate;
pub use error::Error;
pub use given_client::{HttpClient, UncheckedRedirects};
pub use redirect::guard_redirects;
pub use request::RequestBuilder;
pub use transport::ReqwestTransport;

pub use alf_core::{
    AuthenticationContext, AuthenticationError, BoxFuture, ClientAssertion, ClientAuthentication,
    ClientSecretBasic, ClientSecretPost, ConfigError, Credential, CredentialsFingerprint, Event,
    EventContext, ExchangeError, ExchangeErrorKind, ExchangeOptions, Moment, NotAllowed,
    NotAllowedReason, Observer, Origin, PrivateKeyJwt, Rejection, RevokeError, Runtime,
    SecretError, Signer, ThreadRuntime, TimeoutPhase, Token, TokenError, TokenErrorKind,
    TokenManager, TokenRequest, TokenTarget, TokenTransport, TokenWatch, TokioRuntime,
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

/// The reqwest that this crate is built on: its `Request`, `Response` and `Error` are the ones you
/// get.
pub use reqwest;

/// The reqwest-middleware that [`Client::with_middleware`] uses.
#[cfg(feature = "middleware")]
pub use reqwest_middleware;

/// Builds a [`Client`]: the settings of [`alf_core::ClientBuilder`], on reqwest.
///
/// Made by [`Client::builder`].
pub type ClientBuilder = alf_core::ClientBuilder<Reqwest>;

/// One of its programs blocks.
#[cfg(all(doctest, feature = "blocking"))]
#[doc = include_str!("../README.md")]
struct Readme;
