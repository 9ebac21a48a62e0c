//! A download and an upload on each library.

mod isahc;
mod reqwest;
mod surf;

use std::error::Error;

use alf_testkit::Servers;
use examples::HttpLibrary;

type Length = Result<u64, Box<dyn Error + Send + Sync>>;

/// Reads a body of this length piece by piece, and returns how many bytes were read.
pub(crate) async fn download(library: HttpLibrary, servers: &Servers, length: u64) -> Length {
    let url = servers.url(&format!("/bytes/{length}"));
    match library {
        HttpLibrary::Reqwest => reqwest::download(servers.token_endpoint(), url).await,
        HttpLibrary::Isahc => isahc::download(servers.token_endpoint(), url).await,
        HttpLibrary::Surf => surf::download(servers.token_endpoint(), url).await,
    }
}

/// Sends a body of this length, and returns how many bytes the server received.
pub(crate) async fn upload(library: HttpLibrary, servers: &Servers, length: u64) -> Length {
    let url = servers.url("/upload");
    match library {
        HttpLibrary::Reqwest => reqwest::upload(servers.token_endpoint(), url, length).await?,
        HttpLibrary::Isahc => isahc::upload(servers.token_endpoint(), url, length).await?,
        HttpLibrary::Surf => surf::upload(servers.token_endpoint(), url, length).await?,
    }
    let seen = servers.resource.requests().pop();
    Ok(seen.map_or(0, |request| request.body_length()))
}
