//! Which HTTP stack carries requests, where the user brought none: decided here and nowhere else.

use std::collections::HashMap;
use std::sync::Arc;

use alf_core::{ConfigError, HttpSettings};
use http_client::Config;
use surf::http::headers::{HeaderName, HeaderValues};
use surf::{Client, HttpClient};

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

/// As in surf, curl before h1.
#[cfg(feature = "curl-client")]
fn own(setting: &'static str, config: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    match crate::CurlClient::own(config.clone(), None) {
        Ok(client) => Ok(Box::new(client)),
        Err(error) => {
            let problem = "is not set, and curl cannot be set up with surf's defaults, or those of \
                           configure_http";
            Err(ConfigError::new(setting, problem).because(error))
        }
    }
}

/// It keeps no connections (R8, X5): surf's pool takes a connection back wherever its response, or the future that waits
/// for it, is dropped, and gives what is still to come to the next request.
#[cfg(all(
    not(feature = "curl-client"),
    any(feature = "h1-client", feature = "h1-client-no-tls")
))]
#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn own(_: &'static str, config: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    Ok(Box::new(crate::H1Client::new().timeout(config.timeout)))
}

#[cfg(not(any(
    feature = "curl-client",
    feature = "h1-client",
    feature = "h1-client-no-tls"
)))]
fn own(setting: &'static str, _: &Config) -> Result<Box<dyn HttpClient>, ConfigError> {
    Err(ConfigError::new(
        setting,
        "is not set, and this build of alf-surf has no back end of its own: enable one of its \
         features curl-client, h1-client and h1-client-no-tls, or set http_client and \
         token_http_client",
    ))
}
