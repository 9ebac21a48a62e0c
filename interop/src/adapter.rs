//! [`InteropAdapter`]: what the cases need of an adapter.

use std::future::Future;
use std::path::{Path, PathBuf};

use alf_core::{Adapter, ClientBuilder, TokenManager, Transport};

/// An adapter that is tested.
pub trait InteropAdapter: 'static {
    /// What the adapter brings to alf's builder.
    type Adapter: Adapter;

    /// Returns the library's own client with these certificates. It follows no redirects.
    fn http_client(tls: &TlsSettings) -> <Self::Adapter as Adapter>::HttpClient;

    /// Gives a certificate and its key to the clients of a builder as the documentation of the adapter's `ClientCertificate`
    /// says.
    fn with_certificate(
        builder: ClientBuilder<Self::Adapter>,
        certificate: &Path,
        key: &Path,
    ) -> ClientBuilder<Self::Adapter>;

    /// Sends a `GET`, and reads the body as text.
    fn get(
        client: &<Self::Adapter as Adapter>::Client,
        url: &str,
    ) -> impl Future<Output = Result<ApiResponse, CallError<Self>>>;

    /// Sends a text by `POST`.
    fn post(
        client: &<Self::Adapter as Adapter>::Client,
        url: &str,
        text: &'static str,
    ) -> impl Future<Output = Result<ApiResponse, CallError<Self>>>;

    /// Returns the token manager of a client.
    fn tokens(client: &<Self::Adapter as Adapter>::Client) -> &TokenManager;

    /// Runs a future to its end.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Returns whether the adapter has the feature.
    fn has(feature: AdapterFeature) -> bool;
}

/// alf's error, with the library's error in it.
pub type CallError<S> =
    alf_core::Error<<<<S as InteropAdapter>::Adapter as Adapter>::Transport as Transport>::Error>;

/// The response of an API.
#[derive(Debug)]
pub struct ApiResponse {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The certificates of an HTTP client.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsSettings {
    /// The only certificate authority to be trusted, as PEM. `None` means those of the system.
    pub root_certificate: Option<String>,
    /// The files of the client's own certificate and its key, each in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What some adapters have and others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdapterFeature {
    /// It supports `https`, and trusts [`TlsSettings::root_certificate`].
    Tls,
    /// It sends a client certificate ([`TlsSettings::identity`]).
    ClientCertificate,
    /// The library logs no header and no body at any level.
    SafeLogs,
}
