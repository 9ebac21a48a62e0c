//! Which HTTP stack carries requests, where the user brought none: decided here and nowhere else.

use std::collections::HashMap;
use std::sync::Arc;

use alf_core::{ConfigError, HttpSettings};
use http_client::Config;
use surf::http::headers::{HeaderName, HeaderValues};
use surf::{Client, HttpClient};

/// An HTTP stack that alf can make by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackEnd {
    /// Feature `curl-client`. It keeps connections.
    Curl,
    /// Features `h1-client` and `h1-client-no-tls`. It keeps none (R8, X5): surf's pool takes a
    /// connection back wherever its response, or the future that waits for it, is dropped, and
    /// gives what is still to come to the next request.
    H1,
}

/// For the user's requests: with surf's defaults, and the user's settings.
pub(crate) fn for_calls(settings: &HttpSettings<surf::Config>) -> Result<Client, ConfigError> {
    let mut config = surf::Config::new();
    config.http_config = calls();
    config = settings.apply(config);
    let back_end = match config.http_client.take() {
        Some(given) => given,
        None => Arc::from(own("http_client", &config.http_config)?),
    };
    config.http_client = Some(back_end);
    Client::try_from(config).map_err(|error| {
        let problem = format!("surf cannot build a client with these settings: {error}");
        ConfigError::new("configure_http", problem)
    })
}

/// For token requests: nothing but the back end, so that no middleware sees the secret, and the user's headers.
pub(crate) fn for_tokens(
    settings: &HttpSettings<surf::Config>,
) -> Result<(Arc<dyn HttpClient>, Headers), ConfigError> {
    let mut config = surf::Config::new();
    config.http_config = tokens();
    config = settings.apply(config);
    config.http_config = config.http_config.set_http_keep_alive(false);
    let back_end = match config.http_client {
        Some(given) => given,
        None => Arc::from(own("token_http_client", &config.http_config)?),
    };
    Ok((back_end, config.headers))
}

/// Those of a `surf::Config`.
pub(crate) type Headers = HashMap<HeaderName, HeaderValues>;

/// The settings of alf's own for the user's requests.
pub(crate) fn calls() -> Config {
    // 0 means no limit, as in the clients that surf makes itself.
    Config::new().set_max_connections_per_host(0)
}

/// The settings of alf's own for token requests.
pub(crate) fn tokens() -> Config {
    // A token request comes once in an hour. Its time is up when its future is dropped (S5).
    Config::new()
        .set_http_keep_alive(false)
        .set_max_connections_per_host(0)
        .set_timeout(None)
}

/// Of those that this build has.
fn own(setting: &'static str, config: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    match chosen(Built::HERE) {
        Some(BackEnd::Curl) => curl(setting, config),
        Some(BackEnd::H1) => h1(setting, config),
        None => Err(none(setting)),
    }
}

/// Which back ends a build has.
#[derive(Clone, Copy)]
pub(crate) struct Built {
    curl: bool,
    h1: bool,
}

impl Built {
    pub(crate) const HERE: Self = Self {
        curl: cfg!(feature = "curl-client"),
        h1: cfg!(any(feature = "h1-client", feature = "h1-client-no-tls")),
    };
}

/// As in surf, curl before h1.
pub(crate) fn chosen(built: Built) -> Option<BackEnd> {
    match built {
        Built { curl: true, .. } => Some(BackEnd::Curl),
        Built { h1: true, .. } => Some(BackEnd::H1),
        Built { .. } => None,
    }
}

pub(crate) fn none(setting: &'static str) -> ConfigError {
    ConfigError::new(
        setting,
        "is not set, and this build of alf-surf has no back end of its own: enable one of its \
         features curl-client, h1-client and h1-client-no-tls, or set http_client and \
         token_http_client",
    )
}

#[cfg(feature = "curl-client")]
fn curl(setting: &'static str, config: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    match crate::CurlClient::own(config.clone(), None) {
        Ok(client) => Ok(Box::new(client)),
        Err(error) => {
            let problem = "is not set, and curl cannot be set up with surf's defaults, or those of \
                           configure_http";
            Err(ConfigError::new(setting, problem).because(error))
        }
    }
}

#[cfg(not(feature = "curl-client"))]
fn curl(setting: &'static str, _: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    Err(none(setting))
}

#[cfg(any(feature = "h1-client", feature = "h1-client-no-tls"))]
#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn h1(_: &'static str, config: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    Ok(Box::new(crate::H1Client::new().timeout(config.timeout)))
}

#[cfg(not(any(feature = "h1-client", feature = "h1-client-no-tls")))]
fn h1(setting: &'static str, _: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    Err(none(setting))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_goes_before_h1() {
        let built = |curl, h1| chosen(Built { curl, h1 });
        assert_eq!(built(true, true), Some(BackEnd::Curl));
        assert_eq!(built(true, false), Some(BackEnd::Curl));
        assert_eq!(built(false, true), Some(BackEnd::H1));
        assert_eq!(built(false, false), None);
    }

    #[test]
    fn without_a_back_end_the_error_names_the_features() {
        for setting in ["http_client", "token_http_client"] {
            let error = none(setting);
            assert_eq!(error.setting(), setting);
            for feature in ["curl-client", "h1-client", "h1-client-no-tls"] {
                assert!(error.to_string().contains(feature), "{error}");
            }
        }
    }
}
