//! What both programs run.

use std::array;
use std::error::Error;

use alf_core::{SealingKey, TokenStore};
use alf_reqwest::Client;
use alf_testkit::Servers;

/// Calls an API with three clients that share this store. Returns how many token requests they sent: 1 if the store works.
///
/// # Errors
///
/// If a call fails. No call fails because of the store.
pub async fn token_requests_of_three_clients(
    store: impl TokenStore + Clone,
) -> Result<usize, Box<dyn Error>> {
    let servers = Servers::start();
    // In a program: SealingKey::from_file("/run/secrets/sealing-key").
    let key = array::from_fn(|_| fastrand::u8(..));
    for _ in 0..3 {
        let client = Client::builder(servers.token_endpoint())
            .client_secret("client-id", "secret")
            .store(store.clone(), SealingKey::from_bytes(key))
            .build()?;
        let response = client.get(servers.url("/things")).send().await?;
        response.error_for_status()?;
    }
    Ok(servers.authorization.token_requests())
}
