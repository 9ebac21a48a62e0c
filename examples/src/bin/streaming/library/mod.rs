//! A download and an upload on each library.

#[cfg(feature = "isahc")]
mod isahc;
mod reqwest;
#[cfg(feature = "surf")]
mod surf;

use std::error::Error;

use alf_testkit::Servers;
use examples::HttpLibrary;

pub(crate) type AnyError = Box<dyn Error + Send + Sync>;

/// Reads so many megabytes from the API, piece by piece. Returns how many bytes were read.
pub(crate) async fn download(
    library: HttpLibrary,
    servers: &Servers,
    megabytes: u64,
) -> Result<u64, AnyError> {
    let tokens = servers.token_endpoint();
    let url = servers.url(&format!("/bytes/{megabytes}000000"));
    match library {
        HttpLibrary::Reqwest => reqwest::download(tokens, url).await,
        #[cfg(feature = "isahc")]
        HttpLibrary::Isahc => isahc::download(tokens, url).await,
        #[cfg(feature = "surf")]
        HttpLibrary::Surf => surf::download(tokens, url).await,
    }
}

/// Sends so many megabytes to the API. Returns how many bytes the API received.
pub(crate) async fn upload(
    library: HttpLibrary,
    servers: &Servers,
    megabytes: u64,
) -> Result<u64, AnyError> {
    let tokens = servers.token_endpoint();
    let url = servers.url("/upload");
    match library {
        HttpLibrary::Reqwest => reqwest::upload(tokens, url, megabytes).await?,
        #[cfg(feature = "isahc")]
        HttpLibrary::Isahc => isahc::upload(tokens, url, megabytes).await?,
        #[cfg(feature = "surf")]
        HttpLibrary::Surf => surf::upload(tokens, url, megabytes).await?,
    }
    let received = servers.resource.requests().pop();
    Ok(received.map_or(0, |request| request.body_length()))
}
