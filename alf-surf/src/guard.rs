//! X4, T7: what a request shows goes only where it was meant to be shown.
//!
//! surf's `Redirect` sends a request's headers wherever a redirect leads, and whoever wrote another
//! middleware may have done the same. So alf's headers are not on the request while it goes through
//! the user's middleware: the last one of all, which is alf's own, puts them on, and only where the
//! URL is still the right one.

use alf_core::Origin;
use async_trait::async_trait;
use surf::http::headers::{CONTENT_TYPE, HeaderName, HeaderValue, HeaderValues};
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

/// On a response: the origin that it came from, whether or not the token was shown there.
pub(crate) struct CameFrom(pub(crate) Origin);

/// On a request: a redirect led it to another origin before, and whoever is there chose its URL.
pub(crate) struct Strayed;

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

    /// For a request that goes through nobody's middleware, and in the end for every other.
    pub(crate) fn put_on(&self, request: &mut Request) {
        for (name, value) in &self.headers {
            request.insert_header(name, value.clone());
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
        let here = origin(request.url());
        let shown = match &self.shown_at {
            ShownAt::Origin(origin) => *origin == here && request.ext::<Strayed>().is_none(),
            ShownAt::Url(url) if url == request.url() => true,
            ShownAt::Url(_) => return Err(surf::Error::from_str(500, LedElsewhere)),
        };
        if shown {
            self.put_on(&mut request);
        } else {
            self.take_off(&mut request);
        }
        join_values(&mut request);
        let method = request.method();
        let mut response = next.run(request, client).await?;
        if has_no_body(method, response.status()) {
            drop_body(&mut response);
        }
        response.insert_ext(CameFrom(here));
        Ok(response)
    }
}

/// Where a request to that URL goes.
pub(crate) fn origin(url: &Url) -> Origin {
    let host = url.host_str().unwrap_or_default();
    Origin::new(url.scheme(), host, url.port_or_known_default())
}

/// surf's curl client sends the first value of a header and forgets the others: one that holds all
/// of them means the same (RFC 9110 §5.3; cookies have a separator of their own, RFC 9113 §8.2.3).
fn join_values(request: &mut Request) {
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

fn join(name: &HeaderName, values: &HeaderValues) -> String {
    let separator = if *name == "cookie" { "; " } else { ", " };
    let values: Vec<_> = values.iter().map(HeaderValue::as_str).collect();
    values.join(separator)
}

/// RFC 9112 §6.3. async-h1 would wait for as many bytes as `Content-Length` says.
fn has_no_body(method: Method, status: StatusCode) -> bool {
    method == Method::Head || matches!(status, StatusCode::NoContent | StatusCode::NotModified)
}

fn drop_body(response: &mut Response) {
    let told = response.header(CONTENT_TYPE).is_some();
    drop(response.take_body());
    if !told {
        // surf sets one with every change of the body.
        response.remove_header(CONTENT_TYPE);
    }
}

impl std::fmt::Display for LedElsewhere {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a redirect of the token endpoint is not followed")
    }
}
