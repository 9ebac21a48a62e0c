//! The value of a key: in its own type, or as the text that a variable holds.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::secret::SecretText;

/// The value of a key, or `None` if the key was not written.
#[derive(Clone, Default)]
pub(super) struct Written<T>(pub(super) Option<T>);

/// A type that the value of a key may have.
pub(super) trait Value: Sized {
    /// The text of an error, in place of serde's own, which may quote a secret (X1).
    const EXPECTED: &'static str;

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self>;
}

impl<'de, T: Value> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = T::read(deserializer).ok_or_else(|| D::Error::custom(T::EXPECTED))?;
        Ok(Self(Some(value)))
    }
}

impl Written<bool> {
    pub(super) fn is_true(&self) -> bool {
        self.0 == Some(true)
    }
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum TypedOrText<T> {
    Typed(T),
    Text(String),
}

fn typed_or_text<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    match TypedOrText::deserialize(deserializer).ok()? {
        TypedOrText::Typed(value) => Some(value),
        TypedOrText::Text(text) => parse(&text),
    }
}

impl Value for SecretText {
    const EXPECTED: &'static str = "should be a text";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        String::deserialize(deserializer).ok().map(Self::from)
    }
}

impl Value for String {
    const EXPECTED: &'static str = "should be a text that is not empty";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        let text: Self = Deserialize::deserialize(deserializer).ok()?;
        (!text.trim().is_empty()).then_some(text)
    }
}

impl Value for Duration {
    const EXPECTED: &'static str = "should be a time with its unit, such as \"30s\"";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        let text = String::deserialize(deserializer).ok()?;
        humantime::parse_duration(text.trim()).ok()
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "should be true or false";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        typed_or_text(deserializer, |text| text.trim().parse().ok())
    }
}

impl Value for Vec<String> {
    const EXPECTED: &'static str = "should be a list of texts, or a text with spaces between them";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        typed_or_text(deserializer, |text| {
            Some(text.split_whitespace().map(str::to_owned).collect())
        })
    }
}

/// An empty list would have the opposite meaning of no list.
#[derive(Clone, Default)]
pub(super) struct Origins(pub(super) Vec<String>);

impl Value for Origins {
    const EXPECTED: &'static str = "should be a list of origins that is not empty; remove the key \
                                    to allow every origin";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        let origins = <Vec<String> as Value>::read(deserializer)?;
        (!origins.is_empty()).then_some(Self(origins))
    }
}

/// Statuses. With an empty list no rejected token would be renewed.
impl Value for Vec<u16> {
    const EXPECTED: &'static str = "should be a list of statuses that is not empty; remove the key \
                                    for 401 alone, or set replays to false to send nothing twice";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        let statuses: Self = typed_or_text(deserializer, |text| {
            text.split_whitespace()
                .map(|word| word.parse().ok())
                .collect()
        })?;
        (!statuses.is_empty()).then_some(statuses)
    }
}

/// Names and values, in order. A map would lose a name that is written twice, which is an error.
#[derive(Clone, Default)]
pub(super) struct Pairs(pub(super) Vec<(String, String)>);

impl Value for Pairs {
    const EXPECTED: &'static str = "should be a table of texts, or a text name=value&name=value";

    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Option<Self> {
        deserializer.deserialize_any(PairsVisitor).ok()
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Pairs::EXPECTED)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<Pairs, M::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = table.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }

    /// Percent-encoded, so that a value may contain a `&`.
    fn visit_str<E: Error>(self, text: &str) -> Result<Pairs, E> {
        let decoded = |text| percent_decode_str(text).decode_utf8().map(String::from);
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs: Option<Vec<_>> = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=')?;
                Some((decoded(name).ok()?, decoded(value).ok()?))
            })
            .collect();
        pairs.map(Pairs).ok_or_else(|| E::custom(Pairs::EXPECTED))
    }
}
