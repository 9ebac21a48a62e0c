//! The surf clients that alf builds, and which HTTP stack is beneath them: decided here and nowhere else.

use std::sync::Arc;

use alf_core::{ConfigError, HttpSettings};
use http_client::Config;
use surf::{Client, HttpClient};

/// What a client that alf builds is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The user's requests.
    Calls,
    /// Token requests.
    Tokens,
}

/// The user's client; or one with surf's defaults, and the user's settings.
pub(crate) fn client(
    given: Option<Client>,
    purpose: Purpose,
    settings: &HttpSettings<surf::Config>,
) -> Result<Client, ConfigError> {
    if let Some(given) = given {
        return Ok(given);
    }
    let mut config = surf::Config::new();
    // 0 means no limit, as in the clients that surf makes itself.
    config.http_config = Config::new().set_max_connections_per_host(0);
    if purpose == Purpose::Tokens {
        // Its time is up when its future is dropped (S5).
        config.http_config = config.http_config.set_timeout(None);
    }
    config = settings.apply(config);
    if purpose == Purpose::Tokens {
        // A token request comes once in an hour.
        config.http_config = config.http_config.set_http_keep_alive(false);
    }
    let back_end = match config.http_client.take() {
        Some(given) => given,
        None => own(purpose.setter(), &config.http_config)?,
    };
    config.http_client = Some(back_end);
    Client::try_from(config).map_err(|error| {
        let problem = format!("surf cannot build a client with these settings: {error}");
        ConfigError::new("configure_http", problem)
    })
}

impl Purpose {
    /// The setter by which a user can set another client.
    fn setter(self) -> &'static str {
        match self {
            Self::Calls => "http_client",
            Self::Tokens => "token_http_client",
        }
    }
}

/// curl keeps connections.
#[cfg(feature = "curl-client")]
fn own(setter: &'static str, config: &Config) -> Result<Arc<dyn HttpClient>, ConfigError> {
    match crate::CurlClient::own(config.clone()) {
        Ok(client) => Ok(Arc::new(client)),
        Err(error) => {
            let problem = "is not set, and curl cannot be set up with surf's defaults, or those of \
                           configure_http";
            Err(ConfigError::new(setter, problem).because(error))
        }
    }
}

/// Without curl, as in surf. It keeps no connections (R8, X5): surf's pool takes a connection back wherever its response, or the
/// future that waits for it, is dropped, and gives what is still to come to the next request.
#[cfg(all(
    not(feature = "curl-client"),
    any(feature = "h1-client", feature = "h1-client-no-tls")
))]
#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn own(_: &'static str, config: &Config) -> Result<Arc<dyn HttpClient>, ConfigError> {
    Ok(Arc::new(crate::H1Client::new().timeout(config.timeout)))
}

#[cfg(not(any(
    feature = "curl-client",
    feature = "h1-client",
    feature = "h1-client-no-tls"
)))]
fn own(setter: &'static str, _: &Config) -> Result<Arc<dyn HttpClient>, ConfigError> {
    Err(none(setter))
}

#[cfg(any(
    test,
    not(any(
        feature = "curl-client",
        feature = "h1-client",
        feature = "h1-client-no-tls"
    ))
))]
fn none(setter: &'static str) -> ConfigError {
    ConfigError::new(
        setter,
        "is not set, and this build of alf-surf has no back end of its own: enable one of its \
         features curl-client, h1-client and h1-client-no-tls, or set http_client and \
         token_http_client",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_back_end_the_error_names_the_features() {
        for (purpose, setting) in [
            (Purpose::Calls, "http_client"),
            (Purpose::Tokens, "token_http_client"),
        ] {
            let error = none(purpose.setter());
            assert_eq!(error.setting(), setting);
            for feature in ["curl-client", "h1-client", "h1-client-no-tls"] {
                assert!(error.to_string().contains(feature), "{error}");
            }
        }
    }
}
