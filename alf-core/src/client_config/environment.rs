//! The settings from the environment.

use std::ffi::OsString;

use crate::ConfigError;

use super::ClientConfig;
use super::keys::Key;
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
            let has_prefix = variable.as_encoded_bytes().starts_with(prefix.as_bytes());
            if !has_prefix || value.is_empty() {
                continue;
            }
            let wrong = |problem: String| {
                ConfigError::new(variable.to_string_lossy().into_owned(), problem)
            };
            let key = variable.to_str().and_then(|name| name.strip_prefix(prefix));
            let key = key.ok_or_else(|| wrong("its name is not UTF-8".to_owned()))?;
            let key = key.to_ascii_lowercase();
            // It is not shown: it may be a secret.
            let value = value
                .into_string()
                .map_err(|_| wrong("its value is not UTF-8".to_owned()))?;
            if is_of_a_service(&key) {
                return Err(wrong(OF_A_SERVICE.to_owned()));
            }
            let key = Key::find(&key, |similar| config.name_of(similar)).map_err(wrong)?;
            let value = key.kind.parse(Value::Text(value.into()));
            let value = value.ok_or_else(|| wrong(key.kind.expected().to_owned()))?;
            config.insert(key, value).map_err(wrong)?;
        }
        Ok(config)
    }
}

/// Whether Kubernetes sets a variable of that name, without the prefix, for a Service whose own
/// name starts as the prefix does. No setting has such a name.
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

const NO_PREFIX: &str = "is empty, which would make every variable a setting of alf; use a prefix \
                         such as ALF_";
const OF_A_SERVICE: &str = "is not a setting; Kubernetes sets such a variable if the name of a Service \
                            starts like the prefix: use another prefix, or set \
                            enableServiceLinks: false in the spec of the pod";
