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

    /// Begins to build one.
    fn builder(token_endpoint: impl Into<String>) -> ClientBuilder<Self::Adapter> {
        ClientBuilder::new(token_endpoint)
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

/// The names for `--transport`, the default first: those that were compiled.
pub(crate) const NAMES: &[&str] = &[
    #[cfg(feature = "reqwest")]
    "reqwest",
    #[cfg(feature = "isahc")]
    "isahc",
    #[cfg(feature = "surf")]
    "surf",
];

/// Something that is done the same on every library.
pub(crate) trait Act {
    /// Does it on this one.
    fn on<L: Library>(self) -> impl Future<Output = Result<(), Box<dyn Error>>>;
}

/// Does it on the library of that name.
pub(crate) async fn on(name: &str, act: impl Act) -> Result<(), Box<dyn Error>> {
    match name {
        #[cfg(feature = "reqwest")]
        "reqwest" => act.on::<alf_reqwest::Client>().await,
        #[cfg(feature = "isahc")]
        "isahc" => act.on::<alf_isahc::Client>().await,
        #[cfg(feature = "surf")]
        "surf" => act.on::<alf_surf::Client>().await,
        _ => Err(format!(
            "no transport {name} was compiled; there is: {}",
            NAMES.join(", ")
        )
        .into()),
    }
}
