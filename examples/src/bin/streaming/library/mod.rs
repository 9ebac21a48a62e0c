//! A download and an upload on each library.

#[cfg(feature = "isahc")]
mod isahc;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "surf")]
mod surf;

use std::error::Error;

use alf_testkit::Servers;
use examples::HttpLibrary;

type Length = Result<u64, Box<dyn Error + Send + Sync>>;

/// Reads a body of that length, piece by piece; says how long it was.
pub(crate) async fn download(library: HttpLibrary, servers: &Servers, length: u64) -> Length {
    let url = servers.url(&format!("/bytes/{length}"));
    match library {
        #[cfg(feature = "reqwest")]
        HttpLibrary::Reqwest => reqwest::download(servers.token_endpoint(), url).await,
        #[cfg(feature = "isahc")]
        HttpLibrary::Isahc => isahc::download(servers.token_endpoint(), url).await,
        #[cfg(feature = "surf")]
        HttpLibrary::Surf => surf::download(servers.token_endpoint(), url).await,
    }
}

/// Sends a body of that length; says how much of it the server saw.
pub(crate) async fn upload(library: HttpLibrary, servers: &Servers, length: u64) -> Length {
    let url = servers.url("/upload");
    match library {
        #[cfg(feature = "reqwest")]
        HttpLibrary::Reqwest => reqwest::upload(servers.token_endpoint(), url, length).await?,
        #[cfg(feature = "isahc")]
        HttpLibrary::Isahc => isahc::upload(servers.token_endpoint(), url, length).await?,
        #[cfg(feature = "surf")]
        HttpLibrary::Surf => surf::upload(servers.token_endpoint(), url, length).await?,
    }
    let seen = servers.resource.requests().pop();
    Ok(seen.map_or(0, |request| request.body_length()))
}
