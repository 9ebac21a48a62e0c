//! The settings from the environment.

use std::ffi::OsString;

use crate::ConfigError;

use super::keys::known;
use super::value::Value;
use super::{ClientConfig, Given, Place};

impl ClientConfig {
    /// The settings from the environment: each key in capitals, after the prefix. With `ALF_`,
    /// `client_id` is `ALF_CLIENT_ID`.
    ///
    /// Lists (`scope`, `resource`, `allowed_origins`, `rejecting_statuses`) have spaces between;
    /// `parameters` and `token_request_headers` are written as `name=value&name=value`, percent-encoded where need be. An empty
    /// variable counts as one that is not set.
    ///
    /// # Errors
    ///
    /// Where a variable with that prefix is no key, or its value cannot be read; the error names the
    /// variable, and shows nothing of a secret.
    ///
    /// # Examples
    ///
    /// ```
    /// use alf_core::{ClientConfig, Own};
    ///
    /// # fn example() -> Result<(), alf_core::ConfigError> {
    /// let builder = ClientConfig::from_env("ALF_")?.builder::<Own>()?;
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
        let mut given = Given::default();
        for (variable, value) in variables {
            // One that is no UTF-8 has no such prefix.
            let Some(variable) = variable.to_str() else {
                continue;
            };
            let Some(key) = variable.strip_prefix(prefix) else {
                continue;
            };
            // It is not shown: it may be a secret.
            let value = value
                .into_string()
                .map_err(|_| ConfigError::new(variable.to_owned(), "its value is not UTF-8"))?;
            if value.is_empty() {
                continue;
            }
            let key = key.to_ascii_lowercase();
            known(&key)
                .and_then(|key| given.set(key, Value::Text(value.into())))
                .map_err(|problem| ConfigError::new(variable.to_owned(), problem))?;
        }
        let prefix = prefix.to_owned();
        let place = Place::Environment { prefix };
        Ok(Self { given, place })
    }
}
