//! Connects the in-house library to alf: `Transport` sends calls to APIs, `TokenTransport` sends token requests.

use alf_core::{
    ExchangeError, ExchangeErrorKind, ExchangeOptions, OriginRef, TokenTransport, Transport,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::HeaderName;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};

use super::in_house::{Call, Content, Failed, HttpCaller, Reply};

/// The in-house library, as a transport of alf.
pub(crate) struct InHouse {
    caller: HttpCaller,
}

impl InHouse {
    pub(crate) fn new(caller: HttpCaller) -> Self {
        Self { caller }
    }
}

impl Transport for InHouse {
    type Request = Call;
    type Response = Reply;
    type Error = Failed;

    async fn send(&self, call: Call) -> Result<Reply, Failed> {
        self.caller.make(call).await
    }

    fn origin<'r>(&self, call: &'r Call) -> OriginRef<'r> {
        // alf sends no request to NOWHERE.
        OriginRef::parse(&call.url).unwrap_or(OriginRef::NOWHERE)
    }

    fn head(&self, call: &Call) -> (Method, Uri) {
        (call.method.clone(), call.url.parse().unwrap_or_default())
    }

    fn insert_header(&self, call: &mut Call, name: &HeaderName, value: &HeaderValue) {
        call.headers.insert(name, value.clone());
    }

    fn try_clone(&self, call: &mut Call) -> Option<Call> {
        let Content::Bytes(bytes) = &call.content else {
            return None; // a stream cannot be sent a second time
        };
        let content = Content::Bytes(bytes.clone());
        let mut copy = Call::new(call.method.clone(), call.url.clone(), content);
        copy.headers = call.headers.clone();
        Some(copy)
    }

    fn status(&self, reply: &Reply) -> StatusCode {
        reply.status
    }

    fn header_values(&self, reply: &Reply, name: &HeaderName) -> Vec<HeaderValue> {
        reply.headers.get_all(name).iter().cloned().collect()
    }

    fn response_origin<'r>(&self, _: &'r Reply) -> Option<OriginRef<'r>> {
        None // the library follows no redirects
    }

    async fn discard(&self, mut reply: Reply) {
        // The remainder of a short body is read, so that its connection can be used again. hyper closes the connection of
        // a longer one.
        let mut limit = 64 * 1024_usize;
        while let Some(Ok(piece)) = reply.next().await {
            match limit.checked_sub(piece.len()) {
                Some(left) => limit = left,
                None => return,
            }
        }
    }
}

#[async_trait]
impl TokenTransport for InHouse {
    async fn exchange(
        &self,
        request: Request<Bytes>,
        options: &ExchangeOptions,
    ) -> Result<Response<Bytes>, ExchangeError> {
        let (head, body) = request.into_parts();
        let mut call = Call::new(head.method, head.uri.to_string(), Content::Bytes(body));
        call.headers = head.headers;
        let mut reply = self.caller.make(call).await.map_err(no_answer)?;
        let mut body = BytesMut::new();
        while let Some(piece) = reply.next().await {
            body.extend_from_slice(&piece.map_err(no_answer)?);
            if body.len() > options.max_bytes() {
                if reply.status.is_success() {
                    return Err(ExchangeErrorKind::TooLarge.into());
                }
                body.truncate(options.max_bytes());
                break; // alf knows enough of a failure: its status
            }
        }
        let mut response = Response::new(body.freeze());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}

fn no_answer(failed: Failed) -> ExchangeError {
    let kind = if failed.connecting {
        ExchangeErrorKind::Connect
    } else {
        ExchangeErrorKind::Exchange
    };
    ExchangeError::new(kind, failed)
}
