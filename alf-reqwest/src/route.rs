//! By which reqwest client a request goes: one for loopback never has a proxy.
//!
//! A secret or a token may go over plain `http` to loopback (T8, X2), because it does not leave the machine.
//! A proxy of the environment would be, and reqwest sends loopback through it too.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use alf_core::{ConfigError, HttpClients, HttpSettings};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue};
use reqwest::Url;

use crate::given_client::HttpClient;
use crate::http_client::{ClientSettings, Library, Purpose};
use crate::url::origin;

/// A reqwest client, or two with the same settings.
#[derive(Clone)]
pub(crate) struct Route<C: Library> {
    usual: C,
    loopback: Option<Arc<Loopback<C>>>,
    may_have_user_agent: bool,
}

/// The client past the proxy: made when it is first needed, as most programs never need it.
struct Loopback<C: Library> {
    settings: ClientSettings<C::Builder>,
    client: OnceLock<C>,
    building: Mutex<()>,
}

impl<C: Library> Route<C> {
    /// The user's client, for every host: its proxy settings are the user's.
    pub(crate) fn given(client: C) -> Self {
        Self {
            may_have_user_agent: client.may_have_user_agent(),
            usual: client,
            loopback: None,
        }
    }

    /// `usual`, which was built with `settings`, and for loopback another one without a proxy.
    pub(crate) fn own(usual: C, settings: ClientSettings<C::Builder>) -> Self {
        Self {
            usual,
            loopback: Some(Arc::new(Loopback {
                settings,
                client: OnceLock::new(),
                building: Mutex::new(()),
            })),
            may_have_user_agent: true,
        }
    }

    /// For the user's requests.
    pub(crate) fn for_calls(
        clients: &mut HttpClients<HttpClient<C>, C::Builder>,
    ) -> Result<Self, ConfigError> {
        let given = clients.calls.take().map(HttpClient::for_calls);
        let purpose = Purpose::calls(&clients.token_header);
        Self::new(given.transpose()?, purpose, &clients.settings)
    }

    /// For token requests.
    pub(crate) fn for_tokens(
        clients: &mut HttpClients<HttpClient<C>, C::Builder>,
    ) -> Result<Self, ConfigError> {
        let given = clients.tokens.take().map(HttpClient::for_tokens);
        Self::new(given.transpose()?, Purpose::Tokens, &clients.settings)
    }

    /// Over the user's client if there is one, otherwise over a client that alf builds with the user's settings.
    fn new(
        given: Option<C>,
        purpose: Purpose,
        user: &HttpSettings<C::Builder>,
    ) -> Result<Self, ConfigError> {
        if let Some(client) = given {
            return Ok(Self::given(client));
        }
        let user = user.clone();
        let settings = ClientSettings { purpose, user };
        Ok(Self::own(settings.build()?, settings))
    }

    /// The client for all but loopback.
    pub(crate) fn usual(&self) -> &C {
        &self.usual
    }

    /// Whether alf made its client, and so knows its settings.
    #[cfg(feature = "blocking")]
    pub(crate) fn is_own(&self) -> bool {
        self.loopback.is_some()
    }

    /// T1: removes alf's own `User-Agent` from a token request, if the client may have one: a client adds its own only if
    /// a request has none.
    pub(crate) fn leave_user_agent_to_client(&self, headers: &mut HeaderMap) {
        let is_alfs = |value: &HeaderValue| value == alf_core::USER_AGENT;
        if self.may_have_user_agent && headers.get(USER_AGENT).is_some_and(is_alfs) {
            headers.remove(USER_AGENT);
        }
    }

    /// The client for a request to that URL. If a redirect leads to or from loopback, the client
    /// stays the same, but has no token any more (X4).
    ///
    /// # Errors
    ///
    /// If reqwest cannot build the client for loopback.
    pub(crate) fn to(&self, url: &Url) -> Result<&C, reqwest::Error> {
        match &self.loopback {
            Some(loopback) if origin(url).is_loopback() => loopback.client(),
            Some(_) | None => Ok(&self.usual),
        }
    }
}

impl<C: Library> Loopback<C> {
    fn client(&self) -> Result<&C, reqwest::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // A client costs its TLS set-up, a blocking one a thread too: of a hundred first requests, one builds it.
        let _building = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = C::build(C::without_proxy(self.settings.builder::<C>()))?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x2_every_spelling_of_loopback_goes_past_the_proxy() {
        for (host, expected) in [
            ("localhost", true),
            ("LocalHost:8080", true),
            ("127.0.0.1", true),
            ("127.9.9.9:1", true),
            ("127.1", true),
            ("0x7f000001", true),
            ("[::1]:80", true),
            ("[0:0::0:1]", true),
            ("localhost.", false),
            ("localhost.example.com", false),
            ("127.example.com", false),
            ("127.0.0.1.example.com", false),
            ("128.0.0.1", false),
            ("0.0.0.0", false),
            ("[::2]", false),
            ("[::ffff:127.0.0.1]", false),
            ("api.example.com", false),
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert_eq!(origin(&url).is_loopback(), expected, "{host}");
        }
    }

    #[test]
    fn x2_client_for_loopback_is_made_once() {
        let settings = ClientSettings {
            purpose: Purpose::Calls,
            user: HttpSettings::default(),
        };
        let route = Route::own(reqwest::Client::new(), settings);
        let url = |host| Url::parse(&format!("http://{host}/")).unwrap();
        let usual = route.to(&url("api.example.com")).unwrap();
        assert!(std::ptr::eq(usual, route.usual()));
        let clone = route.clone();
        let first = route.to(&url("127.0.0.1")).unwrap();
        let second = clone.to(&url("localhost")).unwrap();
        assert!(std::ptr::eq(first, second));
        assert!(!std::ptr::eq(first, route.usual()));
    }
}
