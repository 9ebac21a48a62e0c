//! Between isahc's `http` types and alf's.
//!
//! isahc 2 can be built on http 0.2 or on http 1 (which a new `Cargo.lock` takes), so they need not
//! be the same types. What goes from one to the other goes as text or bytes, and only here.

#![expect(unused_qualifications, reason = "isahc's http may be another one")]

use alf_core::OriginRef;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use isahc::http as theirs;
use isahc::{AsyncBody, Request, Response};

pub(crate) fn origin(uri: &theirs::Uri) -> OriginRef<'_> {
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let scheme = uri.scheme_str().unwrap_or_default();
    OriginRef::from_authority(scheme, authority).unwrap_or(OriginRef::NOWHERE)
}

pub(crate) fn method(method: &theirs::Method) -> Method {
    // What one of them takes for a method, the other does.
    Method::from_bytes(method.as_str().as_bytes()).unwrap_or_default()
}

pub(crate) fn uri(uri: &theirs::Uri) -> Uri {
    uri.to_string().parse().unwrap_or_default()
}

pub(crate) fn status(status: theirs::StatusCode) -> StatusCode {
    // From 100 to 999, both of them.
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Sets a header, in place of every value of that name.
pub(crate) fn insert_header<B>(request: &mut Request<B>, name: &HeaderName, value: &HeaderValue) {
    if let Ok((name, value)) = header(name, value) {
        request.headers_mut().insert(name, value);
    }
}

/// Every value of a header, in order.
pub(crate) fn header_values<B>(response: &Response<B>, name: &HeaderName) -> Vec<HeaderValue> {
    let values = response.headers().get_all(name.as_str()).iter();
    values
        .filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok())
        .collect()
}

/// A token request, for isahc.
pub(crate) fn token_request(request: &http::Request<Bytes>) -> theirs::Result<Request<AsyncBody>> {
    let mut asked = Request::builder()
        .method(request.method().as_str())
        .uri(request.uri().to_string())
        .body(AsyncBody::from(&**request.body()))?;
    for (name, value) in request.headers() {
        let (name, value) = header(name, value)?;
        asked.headers_mut().append(name, value);
    }
    Ok(asked)
}

/// Status and headers of the answer to a token request; those that do not fit are left out.
pub(crate) fn token_answer<B>(response: &Response<B>, body: Bytes) -> http::Response<Bytes> {
    let mut answer = http::Response::new(body);
    *answer.status_mut() = status(response.status());
    for (name, value) in response.headers() {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}

fn header(
    name: &HeaderName,
    value: &HeaderValue,
) -> theirs::Result<(theirs::HeaderName, theirs::HeaderValue)> {
    let name = theirs::HeaderName::from_bytes(name.as_str().as_bytes())?;
    let mut marked = theirs::HeaderValue::from_bytes(value.as_bytes())?;
    // X1: `Debug` of a request shows what is not marked.
    marked.set_sensitive(value.is_sensitive());
    Ok((name, marked))
}
