//! The values of keys. A variable, and often a file, holds them as text.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer};

use crate::secret::SecretText;

/// A value as it is written, or as its key takes it.
#[derive(Clone, serde::Deserialize)]
#[serde(untagged)]
pub(super) enum Value {
    Flag(bool),
    /// Each may be a secret in the wrong place.
    Text(SecretText),
    Number(usize),
    List(Vec<String>),
    Statuses(Vec<u16>),
    /// In order. A map would lose a name that is written twice, which is an error (T1).
    #[serde(skip)]
    Pairs(Vec<(String, String)>),
    #[serde(skip)]
    Time(Duration),
}

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Flag,
    /// Not empty.
    Text,
    AnyText,
    Number,
    Time,
    List,
    /// A list that is not empty: that would have the opposite meaning of no list.
    Origins,
    /// A list that is not empty: otherwise no rejected token would be renewed.
    Statuses,
    Pairs,
}

impl Kind {
    /// The value that a key of this kind takes, if it was written.
    pub(super) fn parse(self, written: Value) -> Option<Value> {
        match (self, written) {
            (Self::Flag, value @ Value::Flag(_))
            | (Self::AnyText, value @ Value::Text(_))
            | (Self::Number, value @ Value::Number(_))
            | (Self::List, value @ Value::List(_))
            | (Self::Statuses, value @ Value::Statuses(_))
            | (Self::Pairs, value @ Value::Pairs(_)) => Some(value),
            (Self::Text, Value::Text(text)) => {
                (!text.expose().trim().is_empty()).then_some(Value::Text(text))
            }
            (Self::Flag, Value::Text(text)) => text.expose().trim().parse().ok().map(Value::Flag),
            (Self::Number, Value::Text(text)) => {
                text.expose().trim().parse().ok().map(Value::Number)
            }
            (Self::Time, Value::Text(text)) => {
                let time = humantime::parse_duration(text.expose().trim());
                time.ok().map(Value::Time)
            }
            (Self::Pairs, Value::Text(text)) => pairs(text.expose()).map(Value::Pairs),
            (Self::List | Self::Origins | Self::Statuses, Value::Text(text)) => {
                let words = text.expose().split_whitespace().map(str::to_owned);
                self.parse(Value::List(words.collect()))
            }
            (Self::Origins, Value::List(list)) if !list.is_empty() => Some(Value::List(list)),
            (Self::Statuses, Value::List(list)) if !list.is_empty() => {
                let statuses = list.iter().map(|status| status.parse().ok());
                statuses.collect::<Option<_>>().map(Value::Statuses)
            }
            _ => None,
        }
    }

    /// The text of an error. It does not quote what was written: that may be a secret (X1).
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Flag => "should be true or false",
            Self::Text => "should be a text that is not empty",
            Self::AnyText => "should be a text",
            Self::Number => "should be a whole number",
            Self::Time => "should be a time with its unit, such as \"30s\"",
            Self::List => "should be a list of texts, or texts separated by spaces",
            Self::Origins => ORIGINS,
            Self::Statuses => STATUSES,
            Self::Pairs => "should be a table of texts, or a text name=value&name=value",
        }
    }
}

/// Percent-encoded, so that a value may contain a `&`.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let decoded_pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decoded(name)?, decoded(value)?))
    };
    pairs.map(decoded_pair).collect()
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

const ORIGINS: &str = "should be a list of origins that is not empty; remove the key to allow \
                       every origin";
const STATUSES: &str = "should be a list of statuses that is not empty; remove the key for 401 \
                        alone, or set replays to false to disable replays";
