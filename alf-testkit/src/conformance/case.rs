//! [`Case`]: the servers, the time, the transport and the client of one case.

use std::sync::Arc;

use alf_core::{ClientBuilder, ConfigError, CustomTransport, TokenTransport};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request};

use crate::server::tls::{Tls, root_certificate};
use crate::{Recorded, Servers, VirtualTime};

use super::cases::Named;
use super::events::Events;
use super::reply::{Outcome, perform};
use super::{Body, Call, Capability, Expect, Setup, Subject, fail};

/// The client on trial.
pub(super) type Client<S> = alf_core::Client<<S as Subject>::Transport>;

/// What a case works with. Every case has its own.
pub(super) struct Case<S: Subject> {
    pub(super) servers: Servers,
    /// Stands still until the case moves it.
    pub(super) time: VirtualTime,
    pub(super) events: Arc<Events>,
    pub(super) transport: Arc<S::Transport>,
}

impl<S: Subject> Case<S> {
    /// What a case of this name works with: what it needs decides how it is set up.
    pub(super) fn new(named: &Named<S>) -> Self {
        let time = VirtualTime::on(S::runtime());
        let mut setup = Setup::default();
        let mut sessions = None;
        if named.needs(Capability::Tls) {
            setup.root_certificate = Some(root_certificate());
            sessions = Some(Tls::trusted());
        }
        if named.needs(Capability::ConnectionLimit) {
            setup.max_connections = Some(1);
        }
        let servers = Servers::start_with(sessions);
        servers.authorization.set_client(CLIENT_ID, SECRET);
        Self {
            servers,
            events: Events::new(time.clone()),
            time,
            transport: Arc::new(S::transport(&setup)),
        }
    }

    /// A client of these servers, on virtual time.
    pub(super) fn client(&self) -> Client<S> {
        self.client_with(|builder| builder.client_secret(CLIENT_ID, SECRET))
    }

    /// A client that has its token already.
    pub(super) fn client_with_token(&self) -> Client<S> {
        let client = self.client();
        self.get(&client, "/first").expect_status(200);
        client
    }

    /// A client on virtual time that is set up otherwise.
    pub(super) fn client_with(
        &self,
        set: impl FnOnce(ClientBuilder<CustomTransport>) -> ClientBuilder<CustomTransport>,
    ) -> Client<S> {
        self.build(set(self.builder().runtime(self.time.clone())))
    }

    /// A client whose clock is that of the machine: where nothing can be waited for but time.
    pub(super) fn client_in_real_time(&self) -> Client<S> {
        let builder = self.builder().runtime(S::runtime());
        self.build(builder.client_secret(CLIENT_ID, SECRET))
    }

    /// A client whose token requests go another way.
    pub(super) fn client_over(&self, endpoint: Arc<dyn TokenTransport>) -> Client<S> {
        let builder = self.builder().runtime(self.time.clone());
        builder
            .client_secret(CLIENT_ID, SECRET)
            .build_with(Arc::clone(&self.transport), endpoint)
            .unwrap_or_else(|error| fail(&format!("a client to be built, but: {error}")))
    }

    /// A client of another token endpoint that is set up otherwise.
    pub(super) fn client_with_endpoint(
        &self,
        endpoint: String,
        set: impl FnOnce(ClientBuilder<CustomTransport>) -> ClientBuilder<CustomTransport>,
    ) -> Client<S> {
        let builder = alf_core::Client::builder(endpoint)
            .observer(Arc::clone(&self.events))
            .runtime(self.time.clone());
        self.build(set(builder))
    }

    /// A client of another token endpoint.
    pub(super) fn client_at(&self, endpoint: String) -> Client<S> {
        self.try_client_at(endpoint)
            .unwrap_or_else(|error| fail(&format!("a client to be built, but: {error}")))
    }

    pub(super) fn try_client_at(&self, endpoint: String) -> Result<Client<S>, ConfigError> {
        let builder = alf_core::Client::builder(endpoint)
            .client_secret(CLIENT_ID, SECRET)
            .observer(Arc::clone(&self.events))
            .runtime(self.time.clone());
        self.try_build(builder)
    }

    /// What every client begins with.
    fn builder(&self) -> ClientBuilder<CustomTransport> {
        alf_core::Client::builder(self.servers.token_endpoint()).observer(Arc::clone(&self.events))
    }

    fn build(&self, builder: ClientBuilder<CustomTransport>) -> Client<S> {
        self.try_build(builder)
            .unwrap_or_else(|error| fail(&format!("a client to be built, but: {error}")))
    }

    fn try_build(&self, builder: ClientBuilder<CustomTransport>) -> Result<Client<S>, ConfigError> {
        let transport = Arc::clone(&self.transport);
        let endpoint = Arc::<S::Transport>::clone(&transport);
        builder.build_with(transport, endpoint)
    }

    /// `GET` of a path of the resource server, to its end.
    pub(super) fn get(&self, client: &Client<S>, path: &str) -> Outcome<S> {
        self.start_get(client, path).wait()
    }

    /// A request, to its end.
    pub(super) fn send(&self, client: &Client<S>, request: Request<Body>) -> Outcome<S> {
        self.start(client, request).wait()
    }

    /// Begins a `GET` of a path of the resource server.
    pub(super) fn start_get(&self, client: &Client<S>, path: &str) -> Call<Outcome<S>> {
        self.start(client, get(&self.servers.url(path)))
    }

    /// Begins a request on a thread of its own.
    pub(super) fn start(&self, client: &Client<S>, request: Request<Body>) -> Call<Outcome<S>> {
        let client = client.clone();
        let request = S::request(&self.transport, request);
        Call::start::<S, _>(move || perform::<S>(client, request))
    }

    /// Begins the same `GET` many times.
    pub(super) fn start_gets(
        &self,
        count: usize,
        client: &Client<S>,
        path: &str,
    ) -> Vec<Call<Outcome<S>>> {
        (0..count).map(|_| self.start_get(client, path)).collect()
    }

    /// How many token requests the authorization server saw.
    pub(super) fn token_requests(&self) -> usize {
        self.servers.authorization.token_requests()
    }

    /// How many requests the resource server saw.
    pub(super) fn requests(&self) -> usize {
        self.servers.resource.request_count()
    }

    /// The tokens that the resource server was shown, in order; `-` for none.
    pub(super) fn shown_tokens(&self) -> Vec<String> {
        let requests = self.servers.resource.requests();
        let token = |request: &Recorded| request.bearer_token().unwrap_or("-").to_owned();
        requests.iter().map(token).collect()
    }

    /// The token that was issued last.
    pub(super) fn last_token(&self) -> String {
        self.servers.authorization.last_token().unwrap_or_default()
    }

    /// X1: what was shown shows no secret.
    pub(super) fn shows_no_secret(&self, what: &str, shown: &str) {
        let tokens = self.servers.authorization.issued();
        let basic = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{SECRET}"));
        let secrets = [SECRET, &basic];
        for secret in tokens.iter().map(String::as_str).chain(secrets) {
            assert!(
                !shown.contains(secret),
                "{what} shows a secret or a token: {}",
                shown.replace(secret, "<here>")
            );
        }
    }
}

/// A `GET`.
pub(super) fn get(url: &str) -> Request<Body> {
    request(Method::GET, url, Body::Empty)
}

/// A `POST` of these bytes.
pub(super) fn post(url: &str, body: impl Into<bytes::Bytes>) -> Request<Body> {
    request(Method::POST, url, Body::Bytes(body.into()))
}

/// Any request.
pub(super) fn request(method: Method, url: &str, body: Body) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(url)
        .body(body)
        .unwrap_or_else(|error| fail(&format!("{url} to be a URL, but: {error}")))
}

/// Where a further server listens: on a free port.
pub(super) const ADDRESS: &str = "127.0.0.1:0";
/// The statuses of a redirect.
pub(super) const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
pub(super) const CLIENT_ID: &str = "client-id";
/// Long enough that nothing else looks like it.
pub(super) const SECRET: &str = "secret-9f2c51d07b";
/// Ids and secrets with most of what a form and a header do not like.
pub(super) const ODD_SECRETS: &[(&str, &str)] = &[
    (CLIENT_ID, "odd %+&=:/?#\"'\\ end"),
    (CLIENT_ID, "percent%2Bencoded%20already"),
    (CLIENT_ID, "YmFzZTY0+/secret=="),
    ("client:id with é", "pass:wörd 🔑"),
];
