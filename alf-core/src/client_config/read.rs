//! The settings from a file, by serde.

use std::fmt;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::keys::known;
use super::value::Value;
use super::{ClientConfig, Given, Place};

impl<'de> Deserialize<'de> for ClientConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = ClientConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of alf's settings")
            }

            // serde's own words for these would quote the value, which may be a secret.
            fn visit_str<E: Error>(self, _: &str) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_u64<E: Error>(self, _: u64) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_i64<E: Error>(self, _: i64) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_u128<E: Error>(self, _: u128) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_i128<E: Error>(self, _: i128) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<ClientConfig, E> {
                Err(E::custom(NO_TABLE))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<ClientConfig, M::Error> {
                let mut given = Given::default();
                while let Some(key) = table.next_key_seed(Key)? {
                    let given = &mut given;
                    table.next_value_seed(Entry { given, key })?;
                }
                let place = Place::File;
                Ok(ClientConfig { given, place })
            }
        }

        // Not as a map: a parser that finds none would quote what it finds.
        deserializer.deserialize_any(Table)
    }
}

const NO_TABLE: &str = "this is no table of alf's settings";

/// A key that there is. Said no to in its place, so that a parser can tell where that is.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'static str, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key of alf's settings")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<&'static str, E> {
        known(key).map_err(|problem| E::custom(format!("{key}: {problem}")))
    }
}

/// The value of a key, which is set where it stands.
struct Entry<'a> {
    given: &'a mut Given,
    key: &'static str,
}

impl<'de> DeserializeSeed<'de> for Entry<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { given, key } = self;
        let value = Value::deserialize(deserializer)?;
        given
            .set(key, value)
            .map_err(|problem| D::Error::custom(format!("{key}: {problem}")))
    }
}
