//! The authorization server and the APIs of a fleet.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{ExchangeError, ExchangeOptions, Moment, Runtime, TokenTransport};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use crate::instance::InstanceRuntime;

#[derive(Clone)]
pub(crate) struct Server(Arc<Mutex<State>>);

struct State {
    requests: Vec<Moment>,
    delay: Duration,
    lifetime: Option<Duration>,
    condition: Condition,
    /// Tokens that the APIs accept; a server that revokes the token before keeps one.
    valid: HashSet<String>,
    revokes_previous: bool,
    token_type: &'static str,
    /// Of its failures, in seconds.
    retry_after: Option<u64>,
    failure_delay: Duration,
    has_metadata: bool,
    metadata_requests: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Condition {
    Works,
    Unavailable,
    Silent,
    /// There is no token endpoint any more.
    Moved,
}

/// The server as one instance sees it.
pub(crate) struct Endpoint {
    server: Server,
    runtime: InstanceRuntime,
    on_request: Box<dyn Fn(Stage) + Send + Sync>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Right,
    Wrong,
    /// Wrong, and another one each time that it is read.
    New,
    /// Whatever reads it waits for ever.
    Silent,
}

/// Where a token request is, when a test may stop its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    BeforeRequest,
    AfterRequest,
    Answered,
}

impl Secret {
    pub(crate) fn text(self) -> String {
        match self {
            Self::Right => "the-right-secret".to_owned(),
            Self::Wrong => "a-wrong-secret".to_owned(),
            Self::New => fastrand::u64(..).to_string(),
            Self::Silent => String::new(),
        }
    }

    /// Whether a token request was authenticated with it.
    fn is_in(self, request: &Request<Bytes>) -> bool {
        let credentials = STANDARD.encode(format!("client-id:{}", self.text()));
        request.headers()[AUTHORIZATION] == *format!("Basic {credentials}")
    }
}

impl Server {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            requests: Vec::new(),
            delay: Duration::from_millis(500),
            lifetime: Some(Duration::from_secs(3600)),
            condition: Condition::Works,
            valid: HashSet::new(),
            revokes_previous: false,
            token_type: "Bearer",
            retry_after: None,
            failure_delay: Duration::ZERO,
            has_metadata: true,
            metadata_requests: 0,
        })))
    }

    pub(crate) fn requests(&self) -> Vec<Moment> {
        self.0.lock().unwrap().requests.clone()
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        self.0.lock().unwrap().delay = delay;
    }

    pub(crate) fn set_lifetime(&self, lifetime: Option<Duration>) {
        self.0.lock().unwrap().lifetime = lifetime;
    }

    pub(crate) fn set(&self, condition: Condition) {
        self.0.lock().unwrap().condition = condition;
    }

    pub(crate) fn revokes_previous(&self) {
        self.0.lock().unwrap().revokes_previous = true;
    }

    pub(crate) fn set_token_type(&self, token_type: &'static str) {
        self.0.lock().unwrap().token_type = token_type;
    }

    pub(crate) fn set_retry_after(&self, seconds: Option<u64>) {
        self.0.lock().unwrap().retry_after = seconds;
    }

    /// Failures are answered after this time; at once, if it is not set.
    pub(crate) fn set_failure_delay(&self, delay: Duration) {
        self.0.lock().unwrap().failure_delay = delay;
    }

    pub(crate) fn set_has_metadata(&self, has_metadata: bool) {
        self.0.lock().unwrap().has_metadata = has_metadata;
    }

    pub(crate) fn metadata_requests(&self) -> usize {
        self.0.lock().unwrap().metadata_requests
    }

    pub(crate) fn revoke_all(&self) {
        self.0.lock().unwrap().valid.clear();
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.0.lock().unwrap().valid.contains(token)
    }

    pub(crate) fn endpoint(
        &self,
        runtime: InstanceRuntime,
        on_request: impl Fn(Stage) + Send + Sync + 'static,
    ) -> Endpoint {
        Endpoint {
            server: self.clone(),
            runtime,
            on_request: Box::new(on_request),
        }
    }

    fn issue(&self) -> (String, Option<Duration>) {
        let mut state = self.0.lock().unwrap();
        let token = format!("token-{}", state.requests.len());
        if state.revokes_previous {
            state.valid.clear();
        }
        state.valid.insert(token.clone());
        (token, state.lifetime)
    }
}

impl Endpoint {
    async fn metadata(&self) -> Response<Bytes> {
        let delay = {
            let mut state = self.server.0.lock().unwrap();
            state.metadata_requests += 1;
            state.delay
        };
        self.runtime.sleep(delay).await;
        let mut response = Response::new(Bytes::from_static(METADATA));
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        if !self.server.0.lock().unwrap().has_metadata {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        response
    }
}

const METADATA: &[u8] =
    br#"{"issuer":"https://auth.example.com","token_endpoint":"https://auth.example.com/token"}"#;

#[async_trait]
impl TokenTransport for Endpoint {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        _options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        if request.uri().path() == "/revoke" {
            return Ok(Response::new(Bytes::new()));
        }
        if request.method() == Method::GET {
            return Ok(self.metadata().await);
        }
        (self.on_request)(Stage::BeforeRequest);
        self.runtime.stand_still_if_frozen().await;
        let (delay, failure_delay, condition) = {
            let mut state = self.server.0.lock().unwrap();
            state.requests.push(self.runtime.now());
            (state.delay, state.failure_delay, state.condition)
        };
        if condition == Condition::Works {
            // Half of the time is for the way to the server.
            self.runtime.sleep(delay / 2).await;
        }
        let is_refused = !Secret::Right.is_in(&request);
        // A server that revokes the token before does so when it gets the request.
        let works = condition == Condition::Works && !is_refused;
        let issued = works.then(|| self.server.issue());
        (self.on_request)(Stage::AfterRequest);
        match condition {
            Condition::Silent => {
                std::future::pending::<()>().await;
            }
            Condition::Works if works => self.runtime.sleep(delay / 2).await,
            Condition::Works | Condition::Unavailable | Condition::Moved => {
                self.runtime.sleep(failure_delay).await;
            }
        }
        (self.on_request)(Stage::Answered);
        self.runtime.stand_still_if_frozen().await;
        let answer = |status: u16, body: String| {
            let mut response = Response::new(Bytes::from(body));
            *response.status_mut() = status.try_into().unwrap();
            let retry_after = self.server.0.lock().unwrap().retry_after;
            if let Some(retry_after) = retry_after.filter(|_| status != 200) {
                let headers = response.headers_mut();
                headers.insert(RETRY_AFTER, retry_after.into());
            }
            Ok(response)
        };
        if condition == Condition::Unavailable {
            return answer(503, String::new());
        }
        if condition == Condition::Moved {
            return answer(404, String::new());
        }
        let Some((token, lifetime)) = issued else {
            return answer(401, r#"{"error":"invalid_client"}"#.to_owned());
        };
        let expires_in = lifetime.map(|lifetime| lifetime.as_secs());
        let expires_in =
            expires_in.map_or_else(String::new, |seconds| format!(r#","expires_in":{seconds}"#));
        let token_type = self.server.0.lock().unwrap().token_type;
        let body =
            format!(r#"{{"access_token":"{token}","token_type":"{token_type}"{expires_in}}}"#);
        answer(200, body)
    }
}
