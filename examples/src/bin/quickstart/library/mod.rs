//! What the quickstart needs of alf's client on an HTTP library. Each file beside this one implements it for one library.

#[cfg(feature = "isahc")]
mod isahc;
mod reqwest;
#[cfg(feature = "surf")]
mod surf;

use std::future::Future;

use alf_core::{Adapter, ClientBuilder, TokenManager, Transport};

/// alf's client on one HTTP library.
pub(crate) trait AlfClient: Sized + Send + Sync {
    /// What the library brings to alf's builder, which has the same settings for all.
    type Adapter: Adapter<Client = Self>;

    /// Sends a `GET`, and reads the body as text.
    fn get(&self, url: &str) -> impl Future<Output = Result<ApiResponse, CallError<Self>>> + Send;

    /// Sends a text by `POST`.
    fn post(
        &self,
        url: &str,
        text: &str,
    ) -> impl Future<Output = Result<ApiResponse, CallError<Self>>> + Send;

    /// The token manager of this client.
    fn tokens(&self) -> &TokenManager;

    /// Builds a client for a token endpoint.
    fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<Self::Adapter> {
        ClientBuilder::new(token_endpoint)
    }

    /// Builds a client for an issuer, whose metadata names the token endpoint.
    fn discover(issuer: impl Into<String>) -> ClientBuilder<Self::Adapter> {
        ClientBuilder::discover(issuer)
    }
}

/// alf's error, with the library's error in it.
pub(crate) type CallError<C> =
    alf_core::Error<<<<C as AlfClient>::Adapter as Adapter>::Transport as Transport>::Error>;

/// The response of the API.
pub(crate) struct ApiResponse {
    pub(crate) status: u16,
    pub(crate) body: String,
}
