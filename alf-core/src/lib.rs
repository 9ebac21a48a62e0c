//! An OAuth 2.0 client for services that call protected APIs on their own behalf: the client
//! credentials grant ([RFC 6749 §4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)), on any
//! HTTP library.
//!
//! A [`Client`] is built once and used like an HTTP client: it gets the token, keeps it, renews it
//! before it runs out, and when an API says 401 it renews the token and replays the request once.
//! For reqwest, use the crate `alf-reqwest`; this one is for other HTTP libraries, by a closure
//! ([`from_fn`]) or by a [`Transport`] of your own, and for those who write adapters.
//!
//! Letters such as R6 in this documentation are rules of
//! [the contract](https://github.com/globocom/alf-rs/blob/main/CONTRACT.md): what alf promises,
//! rule by rule.
//!
//! ```
//! use alf_core::{Client, Redirects, from_fn};
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # type Answer = Result<http::Response<Full<Bytes>>, std::io::Error>;
//! # async fn my_stack(_: http::Request<Bytes>) -> Answer {
//! #     Ok(http::Response::new(Full::default()))
//! # }
//!
//! let client = Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build(from_fn(Redirects::NotFollowed, |request| async move { my_stack(request).await }))?;
//! # let _ = client;
//! # Ok::<(), alf_core::ConfigError>(())
//! ```

mod acquisition;
mod authentication;
mod builder;
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
mod token;
mod token_target;
mod tokens;
mod transport;
mod wire;

pub use authentication::{
    AuthenticationContext, AuthenticationError, CertificateAndKey, CertificatePem, ClientAssertion,
    ClientAuthentication, ClientSecret, ClientSecretBasic, ClientSecretPost,
    CredentialsFingerprint, PrivateKeyJwt, SecretError, Signer,
};
pub use builder::{Adapter, ClientBuilder, CustomTransport, HttpClients, HttpSettings};
pub use client::Client;
#[cfg(feature = "config")]
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
pub use wire::token_request::TokenRequest;

#[cfg(feature = "jwt")]
pub use authentication::{ClientSecretJwt, MacAlgorithm, PrivateKey, SigningAlgorithm};

#[cfg(feature = "tokio")]
pub use runtime::TokioRuntime;

#[cfg(feature = "tracing")]
pub use observe::TracingObserver;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
