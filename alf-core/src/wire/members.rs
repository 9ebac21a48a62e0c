//! The members of a token response, whatever their types.

use std::collections::BTreeMap;
use std::fmt;

use serde_core::de::{Error as _, MapAccess, Visitor};
use serde_core::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

#[derive(Default)]
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, &'static str> {
        // serde_json's own text may quote what it reads, so it is not shown.
        serde_json::from_slice(body).map_err(|error| match error.classify() {
            Category::Eof => "its JSON is truncated",
            Category::Syntax => "it is not JSON",
            Category::Data => {
                "it is not a JSON object, or has a member twice with different values"
            }
            Category::Io => "it cannot be read",
        })
    }

    /// T4: an `error` in a 200 is a refusal too. Some servers always send an empty one.
    pub(super) fn has_error(&self) -> bool {
        self.get("error")
            .is_some_and(|raw| !matches!(raw, "\"\"" | "false"))
    }

    /// Every member: its name and its JSON.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_str(), raw.get()))
    }

    /// The text of a member that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?).ok()
    }

    /// The members that alf itself does not read: a string's text, or JSON.
    pub(super) fn extra(&self) -> Vec<(String, Zeroizing<String>)> {
        let extra = self.0.keys().filter(|name| !READ.contains(&name.as_str()));
        extra
            .filter_map(|name| {
                let raw = self.get(name)?;
                let value = self.text(name).unwrap_or_else(|| raw.to_owned());
                Some((name.clone(), Zeroizing::new(value)))
            })
            .collect()
    }

    /// The JSON of a member; `null` counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let raw = self.0.get(name)?.get();
        (raw != "null").then_some(raw)
    }
}

/// By hand: serde's derive would add a crate, and would accept an array for an object.
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
                    let value: &RawValue = object.next_value()?;
                    let read = READ.iter().find(|read| **read == name);
                    let previous = members.0.insert(name, value);
                    let differs = previous.is_some_and(|previous| previous.get() != value.get());
                    if let (Some(name), true) = (read, differs) {
                        return Err(M::Error::duplicate_field(name));
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

const READ: &[&str] = &[
    "access_token",
    "token_type",
    "scope",
    "expires_in",
    "error",
    "error_description",
    "error_uri",
];
