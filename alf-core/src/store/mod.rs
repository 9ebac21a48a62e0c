//! The store that the instances of a program share: the interface to it, and the sealing of its records.

#[cfg(feature = "store-file")]
mod file_store;
mod key;
mod record;
mod seal;
mod sealing_key;
mod shared_store;
mod token_store;

pub(crate) use key::RecordName;
pub(crate) use record::TokenRecord;
pub(crate) use seal::Sealer;
pub(crate) use shared_store::{SharedStore, TargetRecord, VersionedRecord};

#[cfg(feature = "store-file")]
pub use file_store::FileStore;
pub use sealing_key::SealingKey;
pub use token_store::{StoreError, StoreErrorKind, StoreKey, Stored, TokenStore, Version, Written};
