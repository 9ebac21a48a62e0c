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
    client: HttpClient,
    owner: Owner,
}

#[derive(Clone, Copy)]
enum Owner {
    User,
    /// alf built it, with settings of the user's.
    AlfAndUser,
    Alf,
}

impl Route {
    /// The user's client: its proxy settings are the user's, for loopback too.
    pub(crate) fn given(client: HttpClient) -> Self {
        Self {
            client,
            owner: Owner::User,
        }
    }

    /// A client of alf's own, which has the proxy of the environment.
    pub(crate) fn own(client: HttpClient) -> Self {
        Self {
            client,
            owner: Owner::Alf,
        }
    }

    /// A client of alf's own, which has settings of the user's.
    pub(crate) fn configured(client: HttpClient) -> Self {
        Self {
            client,
            owner: Owner::AlfAndUser,
        }
    }

    /// Whether the client's settings are all known.
    pub(crate) fn has_known_settings(&self) -> bool {
        match self.owner {
            Owner::Alf => true,
            Owner::User | Owner::AlfAndUser => false,
        }
    }

    fn is_built_by_alf(&self) -> bool {
        match self.owner {
            Owner::Alf | Owner::AlfAndUser => true,
            Owner::User => false,
        }
    }

    /// Sends a request. If a redirect leads to or from loopback, the proxy stays as it was for
    /// the first hop; but there is no token any more (X4).
    pub(crate) async fn send(
        &self,
        mut request: Request<AsyncBody>,
    ) -> Result<Response<AsyncBody>, Error> {
        if self.is_built_by_alf() && origin(request.uri()).is_loopback() {
            configure(&mut request, |request| request.proxy(None));
        }
        silently(|| self.client.send_async(request)).await
    }
}
