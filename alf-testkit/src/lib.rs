//! Test servers, virtual time and a conformance suite for OAuth 2.0 clients.
//!
#![cfg_attr(feature = "conformance", doc = include_str!("../README.md"))]

mod behind_proxy;
#[cfg(feature = "conformance")]
pub mod conformance;
mod runtime;
pub mod server;
mod waiting;

pub use behind_proxy::BehindProxy;
pub use runtime::{Call, SteppedRuntime, VirtualTime};
pub use server::{
    Answer, AuthorizationServer, Gate, Recorded, ResourceServer, ScriptedServer, Servers,
    TokenAnswer,
};
