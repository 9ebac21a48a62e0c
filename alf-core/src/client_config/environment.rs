//! The settings from the environment.

use std::ffi::OsString;

use crate::ConfigError;

use super::ClientConfig;
use super::value::Value;

impl ClientConfig {
    /// Reads the settings from environment variables. The name of a variable is the prefix and then the
    /// key in capital letters: with the prefix `ALF_`, `client_id` is `ALF_CLIENT_ID`.
    ///
    /// Separate the items of a list (`scope`, `resource`, `allowed_origins`, `rejecting_statuses`) by
    /// spaces. Write `parameters` and `token_request_headers` as `name=value&name=value`, and
    /// percent-encode `&` and `%`. An empty variable counts as not set.
    ///
    /// Each variable with the prefix must be a setting of alf. Any other variable with the prefix is an
    /// error. Kubernetes sets variables for each Service: a Service with the name `alf` gives `ALF_PORT`,
    /// `ALF_SERVICE_HOST` and others. If a Service has such a name, use another prefix, or set
    /// `enableServiceLinks: false` in the spec of the pod.
    ///
    /// # Errors
    ///
    /// If the prefix is empty, if a variable with the prefix is not a setting, or if its value is not
    /// valid. The error names the variable, and shows no value.
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
        let mut config = Self {
            prefix: Some(prefix.to_owned()),
            ..Self::default()
        };
        for (variable, value) in variables {
            let variable = variable.to_string_lossy();
            let Some(name) = variable.strip_prefix(prefix).filter(|_| !value.is_empty()) else {
                continue;
            };
            // X1: the error does not show it.
            let text = value.into_string().map_err(|_| {
                ConfigError::new(variable.clone().into_owned(), "its value is not UTF-8")
            })?;
            let value = Value::Text(text.into());
            config.set(&name.to_ascii_lowercase(), |_| Some(value))?;
        }
        Ok(config)
    }
}

const NO_PREFIX: &str = "is empty, which would make every variable a setting of alf; use a prefix \
                         such as ALF_";
