//! [`Case`]: the servers, the time, the transport and the clients of one case.

use std::ops::Deref;
use std::sync::Arc;

use alf_core::{Client, ClientBuilder, Credential, CustomTransport, Runtime, TokenTransport};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request};

use crate::runtime::VirtualTime;
use crate::server::tls;
use crate::server::{Answer, Gate, Recorded, Servers};
use crate::suite::fail;

use super::body::Body;
use super::events::Events;
use super::outcome::CallOutcome;
use super::subject::{Capability, Setup, Subject};
use super::tested::{self, ReadBody, TestedClient, TestedTransport, ThreadCall};

/// What a case works with. Every case has its own, and its servers: `case.resource`.
pub(super) struct Case {
    servers: Servers,
    /// Stands still until the case moves it.
    pub(super) time: VirtualTime,
    pub(super) events: Arc<Events>,
    pub(super) transport: Box<dyn TestedTransport>,
    pub(super) lacks: Vec<Capability>,
    runtime: Arc<dyn Runtime>,
}

/// A client over the transport under test.
pub(super) struct CaseClient<'a> {
    pub(super) case: &'a Case,
    pub(super) inner: Box<dyn TestedClient>,
}

pub(super) type CaseBuilder = ClientBuilder<CustomTransport>;

impl Deref for Case {
    type Target = Servers;

    fn deref(&self) -> &Servers {
        &self.servers
    }
}

impl Case {
    pub(super) fn new<S: Subject>(needs: &[Capability]) -> Self {
        let time = VirtualTime::on(S::runtime());
        let mut setup = Setup::default();
        let mut sessions = None;
        if needs.contains(&Capability::Tls) {
            setup.root_certificate = Some(tls::root_certificate());
            sessions = Some(tls::trusted());
        }
        if needs.contains(&Capability::ConnectionLimit) {
            setup.max_connections = Some(1);
        }
        if needs.contains(&Capability::TokenHeader) {
            setup.token_header = Some(TOKEN_HEADER);
        }
        let servers = Servers::start_with(sessions);
        servers.authorization.set_client(CLIENT_ID, SECRET);
        Self {
            servers,
            events: Events::new(time.clone()),
            time,
            transport: tested::transport::<S>(&setup),
            lacks: S::lacks(),
            runtime: S::runtime(),
        }
    }

    pub(super) fn lacks(&self, capability: Capability) -> bool {
        self.lacks.contains(&capability)
    }

    /// Returns a client of these servers, on virtual time.
    pub(super) fn client(&self) -> CaseClient<'_> {
        self.build(self.builder())
    }

    pub(super) fn client_with_token(&self) -> CaseClient<'_> {
        let client = self.client();
        client.get("/first").expect_status(200);
        client
    }

    /// Returns a client that has its token, and whose clock is that of the machine: for cases that
    /// need a timer of alf to end, and cannot know when it is set.
    pub(super) fn client_in_real_time(&self) -> CaseClient<'_> {
        let client = self.build(self.builder().runtime(Arc::clone(&self.runtime)));
        client.get("/first").expect_status(200);
        client
    }

    pub(super) fn client_at(&self, endpoint: String) -> CaseClient<'_> {
        self.build(self.builder_at(endpoint))
    }

    pub(super) fn client_with_basic(
        &self,
        id: &str,
        secret: impl Into<Credential>,
    ) -> CaseClient<'_> {
        let builder = self.builder_without_secret(self.token_endpoint());
        self.build(builder.client_secret(id, secret))
    }

    /// Returns a client that authenticates in the body of the token request.
    pub(super) fn client_with_post(&self, id: &str, secret: &str) -> CaseClient<'_> {
        let builder = self.builder_without_secret(self.token_endpoint());
        self.build(builder.client_secret_post(id, secret))
    }

    pub(super) fn builder(&self) -> CaseBuilder {
        self.builder_at(self.token_endpoint())
    }

    pub(super) fn builder_at(&self, endpoint: String) -> CaseBuilder {
        self.builder_without_secret(endpoint)
            .client_secret(CLIENT_ID, SECRET)
    }

    fn builder_without_secret(&self, endpoint: String) -> CaseBuilder {
        Client::builder(endpoint)
            .observer(Arc::clone(&self.events))
            .runtime(self.time.clone())
    }

    pub(super) fn build(&self, builder: CaseBuilder) -> CaseClient<'_> {
        self.build_over(builder, self.transport.token_transport())
    }

    /// Returns a client whose token requests use another transport.
    pub(super) fn build_over(
        &self,
        builder: CaseBuilder,
        tokens: Arc<dyn TokenTransport>,
    ) -> CaseClient<'_> {
        match self.transport.client(builder, tokens) {
            Ok(inner) => CaseClient { case: self, inner },
            Err(error) => fail(&format!("a client to be built, but: {error}")),
        }
    }

    pub(super) fn hold_next_token(&self) -> Gate {
        let gate = Gate::new();
        let answer = Answer::normal().held_by(&gate);
        self.authorization.answer_next(answer);
        gate
    }

    pub(super) fn hold_next_answers(&self, count: usize) -> Gate {
        let gate = Gate::new();
        let answer = Answer::normal().held_by(&gate);
        self.resource.answer_next_n(count, answer);
        gate
    }

    #[track_caller]
    pub(super) fn expect_token_requests(&self, count: usize) {
        let seen = self.authorization.token_requests();
        assert_eq!(seen, count, "expected another number of token requests");
    }

    #[track_caller]
    pub(super) fn expect_requests(&self, count: usize) {
        let seen = self.resource.request_count();
        assert_eq!(seen, count, "expected another number of requests");
    }

    #[track_caller]
    pub(super) fn expect_requests_at(&self, path: &str, count: usize) {
        let seen = self.resource.counts().at(path);
        assert_eq!(seen, count, "expected another number of requests at {path}");
    }

    #[track_caller]
    pub(super) fn expect_few_connections(&self) {
        let seen = self.resource.counts().connections;
        assert!(seen <= 5, "expected few connections, but there were {seen}");
    }

    /// Returns the tokens that the resource server received, in order; `-` for none.
    pub(super) fn shown_tokens(&self) -> Vec<String> {
        let requests = self.resource.requests();
        let token = |request: &Recorded| request.bearer_token().unwrap_or("-").to_owned();
        requests.iter().map(token).collect()
    }

    pub(super) fn last_token(&self) -> String {
        self.authorization.last_token().unwrap_or_default()
    }

    /// X1: expects that this text contains no secret and no token.
    pub(super) fn shows_no_secret(&self, what: &str, shown: &str) {
        let mut secrets = self.authorization.issued();
        secrets.push(SECRET.to_owned());
        secrets.push(BASE64_STANDARD.encode(format!("{CLIENT_ID}:{SECRET}")));
        for secret in secrets {
            let without = shown.replace(&secret, "<here>");
            assert!(
                shown == without,
                "{what} shows a secret or a token: {without}"
            );
        }
    }
}

impl CaseClient<'_> {
    /// Sends a `GET` to a path of the resource server.
    pub(super) fn get(&self, path: &str) -> CallOutcome {
        self.start_get(path).wait()
    }

    pub(super) fn send(&self, request: Request<Body>) -> CallOutcome {
        self.start(request).wait()
    }

    pub(super) fn start_get(&self, path: &str) -> ThreadCall {
        self.start(get(&self.case.url(path)))
    }

    pub(super) fn start_gets(&self, count: usize, path: &str) -> Vec<ThreadCall> {
        (0..count).map(|_| self.start_get(path)).collect()
    }

    pub(super) fn start(&self, request: Request<Body>) -> ThreadCall {
        self.start_reading(request, ReadBody::Keep)
    }

    pub(super) fn start_reading(&self, request: Request<Body>, read: ReadBody) -> ThreadCall {
        self.inner.start(request, read, &self.case.time)
    }
}

#[track_caller]
pub(super) fn all_succeed(calls: Vec<ThreadCall>) {
    for call in calls {
        call.wait().expect_status(200);
    }
}

pub(super) fn get(url: &str) -> Request<Body> {
    request(Method::GET, url, Body::Empty)
}

pub(super) fn post(url: &str, body: impl Into<bytes::Bytes>) -> Request<Body> {
    request(Method::POST, url, Body::Bytes(body.into()))
}

pub(super) fn request(method: Method, url: &str, body: Body) -> Request<Body> {
    let request = Request::builder().method(method).uri(url).body(body);
    request.unwrap_or_else(|error| fail(&format!("{url} to be a URL, but: {error}")))
}

/// For the cases of [`Capability::TokenHeader`].
pub(super) const TOKEN_HEADER: &str = "x-auth-token";
pub(super) const CLIENT_ID: &str = "client-id";
/// Long enough that nothing else looks like it.
pub(super) const SECRET: &str = "secret-9f2c51d07b";
