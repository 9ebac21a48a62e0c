//! For tests of everything that speaks OAuth 2.0, and of everything that is to carry it.
//!
//! - A **scripted authorization server and resource server** ([`Servers`]). Both listen on loopback
//!   ports and do what a test tells them: issue tokens, refuse, stall, hang up, go down and come
//!   back, revoke what they issued. Then they say what they saw.
//! - A test **behind a proxy** ([`BehindProxy`]): once more, in a process whose environment names one.
//! - **Virtual time** ([`VirtualTime`], [`SteppedRuntime`]): an hour of a token's life in no time.
//! - alf's **conformance suite** ([`conformance!`], [`mod@conformance`]): every promise of alf that
//!   an HTTP library can break, as a test of its own, for any library. A test is named after its
//!   rule: the R6 of `r6_an_api_that_always_rejects_…`, and of these pages, is a rule of
//!   [the contract](https://github.com/globocom/alf-rs/blob/main/CONTRACT.md).
//!
//! It brings no HTTP client and no async runtime, and fits under a test of any.
//!
//! # Examples
//!
//! "The token endpoint answers 503 twice, then works" is one line:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//!
//! use alf_testkit::{Answer, Servers};
//!
//! let servers = Servers::start();
//! servers.authorization.answer_next_n(2, Answer::status(503));
//!
//! // Stands for your client, which is given servers.token_endpoint() and servers.url("/things").
//! fn token(servers: &Servers) -> std::io::Result<String> {
//!     let form = "grant_type=client_credentials&client_id=client-id&client_secret=secret";
//!     let mut stream = TcpStream::connect(servers.authorization.address())?;
//!     write!(
//!         stream,
//!         "POST /token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
//!          Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
//!         form.len()
//!     )?;
//!     let mut response = String::new();
//!     stream.read_to_string(&mut response)?;
//!     Ok(response)
//! }
//!
//! assert!(token(&servers)?.starts_with("HTTP/1.1 503"));
//! assert!(token(&servers)?.starts_with("HTTP/1.1 503"));
//! assert!(token(&servers)?.contains(r#""access_token":"token-1-"#));
//! assert_eq!(servers.authorization.token_requests(), 3, "{}", servers.report());
//! # Ok::<(), std::io::Error>(())
//! ```

mod behind_proxy;
#[cfg(feature = "conformance")]
pub mod conformance;
mod poll;
mod runtime;
pub mod server;

pub use behind_proxy::BehindProxy;
pub use runtime::{Call, SteppedRuntime, VirtualTime};
pub use server::{
    Answer, AuthorizationServer, Gate, Recorded, ResourceServer, ScriptedServer, Servers,
    TokenAnswer,
};

/// What the README shows is compiled and run.
#[cfg(all(doctest, feature = "conformance"))]
#[doc = include_str!("../README.md")]
struct Readme;
