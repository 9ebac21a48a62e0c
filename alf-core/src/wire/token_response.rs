//! What the authorization server answered: a token, an OAuth error, or nothing readable
//! (RFC 6749 §5.1, §5.2).

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use serde_core::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde_core::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::error::{Cause, TokenErrorKind, Told, Whose};
use crate::machine::Failure;
use crate::token::Grant;

use super::retry_after::retry_after;
use super::{Redactor, may_pass};

/// Reads an answer of the token endpoint. `wall_clock` gives a `Retry-After` date its meaning.
pub(crate) fn decode(
    response: &Response<Bytes>,
    redactor: &Redactor,
    wall_clock: SystemTime,
) -> Result<Grant, Cause> {
    let answer = Answer {
        response,
        redactor,
        retry_after: retry_after(response.headers(), wall_clock),
    };
    let status = response.status();
    if status.is_redirection() {
        return Err(answer.cause(TokenErrorKind::Redirected, Told::default()));
    }
    let body = without_byte_order_mark(response.body());
    let members = members_of(body);
    if !status.is_success() {
        // The body may be empty, HTML, anything.
        return Err(answer.refused(&members.unwrap_or_default()));
    }
    let members = members.map_err(|error| answer.not_json(error))?;
    if members.has_error() {
        return Err(answer.refused(&members));
    }
    if status != StatusCode::OK {
        return Err(answer.unreadable("a token comes with status 200"));
    }
    answer.grant(&members)
}

/// The members of a token response that alf reads, whatever their types.
#[derive(Default)]
struct Members<'a>(BTreeMap<&'static str, &'a RawValue>);

struct Answer<'a> {
    response: &'a Response<Bytes>,
    redactor: &'a Redactor,
    retry_after: Duration,
}

impl Answer<'_> {
    fn grant(&self, members: &Members<'_>) -> Result<Grant, Cause> {
        let access_token = Zeroizing::new(
            members
                .text("access_token")
                .ok_or_else(|| self.unreadable("it has no access_token that is a string"))?,
        );
        if access_token.is_empty() || !access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(self.unreadable("its access_token is empty or not fit for a header"));
        }
        let token_type = match members.get("token_type") {
            None => BEARER.to_owned(),
            Some(_) => members
                .text("token_type")
                .ok_or_else(|| self.unreadable("its token_type is no string"))?,
        };
        if !token_type.eq_ignore_ascii_case(BEARER) && repeats(&token_type, &access_token) {
            // X1: a type that cannot be presented is shown in an error (T6).
            return Err(self.cause(
                TokenErrorKind::TokenType,
                Told {
                    detail: Some("its token_type repeats its access_token".to_owned()),
                    ..Told::default()
                },
            ));
        }
        Ok(Grant {
            access_token,
            token_type,
            scope: members.text("scope"),
            expires_in: members.get("expires_in").and_then(lifetime),
        })
    }

    /// The authorization server said no (RFC 6749 §5.2); the body may say nothing.
    fn refused(&self, members: &Members<'_>) -> Cause {
        let show = |text: Option<String>| text.map(|text| self.redactor.show(&text));
        let error = members.text("error");
        // B1: by what was said, not by what of it may be shown.
        let may_pass = refusal_may_pass(self.response.status(), error.as_deref());
        let whose = whose(self.response.status(), error.as_deref());
        let mut cause = self.cause(
            TokenErrorKind::Refused,
            Told {
                error: show(error),
                description: show(members.text("error_description")),
                uri: show(members.text("error_uri")),
                ..Told::default()
            },
        );
        cause.whose = whose;
        if may_pass {
            let retry_after = self.retry_after;
            cause.failure = Failure::Transient { retry_after };
        }
        cause
    }

    fn not_json(&self, problem: &'static str) -> Cause {
        let body = without_byte_order_mark(self.response.body()).trim_ascii_start();
        if body.starts_with(b"<") {
            // Of a 2xx body nothing is shown, since it may hold a token; a page holds none.
            // The redactor sees all of it: a cut before it may leave half a secret.
            let page = self.redactor.show(&String::from_utf8_lossy(body));
            return self.unreadable(&format!("it is a page: {page}"));
        }
        self.unreadable(problem)
    }

    fn unreadable(&self, problem: &str) -> Cause {
        let content_type = self.response.headers().get(CONTENT_TYPE).map(|value| {
            self.redactor
                .show(&String::from_utf8_lossy(value.as_bytes()))
        });
        self.cause(
            TokenErrorKind::Unreadable,
            Told {
                content_type,
                detail: Some(problem.to_owned()),
                ..Told::default()
            },
        )
    }

    fn cause(&self, kind: TokenErrorKind, told: Told) -> Cause {
        let retry_after = self.retry_after;
        Cause::new(kind, Failure::Permanent { retry_after }).told(Told {
            status: Some(self.response.status()),
            ..told
        })
    }
}

impl Members<'_> {
    /// T4: an `error` in a 200 is a refusal too. Some servers always send the member, empty.
    fn has_error(&self) -> bool {
        self.get("error")
            .is_some_and(|raw| !matches!(raw, "\"\"" | "false"))
    }

    /// The text of a member that is a string.
    fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// A member as it stands; `null` is none.
    fn get(&self, name: &str) -> Option<&str> {
        let raw = self.0.get(name)?.get();
        (raw != "null").then_some(raw)
    }
}

/// By hand: a derived one brings a crate along, and takes an array for an object.
impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut object: M) -> Result<Self::Value, M::Error> {
                let mut members = Members::default();
                while let Some(name) = object.next_key::<String>()? {
                    let Some(read) = READ.iter().find(|read| **read == name) else {
                        object.next_value::<IgnoredAny>()?;
                        continue;
                    };
                    if members.0.insert(read, object.next_value()?).is_some() {
                        // Which of two was meant, nobody can tell.
                        return Err(M::Error::duplicate_field(read));
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A token that cannot be presented (T6).
pub(crate) fn wrong_token_type(token_type: &str, redactor: &Redactor) -> Cause {
    let token_type = redactor.show(token_type);
    Cause::new(TokenErrorKind::TokenType, Failure::PERMANENT).told(Told {
        status: Some(StatusCode::OK),
        detail: Some(format!("its token_type is {token_type:?}")),
        ..Told::default()
    })
}

/// A success was larger than the bound (T7).
pub(crate) fn too_large() -> Cause {
    Cause::new(TokenErrorKind::Unreadable, Failure::PERMANENT).told(Told {
        detail: Some("it is larger than 1 MiB".to_owned()),
        ..Told::default()
    })
}

/// B1: which refusals may pass by themselves.
fn refusal_may_pass(status: StatusCode, error: Option<&str>) -> bool {
    may_pass(status)
        || matches!(
            error,
            Some("temporarily_unavailable" | "server_error" | "slow_down")
        )
}

/// B2: whom it refused. A 401 is of the client, unless it says that it is of the scope or resource.
fn whose(status: StatusCode, error: Option<&str>) -> Whose {
    match error {
        Some("invalid_client" | "unauthorized_client" | "unsupported_grant_type") => Whose::Clients,
        Some("invalid_scope" | "invalid_target") => Whose::Requests,
        Some(_) | None if status == StatusCode::UNAUTHORIZED => Whose::Clients,
        Some(_) | None => Whose::Requests,
    }
}

fn members_of(body: &[u8]) -> Result<Members<'_>, &'static str> {
    // serde_json's own text may quote what it read: it is not shown.
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => "its JSON ends too early",
        serde_json::error::Category::Syntax => "it is no JSON",
        serde_json::error::Category::Data => "it is no token response",
        serde_json::error::Category::Io => "it cannot be read",
    })
}

/// T5: an integer, a float or a numeric string; zero and less count as zero; what is no number
/// says nothing. From the text as it stands, since 2^63 or 1e400 fit no integer and no float.
fn lifetime(raw: &str) -> Option<Duration> {
    let seconds: f64 = raw.trim_matches('"').trim().parse().ok()?;
    if seconds.is_nan() {
        return None;
    }
    // `clamp` brings it into what a `Duration` holds.
    Some(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_SECONDS)))
}

/// Whether a text has the secret within, with or without control characters between.
fn repeats(text: &str, secret: &str) -> bool {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.contains(secret)
}

fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The names of the members that are read.
const READ: &[&str] = &[
    "access_token",
    "token_type",
    "scope",
    "expires_in",
    "error",
    "error_description",
    "error_uri",
];
const BEARER: &str = "Bearer";
/// A hundred years: "for ever", and far from every overflow.
const LONGEST_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

#[cfg(test)]
mod tests;
