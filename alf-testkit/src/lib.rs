//! Test servers, virtual time and a conformance suite for OAuth 2.0 clients.
//!
// Its programs need the feature `conformance`.
#![cfg_attr(any(feature = "conformance", not(doctest)), doc = include_str!("../README.md"))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod behind_proxy;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
#[cfg(feature = "store")]
mod memory_store;
mod runtime;
pub mod server;
#[cfg(feature = "store")]
#[cfg_attr(docsrs, doc(cfg(feature = "store")))]
pub mod store_conformance;
#[cfg(any(feature = "conformance", feature = "store"))]
mod suite;
mod waiting;

pub use behind_proxy::BehindProxy;
#[cfg(feature = "store")]
#[cfg_attr(docsrs, doc(cfg(feature = "store")))]
pub use memory_store::{MemoryStore, StoreFault};
pub use runtime::{Call, SteppedRuntime, VirtualTime};
pub use server::{
    Answer, AuthorizationServer, Gate, Recorded, ResourceServer, ScriptedServer, Servers,
};
