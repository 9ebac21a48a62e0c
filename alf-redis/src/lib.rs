#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod connection;
mod error;
mod store;

pub use store::RedisStore;

/// The crate whose connections and clients [`RedisStore`] takes.
pub use redis;
