//! What the story needs of an HTTP library; each file beside this one says it in the words of one.

#[cfg(feature = "isahc")]
mod isahc;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "surf")]
mod surf;

use std::error::Error;
use std::future::Future;

use alf_core::{Adapter, ClientBuilder, TokenManager, Transport};
use examples::HttpLibrary;

/// alf's client on one HTTP library.
pub(crate) trait Library: Sized + Send + Sync {
    /// What the library brings to alf's builder, which has the same settings for all.
    type Adapter: Adapter<Client = Self>;

    /// A `GET`, with its body as text.
    fn get(&self, url: &str) -> impl Future<Output = Result<Answer, Failure<Self>>> + Send;

    /// A `POST` of a text.
    fn post(
        &self,
        url: &str,
        text: &str,
    ) -> impl Future<Output = Result<Answer, Failure<Self>>> + Send;

    /// The token of this client.
    fn tokens(&self) -> &TokenManager;

    /// Begins to build one, for a token endpoint.
    fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<Self::Adapter> {
        ClientBuilder::new(token_endpoint)
    }

    /// Begins to build one, for an issuer, whose metadata names the token endpoint.
    fn discover(issuer: impl Into<String>) -> ClientBuilder<Self::Adapter> {
        ClientBuilder::discover(issuer)
    }
}

/// alf's error, with that of the library within.
pub(crate) type Failure<L> =
    alf_core::Error<<<<L as Library>::Adapter as Adapter>::Transport as Transport>::Error>;

/// What the API answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// Something that is done the same on every library.
pub(crate) trait Act {
    /// Does it on this one.
    fn on<L: Library>(self) -> impl Future<Output = Result<(), Box<dyn Error>>>;
}

/// Does it on that library.
pub(crate) async fn on(library: HttpLibrary, act: impl Act) -> Result<(), Box<dyn Error>> {
    match library {
        #[cfg(feature = "reqwest")]
        HttpLibrary::Reqwest => act.on::<alf_reqwest::Client>().await,
        #[cfg(feature = "isahc")]
        HttpLibrary::Isahc => act.on::<alf_isahc::Client>().await,
        #[cfg(feature = "surf")]
        HttpLibrary::Surf => act.on::<alf_surf::Client>().await,
    }
}
