//! The settings from a file, by serde. Each error names its key, and is reported at its place.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use crate::secret::SecretText;

use super::ClientConfig;
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
        while let Some(name) = table.next_key::<String>()? {
            let config = &mut config;
            table.next_value_seed(Setting { name, config })?;
        }
        Ok(config)
    }
}

/// One key and its value. An error about the key is an error of the value too, because a parser knows the place of that.
struct Setting<'a> {
    name: String,
    config: &'a mut ClientConfig,
}

impl<'de> DeserializeSeed<'de> for Setting<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        // Without serde's own error, which may quote a secret (X1).
        let read = |kind| match kind {
            // As a text, since in YAML a secret may look like a number.
            Kind::Text | Kind::AnyText | Kind::Time => {
                SecretText::deserialize(deserializer).ok().map(Value::Text)
            }
            Kind::Flag | Kind::Number | Kind::List | Kind::Origins | Kind::Statuses => {
                Value::deserialize(deserializer).ok()
            }
            Kind::Pairs => deserializer.deserialize_any(PairsOrText).ok(),
        };
        self.config.set(&self.name, read).map_err(D::Error::custom)
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
