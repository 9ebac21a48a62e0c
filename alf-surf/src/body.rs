//! R4: which bodies can be sent twice.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::io::{AsyncBufRead, Cursor};
use futures_util::task::noop_waker_ref;
use surf::http::Mime;
use surf::http::headers::CONTENT_TYPE;
use surf::{Body, Request};

/// A copy of the request that sends the same; `None` where the body is not in memory.
///
/// surf's own `clone` leaves the body out, and no body shows its source. But one that is in
/// memory shows all of itself at the first look, and looking takes nothing away.
///
/// The middleware of the request is kept. Extensions are lost: surf copies none.
pub(crate) fn copy(request: &mut Request) -> Option<Request> {
    let length = request.len()?;
    if length == 0 {
        return Some(request.clone());
    }
    let mut body = take(request);
    let Some(content) = content(&mut body, length) else {
        put(request, body);
        return None;
    };
    let mime = body.mime().clone();
    put(request, in_memory(content.clone(), mime.clone()));
    let mut copy = request.clone();
    put(&mut copy, in_memory(content, mime));
    Some(copy)
}

/// The body of those bytes.
pub(crate) fn in_memory(content: Bytes, mime: Mime) -> Body {
    let length = content.len();
    let mut body = Body::from_reader(Cursor::new(content), Some(length));
    body.set_mime(mime);
    body
}

/// All of the body, where it is there at once.
fn content(body: &mut Body, length: usize) -> Option<Bytes> {
    let mut context = Context::from_waker(noop_waker_ref());
    match Pin::new(body).poll_fill_buf(&mut context) {
        Poll::Ready(Ok(seen)) if seen.len() == length => Some(Bytes::copy_from_slice(seen)),
        Poll::Ready(_) | Poll::Pending => None,
    }
}

fn take(request: &mut Request) -> Body {
    let had_type = request.header(CONTENT_TYPE).is_some();
    let body = request.take_body();
    keep_content_type(request, had_type);
    body
}

fn put(request: &mut Request, body: Body) {
    let had_type = request.header(CONTENT_TYPE).is_some();
    request.set_body(body);
    keep_content_type(request, had_type);
}

/// surf sets a `Content-Type` with every change of the body, also where the user took it away.
fn keep_content_type(request: &mut Request, had_type: bool) {
    if !had_type {
        request.remove_header(CONTENT_TYPE);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::io::{AllowStdIo, BufReader};
    use surf::http::{Method, Url};

    use super::*;

    #[test]
    fn r4_bodies_in_memory_are_copied() {
        let long = "x".repeat(3_000_000);
        for (body, expected) in [
            (Body::empty(), ""),
            (Body::from(""), ""),
            (Body::from("text"), "text"),
            (Body::from(b"bytes".to_vec()), "bytes"),
            (Body::from_json(&[1, 2]).unwrap(), "[1,2]"),
            (Body::from_form(&[("a", "1")]).unwrap(), "a=1"),
            (Body::from(long.as_str()), &long),
            (Body::from_reader(Cursor::new("other"), Some(5)), "other"),
        ] {
            let mime = body.mime().clone();
            let mut request = request();
            request.set_body(body);
            let mut copies = [copy(&mut request).unwrap(), request];
            for copy in &mut copies {
                assert_eq!(copy.content_type(), Some(mime.clone()));
                assert_eq!(copy.len(), Some(expected.len()));
            }
        }
    }

    #[test]
    fn r4_copy_sends_the_same_bytes() {
        let mut request = request();
        request.set_body("the content");
        let mut copy = copy(&mut request).unwrap();
        for request in [&mut request, &mut copy] {
            let read = pollster::block_on(request.take_body().into_string());
            assert_eq!(read.unwrap(), "the content");
        }
    }

    #[test]
    fn r4_streams_are_left_as_they_are() {
        let content = "x".repeat(20_000);
        let stream = || BufReader::new(AllowStdIo::new(std::io::Cursor::new(content.clone())));
        for length in [None, Some(content.len())] {
            let mut request = request();
            request.set_body(Body::from_reader(stream(), length));
            assert!(copy(&mut request).is_none());
            let read = pollster::block_on(request.take_body().into_string());
            assert_eq!(read.unwrap(), content);
        }
    }

    #[test]
    fn r4_content_type_that_the_user_removed_stays_removed() {
        let mut request = request();
        request.set_body("text");
        request.remove_header(CONTENT_TYPE);
        assert!(copy(&mut request).unwrap().content_type().is_none());
        assert!(request.content_type().is_none());
    }

    fn request() -> Request {
        Request::new(Method::Post, Url::parse("http://127.0.0.1/").unwrap())
    }
}
