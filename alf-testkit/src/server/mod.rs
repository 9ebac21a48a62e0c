//! A scripted OAuth 2.0 authorization server and resource server on loopback ports.
//!
//! They use real sockets, so that any HTTP client can be tested with them, and no HTTP library, so that
//! they can misbehave as no HTTP library would: hang up in the middle of a header, never answer, close a
//! connection under the next request. A test scripts what happens and waits for what it expects; it
//! never sleeps.
//!
//! Start with [`Servers::start`]. A request gets an [`Answer`], which a [`Gate`] can hold. [`ScriptedServer`] has the methods
//! that script a server and those that return what it received: [`Recorded`] and [`Counts`].
//!
//! The documentation of [alf-testkit](crate) has examples.

mod answer;
mod authorization;
mod connection;
mod counts;
mod delivery;
mod gate;
mod port;
mod recorded;
mod request;
mod resource;
mod response_writer;
mod script;
mod scripted;
mod scripted_body;
mod servers;
mod service;
#[cfg(feature = "conformance")]
pub(crate) mod tls;
mod token_response;

pub use answer::Answer;
pub use authorization::AuthorizationServer;
pub use counts::Counts;
pub use gate::Gate;
pub use recorded::{Recorded, body_hash};
pub use resource::ResourceServer;
pub use scripted::ScriptedServer;
pub use scripted_body::pattern;
#[cfg(feature = "conformance")]
pub(crate) use scripted_body::{PATTERN, PIECE, next_piece};
pub use servers::Servers;
