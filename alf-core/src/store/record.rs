//! The bytes of a record, before they are sealed.
//!
//! The format is JSON. A later version of alf may add members, which are ignored here, and kinds of errors. If it changes the
//! form of a member, it gives its records other names, so that this version does not replace them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::error::{AnswerDetails, Cause, RefusalOf};
use crate::machine::{Failure, SharedRecord, WallTime};
use crate::secret::SecretBytes;
use crate::token::Grant;
use crate::wire::Redactor;
use crate::{TimeoutPhase, TokenErrorKind};

/// The record of a token target.
pub(crate) type TokenRecord = SharedRecord<Arc<Grant>, SharedError>;

/// The error of a failed attempt, as callers of other instances get it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SharedError {
    #[serde(with = "WrittenKind")]
    kind: TokenErrorKind,
    is_transient: bool,
    is_about_target: bool,
    status: Option<u16>,
    code: Option<String>,
    description: Option<String>,
    detail: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TokenErrorKind")]
enum WrittenKind {
    Authentication,
    Discovery,
    Connect,
    Certificate,
    Timeout(#[serde(with = "WrittenPhase")] TimeoutPhase),
    Refused,
    Redirected,
    Unreadable,
    TokenType,
    Aborted,
    /// And every kind of a later version of alf: it is the most general one.
    #[serde(other)]
    Exchange,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TimeoutPhase")]
enum WrittenPhase {
    Acquire,
    #[serde(other)]
    Attempt,
}

pub(super) fn encode(record: &TokenRecord) -> SecretBytes {
    let mut bytes = SecretBytes::default();
    // It has no maps and no floats, so it cannot fail; if it did, the record would count as empty.
    let _ = serde_json::to_writer(&mut bytes, record);
    bytes
}

/// `None` if the bytes are not a record. `default_lifetime` is that of tokens that state none (E5).
pub(super) fn decode(bytes: &[u8], default_lifetime: Option<Duration>) -> Option<TokenRecord> {
    let mut record: TokenRecord = serde_json::from_slice(bytes).ok()?;
    if let Some(shared) = &mut record.token {
        shared.lifetime = shared.token.expires_in.or(default_lifetime);
        let since_1970 = |lifetime| shared.obtained_at.0.checked_add(lifetime);
        let since_1970 = shared.lifetime.and_then(since_1970);
        if let Some(grant) = Arc::get_mut(&mut shared.token) {
            grant.expires_at = since_1970.and_then(|it| SystemTime::UNIX_EPOCH.checked_add(it));
        }
    }
    Some(record)
}

impl From<SystemTime> for WallTime {
    /// A time before 1970 counts as 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        Self(since.unwrap_or_default())
    }
}

impl From<&Cause> for SharedError {
    fn from(cause: &Cause) -> Self {
        let answer = &cause.answer;
        Self {
            kind: cause.kind,
            is_transient: cause.failure.is_transient(),
            is_about_target: cause.refusal_of == RefusalOf::Target,
            status: answer.status.map(|status| status.as_u16()),
            code: answer.error.clone(),
            description: answer.description.clone(),
            detail: answer.detail.clone().or_else(|| cause.shown_source.clone()),
        }
    }
}

impl From<SharedError> for Cause {
    fn from(error: SharedError) -> Self {
        // T4: any instance that has the key can write any text.
        let redactor = Redactor::new(Vec::new());
        let show = |text: Option<String>| text.map(|text| redactor.show(&text));
        let failure = if error.is_transient {
            Failure::TRANSIENT
        } else {
            Failure::PERMANENT
        };
        let status = error.status.map(StatusCode::from_u16);
        let mut cause = Self::new(error.kind, failure).with_answer(AnswerDetails {
            status: status.and_then(Result::ok),
            error: show(error.code),
            description: show(error.description),
            detail: show(error.detail),
            ..AnswerDetails::default()
        });
        cause.refusal_of = if error.is_about_target {
            RefusalOf::Target
        } else {
            RefusalOf::Client
        };
        cause
    }
}

#[cfg(test)]
mod tests;
