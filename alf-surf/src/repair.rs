//! Corrections of requests and responses that surf's back ends handle wrongly.

use surf::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue, HeaderValues};
use surf::http::{Method, StatusCode};
use surf::{Request, Response};

/// surf's curl client sends the first value of a header and forgets the others: one that holds all
/// of them means the same (RFC 9110 §5.3; cookies have a separator of their own, RFC 9113 §8.2.3).
pub(crate) fn repair_request(request: &mut Request) {
    let mut joined = Vec::new();
    for (name, values) in request.iter() {
        if values.iter().nth(1).is_some() {
            joined.push((name.clone(), join(name, values)));
        }
    }
    for (name, values) in joined {
        request.insert_header(name, values.as_str());
    }
}

/// RFC 9112 §6.3: some responses have no body, and async-h1 would wait for as many bytes as their
/// `Content-Length` states. `method` is that of the request.
pub(crate) fn repair_response(method: Method, response: &mut Response) {
    let without = [StatusCode::NoContent, StatusCode::NotModified];
    if method == Method::Head || without.contains(&response.status()) {
        drop_body(response);
    }
}

fn join(name: &HeaderName, values: &HeaderValues) -> String {
    let separator = if *name == "cookie" { "; " } else { ", " };
    let values: Vec<_> = values.iter().map(HeaderValue::as_str).collect();
    values.join(separator)
}

fn drop_body(response: &mut Response) {
    let had_type = response.header(CONTENT_TYPE).is_some();
    drop(response.take_body());
    if !had_type {
        // surf sets one with every change of the body.
        response.remove_header(CONTENT_TYPE);
    }
}
