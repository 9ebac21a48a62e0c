//! X4, T7: what a request shows goes only where it was meant to be shown.
//!
//! surf's `Redirect` sends a request's headers to every target of a redirect, and the author of another
//! middleware may have done the same. So alf's headers are not on the request while it goes through
//! the user's middleware: the last one of all, which is alf's own, puts them on, and only where the
//! URL is still the right one.

use alf_core::{Origin, OriginRef};
use async_trait::async_trait;
use surf::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use surf::http::{Method, StatusCode, Url};
use surf::middleware::{Middleware, Next};
use surf::{Client, Request, Response};

/// What one request is to show, and where.
#[derive(Clone)]
pub(crate) struct Guard {
    shown_at: ShownAt,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Where.
#[derive(Clone)]
pub(crate) enum ShownAt {
    /// At any URL of an origin. Elsewhere a request goes without.
    Origin(Origin),
    /// At that URL alone. Nothing is sent elsewhere.
    Url(Url),
}

/// On a response: where it came from.
pub(crate) struct CameFrom {
    pub(crate) origin: Origin,
    /// Whether the token was sent there. If it was not, it cannot have been rejected.
    pub(crate) shown: bool,
}

/// Why nothing was sent: a redirect of the token endpoint was about to be followed.
#[derive(Debug)]
pub(crate) struct LedElsewhere;

impl Guard {
    pub(crate) fn new(shown_at: ShownAt) -> Self {
        Self {
            shown_at,
            headers: Vec::new(),
        }
    }

    /// F2: in place of what was to be shown under that name.
    pub(crate) fn show(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
    }

    fn put_on(&self, request: &mut Request) {
        for (name, value) in &self.headers {
            // T1: that of the user's client stays.
            let is_default = *name == USER_AGENT && value == alf_core::USER_AGENT;
            if !(is_default && request.header(name).is_some()) {
                request.insert_header(name, value.clone());
            }
        }
    }

    fn take_off(&self, request: &mut Request) {
        for (name, _) in &self.headers {
            request.remove_header(name);
        }
    }
}

#[async_trait]
impl Middleware for Guard {
    async fn handle(
        &self,
        mut request: Request,
        client: Client,
        next: Next<'_>,
    ) -> surf::Result<Response> {
        let here = origin(request.url()).to_origin();
        let shown = match &self.shown_at {
            ShownAt::Origin(origin) => *origin == here,
            ShownAt::Url(url) if url == request.url() => true,
            ShownAt::Url(_) => return Err(surf::Error::from_str(500, LedElsewhere)),
        };
        if shown {
            self.put_on(&mut request);
        } else {
            self.take_off(&mut request);
        }
        let method = request.method();
        let mut response = next.run(request, client).await?;
        if has_no_body(method, response.status()) {
            drop_body(&mut response);
        }
        let origin = here;
        response.insert_ext(CameFrom { origin, shown });
        Ok(response)
    }
}

/// RFC 9112 §6.3. async-h1 would wait for as many bytes as the `Content-Length` of such a response states.
fn has_no_body(method: Method, status: StatusCode) -> bool {
    method == Method::Head || [StatusCode::NoContent, StatusCode::NotModified].contains(&status)
}

fn drop_body(response: &mut Response) {
    let had_type = response.header(CONTENT_TYPE).is_some();
    drop(response.take_body());
    if !had_type {
        // surf sets one with every change of the body.
        response.remove_header(CONTENT_TYPE);
    }
}

/// Where a request to that URL goes.
pub(crate) fn origin(url: &Url) -> OriginRef<'_> {
    let host = url.host_str().unwrap_or_default();
    OriginRef::new(url.scheme(), host, url.port_or_known_default())
}

impl std::fmt::Display for LedElsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a redirect of the token endpoint is not followed")
    }
}
