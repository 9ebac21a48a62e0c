//! Kafka with SASL/OAUTHBEARER: a callback that returns a token, on a thread of the C library.
//!
//! `ClientContext` and `OAuthToken` are copies of rdkafka's, so this example does not need librdkafka. The callback is not
//! async, and its thread has no async runtime, so it calls `token_blocking`. librdkafka calls it again after 80 % of the lifetime,
//! or ten seconds after an error.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::UNIX_EPOCH;

use alf_reqwest::{Client, TokenManager};
use alf_testkit::Servers;

/// As `rdkafka::client::OAuthToken`.
struct OAuthToken {
    token: String,
    principal_name: String,
    /// When the token expires, in milliseconds since 1970.
    lifetime_ms: i64,
}

/// As `rdkafka::client::ClientContext`, where `ENABLE_REFRESH_OAUTH_TOKEN` must be `true` too.
trait ClientContext: Send + Sync {
    fn generate_oauth_token(&self, config: Option<&str>) -> Result<OAuthToken, Box<dyn Error>>;
}

struct Context {
    tokens: TokenManager,
}

impl ClientContext for Context {
    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        let token = self.tokens.token_blocking()?;
        // Without a lifetime, Kafka cannot use it: set `default_lifetime` if the server states none.
        let expires_at = token.expires_at().ok_or("the token has no lifetime")?;
        let lifetime = expires_at.duration_since(UNIX_EPOCH)?;
        Ok(OAuthToken {
            token: token.expose_access_token().to_owned(),
            principal_name: "client-id".to_owned(),
            lifetime_ms: i64::try_from(lifetime.as_millis())?,
        })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let servers = Servers::start();
    let tokens = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build_tokens()?;
    let context = Arc::new(Context { tokens });

    // librdkafka has one thread for each client. Five clients start at once, and share a token.
    let threads = (0..5).map(|_| {
        let context = Arc::clone(&context);
        thread::spawn(move || {
            let token = context.generate_oauth_token(None);
            token
                .map(|token| (token.token, token.principal_name, token.lifetime_ms))
                .map_err(|error| error.to_string())
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        let (token, principal, lifetime_ms) = thread.join().map_err(|_| "a thread panicked")??;
        println!(
            "{principal} has a token of {} bytes until {lifetime_ms}",
            token.len()
        );
        if Some(token) != servers.authorization.last_token() {
            return Err("another token was expected".into());
        }
    }
    let count = servers.authorization.token_requests();
    if count != 1 {
        return Err(format!("{count} token requests").into());
    }
    println!("Every count is as expected.");
    Ok(())
}
