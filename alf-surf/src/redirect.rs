//! Redirects that are followed with the token, as far as it may go.

use std::time::Duration;

use alf_core::{OriginRef, Runtime, ThreadRuntime};
use async_trait::async_trait;
use futures_util::future::select;
use surf::http::headers::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    PROXY_AUTHORIZATION,
};
use surf::http::{self, Method, StatusCode};
use surf::middleware::{Middleware, Next};
use surf::{Body, Client, Request, Response, Url};

use crate::body;
use crate::discard::discard;
use crate::guard::{CameFrom, origin};

/// A middleware that follows redirects, for your own `surf::Client` or for one request: with the
/// token as long as they stay at the origin of the request, and without it from where they leave
/// it. `Authorization`, `Cookie`, `Proxy-Authorization` and `Host` of the request stay behind too.
///
/// A 301, 302 or 303 of a `POST` is followed as a `GET`, and a 303 of anything but `HEAD` too
/// ([RFC 9110 §15.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.4)); every other request is
/// sent as it was, body included. A redirect is returned where the body is a stream that cannot
/// be sent again, where `Location` leads to no URL of `http` or `https`, and when `limit` redirects
/// were followed; and so is one that leads back to the origin of the request from another one: the
/// URL was chosen there.
///
/// surf's own `Redirect` asks every URL without the token, and without the body, before it sends
/// the request: so on an API that wants a token it finds no redirect at all.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "h1-client-no-tls")]
/// # fn example() -> Result<(), alf_surf::ConfigError> {
/// use alf_surf::{Client, FollowRedirects, H1Client, surf};
///
/// let http_client = surf::Client::with_http_client(H1Client::new());
/// let client = Client::builder("https://auth.example.com/token")
///     .client_secret("client-id", "secret")
///     .http_client(http_client.with(FollowRedirects::new(5)))
///     .build()?;
/// # let _ = client;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FollowRedirects {
    limit: u8,
}

impl FollowRedirects {
    /// Follows at most so many, one after the other.
    pub fn new(limit: u8) -> Self {
        Self { limit }
    }
}

#[async_trait]
impl Middleware for FollowRedirects {
    async fn handle(
        &self,
        mut request: Request,
        client: Client,
        next: Next<'_>,
    ) -> surf::Result<Response> {
        let home = origin(request.url()).to_origin();
        for _ in 0..self.limit {
            let mut without_body = request.clone();
            let whole = body::copy(&mut request);
            let response = next.run(request, client.clone()).await?;
            let here = origin(without_body.url());
            if followed_already(&response, here) {
                return Ok(response);
            }
            let Some(url) = target(without_body.url(), &response) else {
                return Ok(response);
            };
            let leads_home = home.as_ref() == origin(&url);
            if leads_home && home.as_ref() != here {
                // X4: with the token, the URL would be another server's choice; without it, useless.
                return Ok(response);
            }
            let followed = if becomes_get(without_body.method(), response.status()) {
                make_get(&mut without_body);
                Some(without_body)
            } else {
                whole
            };
            let Some(mut followed) = followed else {
                // R4: a stream is not sent twice.
                return Ok(response);
            };
            if !leads_home {
                leave_home(&mut followed);
            }
            let parts: &mut http::Request = followed.as_mut();
            *parts.url_mut() = url;
            give_up(response).await;
            request = followed;
        }
        next.run(request, client).await
    }
}

/// Where a redirect leads.
fn target(from: &Url, response: &Response) -> Option<Url> {
    let redirect = matches!(
        response.status(),
        StatusCode::MovedPermanently
            | StatusCode::Found
            | StatusCode::SeeOther
            | StatusCode::TemporaryRedirect
            | StatusCode::PermanentRedirect
    );
    let location = response.header(LOCATION).filter(|_| redirect)?;
    let url = from.join(location.last().as_str()).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Another middleware behind this one did, to another origin, where `Location` may mean another URL.
fn followed_already(response: &Response, here: OriginRef<'_>) -> bool {
    let came_from = response.ext::<CameFrom>();
    came_from.is_some_and(|from| from.origin.as_ref() != here)
}

/// X4: the token is the guard's affair; these were put on by the user, for the origin at home.
fn leave_home(request: &mut Request) {
    for name in [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION, HOST] {
        request.remove_header(name);
    }
}

/// R8, X5: a body that does not end must not hold up the next request.
async fn give_up(response: Response) {
    let timer = ThreadRuntime::new().sleep(DISCARD_TIMEOUT);
    select(Box::pin(discard(response)), timer).await;
}

fn becomes_get(method: Method, status: StatusCode) -> bool {
    let to_post = [StatusCode::MovedPermanently, StatusCode::Found].contains(&status);
    let to_any = status == StatusCode::SeeOther && method != Method::Head;
    to_any || (to_post && method == Method::Post)
}

fn make_get(request: &mut Request) {
    let parts: &mut http::Request = request.as_mut();
    parts.set_method(Method::Get);
    parts.set_body(Body::empty());
    for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING] {
        request.remove_header(name);
    }
}

const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);
