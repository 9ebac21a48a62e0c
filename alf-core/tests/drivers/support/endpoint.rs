//! A token endpoint in memory that follows a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{
    ExchangeError, ExchangeErrorKind, ExchangeOptions, Moment, Runtime, TokenTransport,
};
use async_trait::async_trait;
use bytes::Bytes;
use futures_channel::oneshot;
use http::{HeaderMap, HeaderValue, Request, Response};

use super::{CallLog, LIFETIME};

/// Without a script it issues `token-1`, `token-2`, … for [`LIFETIME`].
#[derive(Clone)]
pub(crate) struct Endpoint {
    runtime: Arc<dyn Runtime>,
    log: CallLog,
    state: Arc<Mutex<State>>,
}

struct State {
    script: VecDeque<NextReply>,
    /// Part of a request body, and the answer to every request that has it.
    always: Option<(&'static str, Reply)>,
    otherwise: Reply,
    issued: usize,
    exchanges: Vec<Exchange>,
    under_way: usize,
    most_under_way: usize,
}

/// An answer to a token request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The next token: `token-1`, `token-2`, …
    Issue,
    /// The same, of unknown lifetime.
    IssueUnlimited,
    /// A token, and the lifetime that it states.
    Token(&'static str, Option<u64>),
    /// A status, a body, and headers.
    Answer(u16, String, HeaderMap),
    Fail(ExchangeErrorKind),
    /// No answer, ever.
    Never,
    /// No answer, and the library ends the request by itself, as one that blocks must.
    TimesOut,
    Panic,
}

enum NextReply {
    Now(Reply),
    After(Duration, Reply),
    Held(oneshot::Receiver<Reply>),
}

/// A request that is held until the test answers it.
pub(crate) struct HeldRequest(oneshot::Sender<Reply>);

/// A token request.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    pub(crate) at: Moment,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) options: ExchangeOptions,
}

/// Counts a token request as under way until it is dropped.
struct UnderWay(Arc<Mutex<State>>);

impl Endpoint {
    pub(crate) fn new(runtime: Arc<dyn Runtime>, log: CallLog) -> Self {
        let state = State {
            script: VecDeque::new(),
            always: None,
            otherwise: Reply::Issue,
            issued: 0,
            exchanges: Vec::new(),
            under_way: 0,
            most_under_way: 0,
        };
        Self {
            runtime,
            log,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Answers the next request that has no answer yet.
    pub(crate) fn reply(&self, reply: Reply) {
        self.push(NextReply::Now(reply));
    }

    pub(crate) fn reply_after(&self, pause: Duration, reply: Reply) {
        self.push(NextReply::After(pause, reply));
    }

    /// Holds the next request that has no answer yet.
    pub(crate) fn hold(&self) -> HeldRequest {
        let (handle, held) = oneshot::channel();
        self.push(NextReply::Held(held));
        HeldRequest(handle)
    }

    /// Answers every request for which there is no script.
    pub(crate) fn otherwise(&self, reply: Reply) {
        self.state.lock().unwrap().otherwise = reply;
    }

    /// Answers every request whose body contains `part`, whatever the script is.
    pub(crate) fn always(&self, part: &'static str, reply: Reply) {
        self.state.lock().unwrap().always = Some((part, reply));
    }

    /// How many token requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.state.lock().unwrap().exchanges.len()
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.state.lock().unwrap().exchanges.clone()
    }

    /// The times between the starts of the token requests.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        let exchanges = self.exchanges();
        exchanges
            .windows(2)
            .map(|pair| pair[1].at.saturating_since(pair[0].at))
            .collect()
    }

    /// How many token requests were under way at once, at most.
    pub(crate) fn most_under_way(&self) -> usize {
        self.state.lock().unwrap().most_under_way
    }

    /// How many token requests are under way.
    pub(crate) fn under_way(&self) -> usize {
        self.state.lock().unwrap().under_way
    }

    fn push(&self, next: NextReply) {
        self.state.lock().unwrap().script.push_back(next);
    }

    fn start(&self, request: Request<Bytes>, options: ExchangeOptions) -> (NextReply, UnderWay) {
        let (head, body) = request.into_parts();
        let exchange = Exchange {
            at: self.runtime.now(),
            method: head.method.to_string(),
            uri: head.uri.to_string(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            options,
        };
        let mut state = self.state.lock().unwrap();
        state.under_way += 1;
        state.most_under_way = state.most_under_way.max(state.under_way);
        let under_way = UnderWay(Arc::clone(&self.state));
        let always = state.always.clone();
        let always = always.filter(|(part, _)| exchange.body.contains(part));
        let next = if let Some((_, reply)) = always {
            NextReply::Now(reply)
        } else {
            let otherwise = NextReply::Now(state.otherwise.clone());
            state.script.pop_front().unwrap_or(otherwise)
        };
        state.exchanges.push(exchange);
        (next, under_way)
    }

    fn issue(&self) -> String {
        let mut state = self.state.lock().unwrap();
        state.issued += 1;
        format!("token-{}", state.issued)
    }
}

#[async_trait]
impl TokenTransport for Endpoint {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        self.log.note("exchange");
        let (next, _under_way) = self.start(request, *options);
        let reply = match next {
            NextReply::Now(reply) => reply,
            NextReply::After(pause, reply) => {
                self.runtime.sleep(pause).await;
                reply
            }
            NextReply::Held(held) => held.await.unwrap_or(Reply::Never),
        };
        match reply {
            Reply::Issue => Ok(token(&self.issue(), Some(LIFETIME.as_secs()))),
            Reply::IssueUnlimited => Ok(token(&self.issue(), None)),
            Reply::Token(access_token, lifetime) => Ok(token(access_token, lifetime)),
            Reply::Answer(status, body, headers) => Ok(answer(status, body, headers)),
            Reply::Fail(kind) => Err(ExchangeError::new(kind, "as in the script")),
            Reply::Never => std::future::pending().await,
            Reply::TimesOut => {
                self.runtime.sleep(options.timeout()).await;
                Err(ExchangeErrorKind::Timeout.into())
            }
            Reply::Panic => panic!("the transport panics, as in the script"),
        }
    }
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self::Answer(status, String::new(), HeaderMap::new())
    }

    /// Nothing answers the connection.
    pub(crate) fn unreachable() -> Self {
        Self::Fail(ExchangeErrorKind::Connect)
    }

    /// An OAuth error (RFC 6749 §5.2).
    pub(crate) fn refuse(status: u16, error: &str) -> Self {
        let body = format!(r#"{{"error":"{error}"}}"#);
        Self::Answer(status, body, HeaderMap::new())
    }

    pub(crate) fn body(body: impl Into<String>) -> Self {
        Self::Answer(200, body.into(), HeaderMap::new())
    }

    /// The same with one more header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(_, _, headers) = &mut self {
            headers.insert(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        self
    }
}

impl HeldRequest {
    pub(crate) fn answer(self, reply: Reply) {
        // The request may have been dropped.
        let _ = self.0.send(reply);
    }
}

impl Exchange {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.lock().unwrap().under_way -= 1;
    }
}

fn token(access_token: &str, lifetime: Option<u64>) -> Response<Bytes> {
    let lifetime = lifetime.map_or_else(String::new, |s| format!(r#","expires_in":{s}"#));
    let body = format!(r#"{{"access_token":"{access_token}","token_type":"Bearer"{lifetime}}}"#);
    answer(200, body, HeaderMap::new())
}

fn answer(status: u16, body: String, headers: HeaderMap) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status.try_into().unwrap();
    *response.headers_mut() = headers;
    response
}
