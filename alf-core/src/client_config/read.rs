//! The settings from a file, by serde. Each error names its key, and is reported at its place.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor,
};

use super::ClientConfig;
use super::settings::WrittenSettings;

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

    fn visit_map<M: MapAccess<'de>>(self, table: M) -> Result<ClientConfig, M::Error> {
        let mut config = ClientConfig::default();
        let key = String::new();
        let keys = &mut config.keys;
        let entries = MapAccessDeserializer::new(Entries { table, key, keys });
        config.settings = WrittenSettings::deserialize(entries)?;
        Ok(config)
    }
}

/// The entries of a table, and the keys that were read.
struct Entries<'a, M> {
    table: M,
    /// The key that was read last.
    key: String,
    keys: &'a mut BTreeSet<String>,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Entries<'_, M> {
    type Error = M::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, M::Error> {
        let key = &mut self.key;
        let field = self.table.next_key_seed(KeySeed { seed, key })?;
        self.keys.insert(self.key.clone());
        Ok(field)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, M::Error> {
        let key = &self.key;
        self.table.next_value_seed(ValueSeed { seed, key })
    }
}

/// Keeps the key that it reads. As a visitor, since a parser knows the place of its errors.
struct KeySeed<'a, S> {
    seed: S,
    key: &'a mut String,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for KeySeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for KeySeed<'_, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key of alf's settings")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<S::Value, E> {
        key.clone_into(self.key);
        let field = self.seed.deserialize(key.into_deserializer());
        field.map_err(|problem: EntryError| E::custom(problem))
    }
}

/// Puts the key in front of an error about its value.
struct ValueSeed<'a, S> {
    seed: S,
    key: &'a str,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for ValueSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let value = self.seed.deserialize(deserializer);
        // toml adds a line break.
        value.map_err(|problem| D::Error::custom(format!("{}: {problem}", self.key).trim_end()))
    }
}

/// An unknown key, or an unknown name as a value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct EntryError(String);

impl Error for EntryError {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Self(problem.to_string())
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        let written = key.to_ascii_lowercase();
        let distances = known
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&written, known), known));
        let hint = match distances.min() {
            Some((0..=3, similar)) => format!("did you mean `{similar}`?"),
            Some(_) | None => format!("the keys are {}", known.join(", ")),
        };
        Self(format!("unknown key `{key}`; {hint}"))
    }

    fn unknown_variant(name: &str, known: &'static [&'static str]) -> Self {
        Self(format!("{name:?} is not one of {}", known.join(", ")))
    }
}
