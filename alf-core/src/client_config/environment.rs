//! The settings from the environment.

use std::ffi::OsString;

use crate::ConfigError;

use super::keys::known;
use super::value::{Problem, Value};
use super::{ClientConfig, Given, Place};

impl ClientConfig {
    /// The settings from the environment: each key in capitals, after the prefix. With `ALF_`,
    /// `client_id` is `ALF_CLIENT_ID`.
    ///
    /// Lists (`scope`, `resource`, `allowed_origins`, `rejecting_statuses`) have spaces between;
    /// `parameters` and `token_request_headers` are written as `name=value&name=value`,
    /// percent-encoded where need be. An empty variable counts as one that is not set.
    ///
    /// Every variable with the prefix is meant for alf, and one that is no key is an error. On
    /// Kubernetes each Service brings variables along: for one that is named `alf`, `ALF_PORT`,
    /// `ALF_SERVICE_HOST` and others like them. Where a Service's name begins as the prefix does,
    /// take another prefix, or set `enableServiceLinks: false` in the pod's spec.
    ///
    /// # Errors
    ///
    /// Where the prefix is empty; where a variable with that prefix is no key, or its value cannot
    /// be read. The error names the variable, and shows nothing of a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::{ClientConfig, CustomTransport};
    ///
    /// # fn example() -> Result<(), alf_core::ConfigError> {
    /// let builder = ClientConfig::from_env("ALF_")?.builder::<CustomTransport>()?;
    /// # let _ = builder;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::from_variables(prefix, std::env::vars_os())
    }

    pub(super) fn from_variables(
        prefix: &str,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        if prefix.is_empty() {
            return Err(ConfigError::new("prefix", NO_PREFIX));
        }
        let mut given = Given::default();
        for (variable, value) in variables {
            let has_prefix = variable.as_encoded_bytes().starts_with(prefix.as_bytes());
            if !has_prefix || value.is_empty() {
                continue;
            }
            let key = variable.to_str().and_then(|name| name.strip_prefix(prefix));
            set(&mut given, key, value).map_err(|problem| {
                ConfigError::new(variable.to_string_lossy().into_owned(), problem)
            })?;
        }
        let prefix = prefix.to_owned();
        let place = Place::Environment { prefix };
        Ok(Self { given, place })
    }
}

/// `key` is what follows the prefix; `None` where that is not UTF-8.
fn set(given: &mut Given, key: Option<&str>, value: OsString) -> Result<(), Problem> {
    let key = key.ok_or("its name is not UTF-8, and so is none of a key")?;
    // It is not shown: it may be a secret.
    let value = value.into_string().map_err(|_| "its value is not UTF-8")?;
    let key = key.to_ascii_lowercase();
    let known = known(&key).map_err(|unknown| {
        if is_of_a_service(&key) {
            OF_A_SERVICE.to_owned()
        } else {
            unknown
        }
    })?;
    given.set(known, Value::Text(value.into()))
}

/// Whether Kubernetes sets a variable of that name, without the prefix, for a Service whose own
/// name begins as the prefix does.
fn is_of_a_service(key: &str) -> bool {
    let words: Vec<&str> = key.split('_').collect();
    words.ends_with(&["port"])
        || words
            .windows(2)
            .any(|words| matches!(words, ["service", "host" | "port"]))
        || words.windows(3).any(|words| {
            matches!(words, ["port", number, "tcp" | "udp" | "sctp"] if number.parse::<u16>().is_ok())
        })
}

const NO_PREFIX: &str =
    "is empty, and every variable would be one of alf's settings; take one, such as ALF_";
const OF_A_SERVICE: &str = "there is no such key; Kubernetes sets such a variable for a Service whose \
                            name begins as the prefix does: take another prefix, or \
                            enableServiceLinks: false in the pod's spec";
