//! The same without async: `reqwest::blocking` with a token on every request. Needs the feature
//! `blocking`.
//!
//! A [`Client`] is made and used like `alf_reqwest::Client`, and keeps the same promises. Threads
//! share it, and its one token:
//!
//! ```no_run
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = alf_reqwest::blocking::Client::builder("https://auth.example.com/token")
//!     .client_secret("client-id", "secret")
//!     .scope("read write")
//!     .build()?;
//! let response = client.get("https://api.example.com/things").send()?;
//! println!("{}", response.text()?);
//! # Ok(())
//! # }
//! ```
//!
//! # In an async program
//!
//! In an async task, a call delays the other tasks of its thread. Reading the response there is a call to reqwest, which
//! panics in builds with debug assertions. Use [`alf_reqwest::Client`](crate::Client), or `spawn_blocking`:
//!
//! ```no_run
//! # type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
//! # async fn example(client: alf_reqwest::blocking::Client) -> Result<()> {
//! let things = tokio::task::spawn_blocking(move || {
//!     let response = client.get("https://api.example.com/things").send()?;
//!     Result::Ok(response.text()?)
//! });
//! println!("{}", things.await??);
//! # Ok(())
//! # }
//! ```
//!
//! # Threads
//!
//! reqwest has one thread for each client, and alf makes two clients where you bring none (and two
//! more when the first request goes to loopback). A token request has a thread for as long as it
//! lasts, and so has the remainder of a 401 that is replayed.

mod adapter;
mod client;
mod outside_tokio;
mod request;
mod transport;

pub use adapter::Reqwest;
pub use client::Client;
pub use request::RequestBuilder;
pub use transport::ReqwestTransport;

#[doc(no_inline)]
pub use crate::{Error, UncheckedRedirects};

/// A client of yours: see [`alf_reqwest::HttpClient`](crate::HttpClient).
pub type HttpClient = crate::HttpClient<reqwest::blocking::Client>;

/// Builds a [`Client`]: the settings of [`alf_core::ClientBuilder`], on `reqwest::blocking`.
///
/// Made by [`Client::builder`].
pub type ClientBuilder = alf_core::ClientBuilder<Reqwest>;
