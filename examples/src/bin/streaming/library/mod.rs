//! A download and an upload on each library.

#[cfg(feature = "isahc")]
mod isahc;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "surf")]
mod surf;

use std::error::Error;

use alf_testkit::Servers;

/// The names for `--transport`: those that were compiled.
pub(crate) const NAMES: &[&str] = &[
    #[cfg(feature = "reqwest")]
    "reqwest",
    #[cfg(feature = "isahc")]
    "isahc",
    #[cfg(feature = "surf")]
    "surf",
];

type Length = Result<u64, Box<dyn Error + Send + Sync>>;

/// Reads a body of that length, piece by piece; says how long it was.
pub(crate) async fn download(name: &str, servers: &Servers, length: u64) -> Length {
    let url = servers.url(&format!("/bytes/{length}"));
    match name {
        #[cfg(feature = "reqwest")]
        "reqwest" => reqwest::download(servers.token_endpoint(), url).await,
        #[cfg(feature = "isahc")]
        "isahc" => isahc::download(servers.token_endpoint(), url).await,
        #[cfg(feature = "surf")]
        "surf" => surf::download(servers.token_endpoint(), url).await,
        _ => Err(unknown(name)),
    }
}

/// Sends a body of that length; says how much of it the server saw.
pub(crate) async fn upload(name: &str, servers: &Servers, length: u64) -> Length {
    let url = servers.url("/upload");
    match name {
        #[cfg(feature = "reqwest")]
        "reqwest" => reqwest::upload(servers.token_endpoint(), url, length).await?,
        #[cfg(feature = "isahc")]
        "isahc" => isahc::upload(servers.token_endpoint(), url, length).await?,
        #[cfg(feature = "surf")]
        "surf" => surf::upload(servers.token_endpoint(), url, length).await?,
        _ => return Err(unknown(name)),
    }
    let seen = servers.resource.requests().pop();
    Ok(seen.map_or(0, |request| request.body_length()))
}

fn unknown(name: &str) -> Box<dyn Error + Send + Sync> {
    format!(
        "no transport {name} was compiled; there is: {}",
        NAMES.join(", ")
    )
    .into()
}
