//! isahc with an OAuth 2.0 token on every request: the client credentials grant
//! ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)) for services that call
//! protected APIs on their own behalf.
//!
//! A [`Client`] is built once and used like an `isahc::HttpClient`, async or blocking. It gets the
//! token, keeps it, renews it before it runs out, and when an API answers 401 it renews the token and
//! replays the request once.
//!
//! ```no_run
//! use alf_isahc::isahc::AsyncReadResponseExt;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = alf_isahc::Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build()?;
//! let mut response = client.get_async("https://api.example.com/things").await?;
//! println!("{}", String::from_utf8(response.bytes().await?)?);
//! # Ok(())
//! # }
//! ```
//!
//! - What can be set: [`ClientBuilder`].
//! - A proxy, a certificate authority, a timeout: [`ClientBuilder::configure_http`], described at
//!   [`Client::builder`].
//! - Your own `isahc::HttpClient`, and what to know about its proxy and its log:
//!   [`Client::builder`].
//! - A certificate that the client authenticates with: `ClientCertificate`, with the feature
//!   `rustls-tls`.
//! - What can go wrong, and what to do: [`Error`].
//! - Only the token, for what is not sent by isahc: [`TokenManager`], from [`ClientBuilder::build_tokens`].
//!
//! The Cargo features are those of isahc, under its names. `alf-core` has what is behind this
//! crate.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod adapter;
mod body;
mod client;
#[cfg(feature = "rustls-tls")]
mod client_certificate;
mod convert;
mod error;
mod request;
mod route;
mod silence;
mod transport;

pub use adapter::Isahc;
pub use client::{Client, ResponseFuture};
#[cfg(feature = "rustls-tls")]
pub use client_certificate::ClientCertificate;
pub use error::Error;
pub use transport::IsahcTransport;

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

/// The isahc that this crate is built on: its `Request`, `Response` and `Error` are the ones you
/// get.
pub use isahc;

/// Builds a [`Client`]: the settings of [`alf_core::ClientBuilder`], on isahc.
///
/// Made by [`Client::builder`].
pub type ClientBuilder = alf_core::ClientBuilder<Isahc>;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
