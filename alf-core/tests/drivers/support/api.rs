//! A transport in memory, with types of its own, and the resource servers behind it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use alf_core::{Origin, OriginRef, Transport};
use futures_channel::oneshot;
use http::header::{AUTHORIZATION, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use super::CallLog;

/// Without a script it answers 401 to tokens that were revoked, else 200.
#[derive(Clone)]
pub(crate) struct Api {
    log: CallLog,
    state: Arc<Mutex<State>>,
}

struct State {
    revoked: HashSet<String>,
    script: Option<Script>,
    held: VecDeque<oneshot::Receiver<()>>,
    sent: Vec<Sent>,
    discard: Discard,
}

type Script = Arc<dyn Fn(&Sent) -> ApiResponse + Send + Sync>;

#[derive(Clone, Copy)]
enum Discard {
    AtOnce,
    Never,
}

#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    url: Uri,
    headers: HeaderMap,
    body: Body,
}

#[derive(Clone, Copy, Debug)]
enum Body {
    Memory,
    Stream,
}

#[derive(Clone, Debug)]
pub(crate) struct ApiResponse {
    status: StatusCode,
    challenges: Vec<HeaderValue>,
    response_origin: Option<Origin>,
    broken_off: bool,
}

/// What was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) origin: Origin,
    pub(crate) path: String,
    /// Every value of the `Authorization` header.
    pub(crate) authorization: Vec<HeaderValue>,
    /// The token in it.
    pub(crate) token: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the resource server is gone")]
pub(crate) struct ApiError;

impl Api {
    pub(crate) fn new(log: CallLog) -> Self {
        let state = State {
            revoked: HashSet::new(),
            script: None,
            held: VecDeque::new(),
            sent: Vec::new(),
            discard: Discard::AtOnce,
        };
        Self {
            log,
            state: Arc::new(Mutex::new(state)),
        }
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.state.lock().unwrap().revoked.insert(token.to_owned());
    }

    /// Answers all requests from now on.
    pub(crate) fn answers(&self, script: impl Fn(&Sent) -> ApiResponse + Send + Sync + 'static) {
        self.state.lock().unwrap().script = Some(Arc::new(script));
    }

    /// Holds the next request that is not held yet, until the test drops or uses the handle.
    pub(crate) fn hold(&self) -> oneshot::Sender<()> {
        let (handle, held) = oneshot::channel();
        self.state.lock().unwrap().held.push_back(held);
        handle
    }

    /// From now on a response is never fully discarded.
    pub(crate) fn never_discards(&self) {
        self.state.lock().unwrap().discard = Discard::Never;
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.state.lock().unwrap().sent.clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().sent.len()
    }

    /// The tokens that were sent, in order.
    pub(crate) fn tokens_sent(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.token).collect()
    }
}

impl Sent {
    /// The number of a token that the token endpoint issued.
    pub(crate) fn token_number(&self) -> usize {
        self.token.trim_start_matches("token-").parse().unwrap()
    }
}

impl State {
    fn answer(&self, sent: &Sent) -> ApiResponse {
        match &self.script {
            Some(script) => script(sent),
            None if self.revoked.contains(&sent.token) => ApiResponse::rejection(),
            None => ApiResponse::status_of(200),
        }
    }
}

impl Transport for Api {
    type Request = ApiRequest;
    type Response = ApiResponse;
    type Error = ApiError;

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, ApiError> {
        let authorization: Vec<_> = request
            .headers
            .get_all(AUTHORIZATION)
            .iter()
            .cloned()
            .collect();
        let token = authorization
            .first()
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .unwrap_or_default()
            .to_owned();
        self.log.note(format!("send {token}"));
        let sent = Sent {
            origin: self.origin(&request).to_origin(),
            path: request.url.path().to_owned(),
            authorization,
            token,
        };
        let held = {
            let mut state = self.state.lock().unwrap();
            state.sent.push(sent.clone());
            state.held.pop_front()
        };
        if let Some(held) = held {
            let _ = held.await;
        }
        if sent.origin.as_ref().host() == "gone.example.com" {
            return Err(ApiError);
        }
        let answer = self.state.lock().unwrap().answer(&sent);
        if answer.broken_off {
            return Err(ApiError);
        }
        Ok(answer)
    }

    fn origin<'r>(&self, request: &'r ApiRequest) -> OriginRef<'r> {
        OriginRef::of(&request.url).unwrap()
    }

    fn head(&self, request: &ApiRequest) -> (Method, Uri) {
        (Method::GET, request.url.clone())
    }

    fn insert_header(&self, request: &mut ApiRequest, name: &HeaderName, value: &HeaderValue) {
        request.headers.insert(name.clone(), value.clone());
    }

    fn try_clone(&self, request: &mut ApiRequest) -> Option<ApiRequest> {
        match request.body {
            Body::Memory => Some(request.clone()),
            Body::Stream => None,
        }
    }

    fn status(&self, response: &ApiResponse) -> StatusCode {
        response.status
    }

    fn header_values(&self, response: &ApiResponse, name: &HeaderName) -> Vec<HeaderValue> {
        assert_eq!(name, WWW_AUTHENTICATE, "nothing else is asked for");
        response.challenges.clone()
    }

    fn response_origin<'r>(&self, response: &'r ApiResponse) -> Option<OriginRef<'r>> {
        response.response_origin.as_ref().map(Origin::as_ref)
    }

    async fn discard(&self, response: ApiResponse) {
        self.log.note("discard");
        let discard = self.state.lock().unwrap().discard;
        match discard {
            Discard::AtOnce => drop(response),
            Discard::Never => std::future::pending().await,
        }
    }
}

impl ApiRequest {
    pub(crate) fn get(url: &str) -> Self {
        Self {
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            body: Body::Memory,
        }
    }

    /// With a body that cannot be sent twice.
    pub(crate) fn streaming(mut self) -> Self {
        self.body = Body::Stream;
        self
    }

    pub(crate) fn authorization(mut self, value: &'static str) -> Self {
        let value = HeaderValue::from_static(value);
        self.headers.append(AUTHORIZATION, value);
        self
    }
}

impl ApiResponse {
    pub(crate) fn status_of(status: u16) -> Self {
        Self {
            status: status.try_into().unwrap(),
            challenges: Vec::new(),
            response_origin: None,
            broken_off: false,
        }
    }

    /// None: the connection breaks off.
    pub(crate) fn broken_off() -> Self {
        Self {
            broken_off: true,
            ..Self::status_of(500)
        }
    }

    /// A 401 as RFC 6750 §3 has it.
    pub(crate) fn rejection() -> Self {
        Self::status_of(401).challenge(r#"Bearer error="invalid_token""#)
    }

    pub(crate) fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenges.push(HeaderValue::from_static(challenge));
        self
    }

    pub(crate) fn response_origin(mut self, url: &str) -> Self {
        self.response_origin = Origin::parse(url);
        self
    }

    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }
}
