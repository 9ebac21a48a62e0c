//! What an acquisition of a client with a store works with.

use std::sync::Arc;

use crate::machine::{Moment, SharedToken};
use crate::store::{SharedStore, TargetRecord, VersionedRecord};
use crate::token::Grant;

use super::failure::AcquisitionFailure;
use super::new_token::NewToken;

/// The store, and the record of the acquisition's target.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub(super) store: &'a SharedStore,
    pub(super) record: &'a TargetRecord,
}

/// What is written to the store about a token that was obtained.
#[derive(Default)]
pub(super) struct Outcome {
    /// Its number in the record (D5).
    pub(super) number: u64,
    /// `None` if it is in the store.
    pub(super) unsaved: Option<Unsaved>,
}

/// A token that is saved once its waiters have it (D8, D9).
pub(super) struct Unsaved {
    pub(super) token: SharedToken<Arc<Grant>>,
    /// The record with the lease of this instance. Without one it is read first.
    pub(super) leased: Option<VersionedRecord>,
}

/// The outcome of taking the lease.
pub(super) enum LeaseOutcome {
    Obtained(NewToken),
    /// The record is read again at this moment.
    ReadAt(Moment),
    Failed(AcquisitionFailure),
}

/// How much an acquisition matters now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A caller waits for it.
    Awaited,
    Background,
    /// Nobody waits, and the held token can be renewed later (D14).
    Postponable,
}

/// An operation of the store failed, and that was reported.
pub(super) struct StoreTrouble;
