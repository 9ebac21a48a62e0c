//! By which isahc client a request goes, and whether past the proxy.
//!
//! A secret or a token may go over plain `http` to loopback (T8, X2), because it does not leave the machine.
//! A proxy of the environment would be, and curl sends loopback through it too.

use isahc::config::Configurable;
use isahc::{AsyncBody, Error, HttpClient, Request, Response};

use crate::convert::origin;
use crate::request::configure;
use crate::silence::silently;

/// An isahc client, and whose it is.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) client: HttpClient,
    pub(crate) owner: Owner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Its proxy settings are the user's, for loopback too.
    User,
    /// alf built it, with settings of the user's.
    AlfAndUser,
    /// alf built it, and knows all its settings.
    Alf,
}

impl Route {
    /// Sends a request. If a redirect leads to or from loopback, the proxy stays as it was for
    /// the first hop; but there is no token any more (X4).
    pub(crate) async fn send(
        &self,
        mut request: Request<AsyncBody>,
    ) -> Result<Response<AsyncBody>, Error> {
        if self.owner != Owner::User && origin(request.uri()).is_loopback() {
            configure(&mut request, |request| request.proxy(None));
        }
        silently(|| self.client.send_async(request)).await
    }
}
