//! An OAuth 2.0 client for services that call protected APIs on their own behalf, with any HTTP
//! library. It uses the client credentials grant
//! ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)).
//!
//! A [`Client`] is built once and used like an HTTP client. It obtains a token, caches it, and renews
//! it before it expires. If an API answers 401, the client renews the token and replays the request
//! once.
//!
//! For reqwest, use the crate `alf-reqwest`. Use this crate
//!
//! - with another HTTP library that has the types of the crate `http`: [`from_fn`] and
//!   [`from_blocking_fn`] make a transport of a closure;
//! - with another HTTP library that has its own types: implement [`Transport`];
//! - if you only need tokens: [`TokenManager`].
//!
//! ```
//! use alf_core::{Client, Redirects, from_fn};
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # type Answer = Result<http::Response<Full<Bytes>>, std::io::Error>;
//! # async fn my_library(_: http::Request<Bytes>) -> Answer {
//! #     Ok(http::Response::new(Full::default()))
//! # }
//!
//! // `my_library` sends an `http::Request` and returns an `http::Response`.
//! let client = Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build(from_fn(Redirects::NotFollowed, |request| async move { my_library(request).await }))?;
//! // let response = client.send(request).await?;
//! # let _ = client;
//! # Ok::<(), alf_core::ConfigError>(())
//! ```
//!
//! Names such as R6 in this documentation refer to rules of the contract: `CONTRACT.md` in alf's repository lists
//! what alf promises.
//!
//! # Features
//!
//! No feature is enabled by default. A feature adds API and changes no behaviour.
//!
//! | feature | adds |
//! | --- | --- |
//! | `config` | `ClientConfig`: the settings of a client from TOML, YAML, JSON or environment variables. Its methods `client_secret_jwt` and `private_key_jwt` need `jwt` too |
//! | `jwt` | `ClientSecretJwt`, and keys in PEM for [`PrivateKeyJwt`]. aws-lc-rs signs the assertions; it needs a C compiler |
//! | `metrics` | `MetricsObserver`, which counts alf's events with `metrics` |
//! | `store` | `ClientBuilder::store`: one token for all instances of a program, through a `TokenStore` |
//! | `store-file` | `FileStore`: a token store in a directory, for the processes of one machine. It enables `store` |
//! | `tokio` | `TokioRuntime`, for transports that need the tokio runtime |
//! | `tracing` | `TracingObserver`, which logs alf's events with `tracing` |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod acquisition;
mod authentication;
mod builder;
mod call;
mod client;
#[cfg(feature = "config")]
mod client_config;
mod clock;
mod config;
mod error;
mod machine;
mod observe;
mod origin;
mod ports;
mod presentation;
mod runtime;
mod secret;
mod server;
#[cfg(feature = "store")]
mod store;
mod token;
mod token_target;
mod tokens;
mod transport;
mod wire;

pub use authentication::{
    AuthenticationContext, AuthenticationError, CertificateAndKey, CertificatePem, ClientAssertion,
    ClientAuthentication, ClientSecretBasic, ClientSecretPost, Credential, CredentialsFingerprint,
    PrivateKeyJwt, SecretError, Signer,
};
pub use builder::{Adapter, ClientBuilder, CustomTransport, HttpClients, HttpSettings};
pub use client::Client;
#[cfg(feature = "config")]
#[cfg_attr(docsrs, doc(cfg(feature = "config")))]
pub use client_config::ClientConfig;
pub use error::{
    ConfigError, Error, NotAllowed, NotAllowedReason, Rejection, RevokeError, TimeoutPhase,
    TokenError, TokenErrorKind,
};
pub use machine::Moment;
pub use observe::{Event, EventContext, Observer};
pub use origin::{Origin, OriginRef};
pub use runtime::{BoxFuture, Runtime, ThreadRuntime};
pub use token::Token;
pub use token_target::TokenTarget;
pub use tokens::{TokenManager, TokenWatch};
pub use transport::{
    AnswerBody, BlockingFnTransport, BlockingTransport, ExchangeError, ExchangeErrorKind,
    ExchangeOptions, FnError, FnTransport, Redirects, TokenTransport, Transport, from_blocking_fn,
    from_fn,
};
pub use wire::token_request::{TokenRequest, USER_AGENT};

#[cfg(feature = "jwt")]
#[cfg_attr(docsrs, doc(cfg(feature = "jwt")))]
pub use authentication::{ClientSecretJwt, MacAlgorithm, SigningAlgorithm};

#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub use observe::MetricsObserver;

#[cfg(feature = "store-file")]
#[cfg_attr(docsrs, doc(cfg(feature = "store-file")))]
pub use store::FileStore;
#[cfg(feature = "store")]
#[cfg_attr(docsrs, doc(cfg(feature = "store")))]
pub use store::{
    SealingKey, StoreError, StoreErrorKind, StoreKey, Stored, TokenStore, Version, Written,
};

#[cfg(feature = "tokio")]
#[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
pub use runtime::TokioRuntime;

#[cfg(feature = "tracing")]
#[cfg_attr(docsrs, doc(cfg(feature = "tracing")))]
pub use observe::TracingObserver;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
