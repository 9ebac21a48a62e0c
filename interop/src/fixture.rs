//! [`Fixture`]: what a case works with.

use std::fmt::Write as _;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alf_core::{Adapter, ClientBuilder, ConfigError, Event, EventContext, Observer, TokenError};
use alf_testkit::conformance::LogRecording;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::control;
use crate::server::{ServerLock, fail, key};
use crate::{AdapterFeature, ApiResponse, CallError, InteropAdapter, TlsSettings};

/// The adapter's client.
pub(crate) type Client<S> = <<S as InteropAdapter>::Adapter as Adapter>::Client;
pub(crate) type Builder<S> = ClientBuilder<<S as InteropAdapter>::Adapter>;

/// The server, reserved for one case, and everything that alf has shown in it.
pub(crate) struct Fixture<S: InteropAdapter> {
    lock: ServerLock,
    shown: Shown,
    recording: LogRecording,
    adapter: PhantomData<S>,
}

/// The text of all events and errors, and the tokens, which must not occur in it.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<(String, Vec<String>)>>);

impl<S: InteropAdapter> Fixture<S> {
    pub(crate) fn new() -> Self {
        let fixture = Self {
            lock: ServerLock::wait(),
            shown: Shown::default(),
            recording: LogRecording::start(),
            adapter: PhantomData,
        };
        control::post(fixture.http(), "reset", &Value::Null);
        fixture
    }

    pub(crate) fn http(&self) -> &str {
        &self.lock.server().http
    }

    pub(crate) fn https(&self) -> &str {
        &self.lock.server().https
    }

    pub(crate) fn wrong_name(&self) -> &str {
        &self.lock.server().wrong_name
    }

    /// A client of the server's `http` port.
    pub(crate) fn client(&self, set: impl FnOnce(Builder<S>) -> Builder<S>) -> Client<S> {
        self.client_at(&format!("{}/token", self.http()), set)
    }

    /// A client of any token endpoint.
    pub(crate) fn client_at(
        &self,
        token_endpoint: &str,
        set: impl FnOnce(Builder<S>) -> Builder<S>,
    ) -> Client<S> {
        self.expect_client(set(ClientBuilder::new(token_endpoint)))
    }

    /// A client that uses `https` with these certificates, for requests and token requests.
    pub(crate) fn client_over_tls(
        &self,
        tls: &TlsSettings,
        set: impl FnOnce(Builder<S>) -> Builder<S>,
    ) -> Client<S> {
        self.client_at(&format!("{}/token", self.https()), |builder| {
            set(builder
                .http_client(S::http_client(tls))
                .token_http_client(S::http_client(tls)))
        })
    }

    pub(crate) fn expect_client(&self, builder: Builder<S>) -> Client<S> {
        self.build(builder)
            .unwrap_or_else(|error| fail(&format!("a client to be built, but: {error}")))
    }

    fn build(&self, builder: Builder<S>) -> Result<Client<S>, ConfigError> {
        let built = builder.observer(self.shown.clone()).build();
        built.inspect_err(|error| self.shown.note(&format!("{error} {error:?}")))
    }

    /// Sends a `GET` to the API on the `http` port.
    pub(crate) fn get(&self, client: &Client<S>, path: &str) -> Result<ApiResponse, CallError<S>> {
        self.get_url(client, &format!("{}{path}", self.http()))
    }

    pub(crate) fn get_url(
        &self,
        client: &Client<S>,
        url: &str,
    ) -> Result<ApiResponse, CallError<S>> {
        let got = S::block_on(S::get(client, url));
        got.inspect_err(|error| self.shown.note(&format!("{error} {error:?}")))
    }

    /// Sends so many concurrent `GET`s, and returns the status of each, if it has one.
    pub(crate) fn get_at_once(
        &self,
        client: &Client<S>,
        path: &str,
        number: usize,
    ) -> Vec<Option<u16>> {
        let url = format!("{}{path}", self.http());
        let calls = (0..number).map(|_| S::get(client, &url));
        let responses = S::block_on(join_all(calls));
        let status = |response: Result<ApiResponse, CallError<S>>| Some(response.ok()?.status);
        responses.into_iter().map(status).collect()
    }

    pub(crate) fn post(
        &self,
        client: &Client<S>,
        path: &str,
        text: &'static str,
    ) -> Result<ApiResponse, CallError<S>> {
        S::block_on(S::post(client, &format!("{}{path}", self.http()), text))
    }

    /// Sends a `GET` that must get a 200, and returns what the API knows of the token.
    pub(crate) fn expect_call(&self, client: &Client<S>) -> Value {
        self.expect_call_of(client, &format!("{}/api/things", self.http()))
    }

    pub(crate) fn expect_call_of(&self, client: &Client<S>, url: &str) -> Value {
        let response = self.get_url(client, url);
        self.shown.note_token(Self::token(client));
        match response {
            Ok(ApiResponse { status: 200, body }) => serde_json::from_str(&body)
                .unwrap_or_else(|error| fail(&format!("JSON, but: {error}: {body}"))),
            other => fail(&format!("status 200, but: {other:?}")),
        }
    }

    /// Sends a `GET` that must fail with a token error.
    pub(crate) fn expect_token_error(&self, client: &Client<S>) -> TokenError {
        match self.get(client, "/api/things") {
            Err(alf_core::Error::Token(error)) => error,
            other => fail(&format!("no token, but: {other:?}")),
        }
    }

    /// The client's current access token.
    pub(crate) fn token(client: &Client<S>) -> String {
        match S::block_on(S::tokens(client).token()) {
            Ok(token) => token.expose_access_token().to_owned(),
            Err(error) => fail(&format!("a token, but: {error}")),
        }
    }

    pub(crate) fn revoke_all(&self) {
        control::post(self.http(), "revoke-all", &Value::Null);
    }

    /// Sets the faults of the next token requests, in order.
    pub(crate) fn faults(&self, faults: &Value) {
        control::post(self.http(), "faults", faults);
    }

    /// Every request that the server received.
    pub(crate) fn requests(&self) -> Vec<Value> {
        control::requests(self.http())
    }

    /// How many token requests the server received.
    pub(crate) fn token_requests(&self) -> usize {
        self.requests_to("/token")
    }

    /// How many requests the server received for paths that start with this one.
    pub(crate) fn requests_to(&self, path: &str) -> usize {
        let requests = self.requests();
        let is_one = |request: &&Value| {
            request
                .get("path")
                .and_then(Value::as_str)
                .is_some_and(|seen| seen.starts_with(path))
        };
        requests.iter().filter(is_one).count()
    }

    /// X1: no event, error or log line has a secret in it.
    pub(crate) fn expect_no_secret_shown(&self) {
        let mut shown = self.shown.text();
        if S::has(AdapterFeature::SafeLogs) {
            shown.push_str(&self.recording.lines());
        }
        let keys = [
            "pkj-es256.pem",
            "pkj-es384.pem",
            "pkj-rs256.pem",
            "pkj-eddsa.pem",
            "client.pem",
        ];
        let lines: Vec<String> = keys
            .iter()
            .flat_map(|name| key(name).lines().map(str::to_owned).collect::<Vec<_>>())
            .filter(|line| !line.starts_with('-'))
            .collect();
        let secrets = [SECRET, UNUSUAL_SECRET, UNUSUAL_POST_SECRET, "eyJ"];
        let tokens = self.shown.tokens();
        let hidden = secrets.into_iter().chain(lines.iter().map(String::as_str));
        for secret in hidden.chain(tokens.iter().map(String::as_str)) {
            // Only the start of the line is printed: the remainder may be another secret.
            let line = shown.lines().find(|line| line.contains(secret));
            let start = line.map(|line| line.chars().take(40).collect::<String>());
            assert_eq!(start, None, "expected no secret to be shown");
        }
    }
}

impl Shown {
    fn note(&self, text: &str) {
        let _ = writeln!(self.locked().0, "{text}");
    }

    fn note_token(&self, token: String) {
        self.locked().1.push(token);
    }

    fn text(&self) -> String {
        self.locked().0.clone()
    }

    fn tokens(&self) -> Vec<String> {
        self.locked().1.clone()
    }

    fn locked(&self) -> MutexGuard<'_, (String, Vec<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Shown {
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        self.note(&format!("{event:?}"));
    }
}

/// A fault: the response that the token endpoint sends instead of its own.
pub(crate) fn fault(status: u16, headers: &[(&str, &str)], body: &str) -> Value {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    json!({ "status": status, "headers": headers, "body": body })
}

/// The secret of most clients of the server.
pub(crate) const SECRET: &str = "alf-test-secret-0123456789-0123456789";
pub(crate) const UNUSUAL_ID: &str = "odd:id %41+/&=";
pub(crate) const UNUSUAL_SECRET: &str = "odd:secret %41+/&=?\"~";
pub(crate) const UNUSUAL_POST_SECRET: &str = "odd:secret %41+/&=";
