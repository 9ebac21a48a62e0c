//! Parts of a URL, in alf's types.

use alf_core::OriginRef;
use http::Uri;
use reqwest::Url;

pub(crate) fn origin(url: &Url) -> OriginRef<'_> {
    let host = url.host_str().unwrap_or_default();
    OriginRef::new(url.scheme(), host, url.port_or_known_default())
}

/// A URL that is not a URI is rejected by reqwest before anything is sent.
pub(crate) fn uri(url: &Url) -> Uri {
    url.as_str().parse().unwrap_or_default()
}
