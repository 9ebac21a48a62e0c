//! [`Subject`]: what the cases need of an adapter.

use std::future::Future;
use std::path::{Path, PathBuf};

use alf_core::{Adapter, TokenManager, Transport};

/// An adapter under test.
pub trait Subject: 'static {
    /// What the adapter brings to alf's builder.
    type Adapter: Adapter;

    /// The library's own client, with those certificates. It follows no redirects.
    fn http_client(tls: &Tls) -> <Self::Adapter as Adapter>::HttpClient;

    /// The clients that the adapter's `ClientCertificate` makes by itself of a certificate and its
    /// key: for requests, and for token requests.
    fn ready_made(certificate: &Path, key: &Path) -> [<Self::Adapter as Adapter>::HttpClient; 2];

    /// A `GET`, its body read as text.
    fn get(
        client: &<Self::Adapter as Adapter>::Client,
        url: &str,
    ) -> impl Future<Output = Result<Answer, Failure<Self>>>;

    /// A `POST` of a text.
    fn post(
        client: &<Self::Adapter as Adapter>::Client,
        url: &str,
        text: &'static str,
    ) -> impl Future<Output = Result<Answer, Failure<Self>>>;

    /// The token of a client.
    fn tokens(client: &<Self::Adapter as Adapter>::Client) -> &TokenManager;

    /// Runs a future to its end.
    fn block_on<F: Future>(future: F) -> F::Output;

    /// Whether it can do that.
    fn can(capability: Capability) -> bool;
}

/// alf's error, with that of the library within.
pub type Failure<S> =
    alf_core::Error<<<<S as Subject>::Adapter as Adapter>::Transport as Transport>::Error>;

/// What an API answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// The certificates of an HTTP client.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Tls {
    /// The only certificate authority to be trusted, as PEM; where there is none, the usual ones.
    pub root_certificate: Option<String>,
    /// The files of the client's own certificate and its key, each in PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// What some adapters can do and others cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// `https` is spoken, and [`Tls::root_certificate`] is trusted.
    Tls,
    /// A client certificate is shown ([`Tls::identity`]).
    ClientCertificate,
    /// What the library logs shows no header and no body at any level.
    DiscreetLogs,
}
