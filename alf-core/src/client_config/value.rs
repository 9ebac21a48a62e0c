//! A value as it stands in a file or a variable, and what can be made of it.

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde_core::de::{Deserialize, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use crate::secret::SecretText;

/// A value of any kind. A text may be a secret.
pub(super) enum Value {
    Text(SecretText),
    Flag(bool),
    Number(u64),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
    /// A fraction, a negative number, nothing: of no use for any key.
    Other(&'static str),
}

/// What is wrong with a value: after the key's name, and without the value.
pub(super) type Problem = String;

impl Value {
    pub(super) fn text(self) -> Result<String, Problem> {
        Ok(self.secret()?.expose().to_owned())
    }

    /// A text that says something.
    pub(super) fn some_text(self) -> Result<String, Problem> {
        let text = self.text()?;
        if text.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        Ok(text)
    }

    pub(super) fn secret(self) -> Result<SecretText, Problem> {
        let kind = self.kind();
        let Self::Text(text) = self else {
            return Err(format!("is {kind}, and should be a text"));
        };
        Ok(text)
    }

    /// `true` or `false`; as a text, too, as variables have it.
    pub(super) fn flag(self) -> Result<bool, Problem> {
        match &self {
            Self::Flag(flag) => return Ok(*flag),
            Self::Text(text) => match text.expose().trim() {
                "true" => return Ok(true),
                "false" => return Ok(false),
                _ => {}
            },
            Self::Number(_) | Self::List(_) | Self::Table(_) | Self::Other(_) => {}
        }
        Err("should be true or false".to_owned())
    }

    /// A list of texts, or one text with spaces between.
    pub(super) fn texts(self) -> Result<Vec<String>, Problem> {
        let kind = self.kind();
        if let Self::List(list) = self {
            return list.into_iter().map(Self::text).collect();
        }
        let Self::Text(text) = self else {
            return Err(format!("is {kind}, and should be texts"));
        };
        let words = text.expose().split_whitespace();
        Ok(words.map(str::to_owned).collect())
    }

    pub(super) fn statuses(self) -> Result<Vec<u16>, Problem> {
        let wrong = || "should be a list of statuses: 401".to_owned();
        match self {
            Self::Number(number) => Ok(vec![u16::try_from(number).map_err(|_| wrong())?]),
            Self::Text(text) => text
                .expose()
                .split_whitespace()
                .map(|status| status.parse().map_err(|_| wrong()))
                .collect(),
            Self::List(list) => {
                let lists: Result<Vec<_>, _> = list.into_iter().map(Self::statuses).collect();
                Ok(lists?.concat())
            }
            Self::Flag(_) | Self::Table(_) | Self::Other(_) => Err(wrong()),
        }
    }

    /// A time with its unit.
    pub(super) fn duration(self) -> Result<Duration, Problem> {
        let kind = self.kind();
        if let Self::Number(number) = self {
            return Err(format!("has no unit; write it as \"{number}s\""));
        }
        let Self::Text(text) = self else {
            return Err(format!(
                "is {kind}, and should be a time with its unit, such as \"30s\""
            ));
        };
        humantime::parse_duration(text.expose().trim())
            .map_err(|error| format!("is no time with a unit, such as \"30s\": {error}"))
    }

    /// A table of texts; as one text, `name=value&name=value`, percent-encoded where need be.
    pub(super) fn table(self) -> Result<Vec<(String, String)>, Problem> {
        let kind = self.kind();
        if let Self::Table(table) = self {
            let text = |(name, value): (String, Self)| match value.text() {
                Ok(value) => Ok((name, value)),
                Err(problem) => Err(format!("{name}: {problem}")),
            };
            return table.into_iter().map(text).collect();
        }
        let Self::Text(text) = self else {
            return Err(format!("is {kind}, and should be a table"));
        };
        text.expose()
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => Ok((decoded(name)?, decoded(value)?)),
                None => Err("should be name=value&name=value".to_owned()),
            })
            .collect()
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Flag(_) => "true or false",
            Self::Number(_) => "a number",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(kind) => kind,
        }
    }
}

fn decoded(text: &str) -> Result<String, Problem> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(String::from)
        .map_err(|_| "is no UTF-8 once it is decoded".to_owned())
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;

        impl<'de> Visitor<'de> for AnyValue {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned().into()))
            }

            fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text.into()))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
                let negative = Value::Other("a negative number");
                Ok(u64::try_from(number).map_or(negative, Value::Number))
            }

            // serde's own words for these would quote the value, which may be a secret.
            fn visit_u128<E: Error>(self, _: u128) -> Result<Value, E> {
                Ok(Value::Other("a huge number"))
            }

            fn visit_i128<E: Error>(self, _: i128) -> Result<Value, E> {
                Ok(Value::Other("a huge number"))
            }

            fn visit_char<E: Error>(self, char: char) -> Result<Value, E> {
                Ok(Value::Text(char.to_string().into()))
            }

            fn visit_bytes<E: Error>(self, _: &[u8]) -> Result<Value, E> {
                Ok(Value::Other("bytes"))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                inner: D,
            ) -> Result<Value, D::Error> {
                inner.deserialize_any(self)
            }

            fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<Value, A::Error> {
                Err(A::Error::custom("a tag has no place in alf's settings"))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
                Ok(Value::Other("a fraction"))
            }

            fn visit_unit<E: Error>(self) -> Result<Value, E> {
                Ok(Value::Other("nothing"))
            }

            fn visit_none<E: Error>(self) -> Result<Value, E> {
                self.visit_unit()
            }

            fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<Value, D::Error> {
                some.deserialize_any(self)
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Value, S::Error> {
                let mut values = Vec::new();
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut table: M) -> Result<Value, M::Error> {
                let mut values = Vec::new();
                while let Some(entry) = table.next_entry()? {
                    values.push(entry);
                }
                Ok(Value::Table(values))
            }
        }

        deserializer.deserialize_any(AnyValue)
    }
}
