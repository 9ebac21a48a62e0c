//! The settings from a file, by serde. Each error names its key, and is reported at its place.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::secret::SecretText;

use super::ClientConfig;
use super::keys::Key;
use super::value::{Kind, Value};

impl<'de> Deserialize<'de> for ClientConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `deserialize_map`: a parser that finds something else quotes it.
        deserializer.deserialize_any(Table)
    }
}

struct Table;

/// serde's own errors would quote such a value, which may be a secret in the wrong file (X1).
macro_rules! not_a_table {
    ($($visit:ident: $value:ty,)*) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<ClientConfig, E> {
            Err(E::custom("this is not a table of alf's settings"))
        })*
    };
}

impl<'de> Visitor<'de> for Table {
    type Value = ClientConfig;

    not_a_table! {
        visit_str: &str,
        visit_u64: u64,
        visit_i64: i64,
        visit_u128: u128,
        visit_i128: i128,
        visit_f64: f64,
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of alf's settings")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<ClientConfig, M::Error> {
        let mut config = ClientConfig::default();
        while let Some(key) = table.next_key_seed(ReadKey)? {
            let value = table.next_value_seed(ReadValue(key))?;
            config.insert(key, value).map_err(M::Error::custom)?;
        }
        Ok(config)
    }
}

/// As a visitor, since a parser knows the place of its errors.
struct ReadKey;

impl<'de> DeserializeSeed<'de> for ReadKey {
    type Value = &'static Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for ReadKey {
    type Value = &'static Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key of alf's settings")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<&'static Key, E> {
        Key::find(key, str::to_owned).map_err(E::custom)
    }
}

struct ReadValue(&'static Key);

impl<'de> DeserializeSeed<'de> for ReadValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Self(Key { name, kind, .. }) = self;
        // Without serde's own error, which may quote a secret (X1).
        let written = match kind {
            // As a text, since in YAML a secret may look like a number.
            Kind::Text | Kind::AnyText | Kind::Time => {
                SecretText::deserialize(deserializer).ok().map(Value::Text)
            }
            Kind::Flag | Kind::Number | Kind::List | Kind::Origins | Kind::Statuses => {
                Value::deserialize(deserializer).ok()
            }
            Kind::Pairs => deserializer.deserialize_any(PairsOrText).ok(),
        };
        let value = written.and_then(|written| kind.parse(written));
        value.ok_or_else(|| D::Error::custom(format!("{name}: {}", kind.expected())))
    }
}

struct PairsOrText;

impl<'de> Visitor<'de> for PairsOrText {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned().into()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<Value, M::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = table.next_entry()? {
            pairs.push(pair);
        }
        Ok(Value::Pairs(pairs))
    }
}
