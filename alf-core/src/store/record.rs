//! The bytes of a record, before they are sealed.
//!
//! The format is JSON. A later version of alf may add members, which are ignored here, and kinds of errors. If it changes the
//! form of a member, it gives its records other names, so that this version does not replace them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::StatusCode;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::{AnswerDetails, Cause, RefusalOf};
use crate::machine::{
    CredentialHash, Failure, Occupancy, SharedPause, SharedRecord, SharedToken, WallTime,
};
use crate::secret::SecretBytes;
use crate::token::Grant;
use crate::wire::Redactor;
use crate::{TimeoutPhase, TokenErrorKind};

/// The record of a token target.
pub(crate) type TokenRecord = SharedRecord<Arc<Grant>, Cause>;

pub(super) fn encode(record: &TokenRecord) -> SecretBytes {
    let written = WrittenRecord::from(record);
    let mut bytes = SecretBytes::default();
    // It has no maps and no floats, so it cannot fail; if it did, the record would count as empty.
    let _ = serde_json::to_writer(&mut bytes, &written);
    bytes
}

/// `None` if the bytes are not a record. `default_lifetime` is that of tokens that state none (E5).
pub(super) fn decode(bytes: &[u8], default_lifetime: Option<Duration>) -> Option<TokenRecord> {
    let written = serde_json::from_slice::<WrittenRecord>(bytes).ok()?;
    Some(written.into_record(default_lifetime))
}

impl From<SystemTime> for WallTime {
    /// A time before 1970 counts as 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        Self(since.unwrap_or_default())
    }
}

#[derive(Serialize, Deserialize)]
struct WrittenRecord {
    number: u64,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<WrittenToken>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    lease: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause: Option<WrittenPause>,
}

#[derive(Serialize, Deserialize)]
struct WrittenToken {
    value: Zeroizing<String>,
    r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extra: Vec<(String, Zeroizing<String>)>,
    number: u64,
    /// Milliseconds since 1970.
    obtained_at: u64,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    lifetime: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct WrittenPause {
    /// Milliseconds.
    length: u64,
    /// Milliseconds since 1970.
    ends_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<u64>,
    error: WrittenError,
}

#[derive(Serialize, Deserialize)]
struct WrittenError {
    kind: String,
    is_transient: bool,
    is_about_target: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<&TokenRecord> for WrittenRecord {
    fn from(record: &TokenRecord) -> Self {
        let (lease, pause) = match &record.occupancy {
            Occupancy::Free => (None, None),
            Occupancy::Leased { length } => (Some(millis(*length)), None),
            Occupancy::Paused(pause) => (None, Some(WrittenPause::from(pause))),
        };
        Self {
            number: record.number,
            attempts: record.attempts,
            token: record.token.as_ref().map(WrittenToken::from),
            lease,
            pause,
        }
    }
}

impl WrittenRecord {
    fn into_record(self, default_lifetime: Option<Duration>) -> TokenRecord {
        let occupancy = match (self.lease, self.pause) {
            (Some(lease), _) => Occupancy::Leased {
                length: Duration::from_millis(lease),
            },
            (None, Some(pause)) => Occupancy::Paused(pause.into_pause()),
            (None, None) => Occupancy::Free,
        };
        SharedRecord {
            number: self.number,
            attempts: self.attempts,
            token: self.token.map(|token| token.into_token(default_lifetime)),
            occupancy,
        }
    }
}

impl From<&SharedToken<Arc<Grant>>> for WrittenToken {
    fn from(shared: &SharedToken<Arc<Grant>>) -> Self {
        let grant = &shared.token;
        Self {
            value: grant.access_token.clone(),
            r#type: grant.token_type.clone(),
            scope: grant.scope.clone(),
            extra: grant.extra.clone(),
            number: shared.number,
            obtained_at: millis(shared.obtained_at.0),
            // Not the `default_lifetime` of this instance.
            lifetime: grant.expires_in.map(millis),
        }
    }
}

impl WrittenToken {
    fn into_token(self, default_lifetime: Option<Duration>) -> SharedToken<Arc<Grant>> {
        let stated = self.lifetime.map(Duration::from_millis);
        let lifetime = stated.or(default_lifetime);
        let obtained_at = Duration::from_millis(self.obtained_at);
        let expires_at = |lifetime: Duration| {
            let since_1970 = obtained_at.checked_add(lifetime)?;
            SystemTime::UNIX_EPOCH.checked_add(since_1970)
        };
        let grant = Grant {
            access_token: self.value,
            token_type: self.r#type,
            scope: self.scope,
            expires_in: stated,
            expires_at: lifetime.and_then(expires_at),
            extra: self.extra,
        };
        SharedToken {
            token: Arc::new(grant),
            number: self.number,
            obtained_at: WallTime(obtained_at),
            lifetime,
        }
    }
}

impl From<&SharedPause<Cause>> for WrittenPause {
    fn from(pause: &SharedPause<Cause>) -> Self {
        Self {
            length: millis(pause.length),
            ends_at: millis(pause.ends_at.0),
            credential: pause.credential.map(|CredentialHash(hash)| hash),
            error: WrittenError::from(&pause.error),
        }
    }
}

impl WrittenPause {
    fn into_pause(self) -> SharedPause<Cause> {
        SharedPause {
            length: Duration::from_millis(self.length),
            ends_at: WallTime(Duration::from_millis(self.ends_at)),
            credential: self.credential.map(CredentialHash),
            error: self.error.into_cause(),
        }
    }
}

impl From<&Cause> for WrittenError {
    fn from(cause: &Cause) -> Self {
        let answer = &cause.answer;
        Self {
            kind: name_of(cause.kind).to_owned(),
            is_transient: cause.failure.is_transient(),
            is_about_target: cause.refusal_of == RefusalOf::Target,
            status: answer.status.map(|status| status.as_u16()),
            code: answer.error.clone(),
            description: answer.description.clone(),
            detail: answer.detail.clone().or_else(|| cause.shown_source.clone()),
        }
    }
}

impl WrittenError {
    fn into_cause(self) -> Cause {
        // T4: any instance that has the key can write any text.
        let redactor = Redactor::new(Vec::new());
        let show = |text: Option<String>| text.map(|text| redactor.show(&text));
        let failure = if self.is_transient {
            Failure::TRANSIENT
        } else {
            Failure::PERMANENT
        };
        let mut cause = Cause::new(kind_of(&self.kind), failure).with_answer(AnswerDetails {
            status: self
                .status
                .and_then(|status| StatusCode::from_u16(status).ok()),
            error: show(self.code),
            description: show(self.description),
            detail: show(self.detail),
            ..AnswerDetails::default()
        });
        cause.refusal_of = if self.is_about_target {
            RefusalOf::Target
        } else {
            RefusalOf::Client
        };
        cause
    }
}

fn name_of(kind: TokenErrorKind) -> &'static str {
    match kind {
        TokenErrorKind::Authentication => "authentication",
        TokenErrorKind::Discovery => "discovery",
        TokenErrorKind::Certificate => "certificate",
        TokenErrorKind::Connect => "connect",
        TokenErrorKind::Timeout(TimeoutPhase::Attempt) => "attempt_timeout",
        TokenErrorKind::Timeout(TimeoutPhase::Acquire) => "acquire_timeout",
        TokenErrorKind::Exchange => "exchange",
        TokenErrorKind::Refused => "refused",
        TokenErrorKind::Redirected => "redirected",
        TokenErrorKind::Unreadable => "unreadable",
        TokenErrorKind::TokenType => "token_type",
        TokenErrorKind::Aborted => "aborted",
    }
}

fn kind_of(name: &str) -> TokenErrorKind {
    match name {
        "authentication" => TokenErrorKind::Authentication,
        "discovery" => TokenErrorKind::Discovery,
        "certificate" => TokenErrorKind::Certificate,
        "connect" => TokenErrorKind::Connect,
        "attempt_timeout" => TokenErrorKind::Timeout(TimeoutPhase::Attempt),
        "acquire_timeout" => TokenErrorKind::Timeout(TimeoutPhase::Acquire),
        "refused" => TokenErrorKind::Refused,
        "redirected" => TokenErrorKind::Redirected,
        "unreadable" => TokenErrorKind::Unreadable,
        "token_type" => TokenErrorKind::TokenType,
        "aborted" => TokenErrorKind::Aborted,
        // "exchange", and every kind of a later version of alf: it is the most general one.
        _ => TokenErrorKind::Exchange,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
