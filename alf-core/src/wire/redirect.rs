//! Where a redirect leads, as an error shows it.

use bytes::Bytes;
use http::header::LOCATION;
use http::{Response, Uri};

use crate::OriginRef;

/// Returns the origin and the path, or the path alone. The others may be a secret, such as the parameter of a path, which may be a
/// session.
pub(super) fn redirect_target(response: &Response<Bytes>) -> Option<String> {
    let value = response.headers().get(LOCATION)?.to_str().ok()?;
    let target: Uri = value.trim().parse().ok()?;
    let origin = OriginRef::of(&target).map(|origin| origin.to_string());
    let path = target.path().split(';').next().unwrap_or_default();
    path.starts_with('/')
        .then(|| origin.unwrap_or_default() + path)
}
