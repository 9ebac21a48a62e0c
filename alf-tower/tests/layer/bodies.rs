//! Which bodies are replayed (R4).

use std::convert::Infallible;

use alf_testkit::server::pattern;
use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body::{Body, Frame};
use http_body_util::{Full, StreamBody};
use tower::{Layer, ServiceExt};

use crate::api::{Api, get, post};

const LIMIT: usize = 64 * 1024;

/// Sends a request with a revoked token, and returns its status and the bodies that the API received.
fn sent_with_revoked_token<B>(api: &Api, request: Request<B>) -> (u16, Vec<Option<Bytes>>)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<alf_tower::BoxError>,
{
    let service = api.layer().layer(api.clone());
    pollster::block_on(async {
        service
            .clone()
            .oneshot(get("https://api.example.com/first"))
            .await
            .unwrap();
        api.take_seen();
        api.issuer.revoke();
        let response = service.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bodies = api.take_seen().into_iter().map(|request| request.body);
        let bodies = bodies.collect();
        // The token is renewed for the next caller, if it is not yet.
        let next = service
            .oneshot(get("https://api.example.com/next"))
            .await
            .unwrap();
        assert_eq!(next.status(), 200);
        assert_eq!(api.issuer.token_requests(), 2);
        (status, bodies)
    })
}

fn stream_of(length: usize) -> impl Body<Data = Bytes, Error = Infallible> + Send {
    let pieces = pattern(0, length);
    let pieces: Vec<_> = pieces.chunks(1000).map(Bytes::copy_from_slice).collect();
    StreamBody::new(stream::iter(
        pieces.into_iter().map(|piece| Ok(Frame::data(piece))),
    ))
}

#[test]
fn r4_a_body_up_to_the_limit_is_replayed() {
    for length in [0, 1, LIMIT] {
        let body = Bytes::from(pattern(0, length));
        let twice = vec![Some(body.clone()); 2];
        let api = Api::default();
        let sent = sent_with_revoked_token(&api, post(Full::new(body)));
        assert_eq!(sent, (200, twice.clone()), "{length} bytes in memory");
        let api = Api::default();
        let sent = sent_with_revoked_token(&api, post(stream_of(length)));
        assert_eq!(sent, (200, twice), "a stream of {length} bytes");
    }
}

#[test]
fn r4_a_longer_body_is_sent_once_and_its_401_returned() {
    let body = Bytes::from(pattern(0, LIMIT + 1));
    let once = vec![Some(body.clone())];
    let sent = sent_with_revoked_token(&Api::default(), post(Full::new(body)));
    assert_eq!(sent, (401, once.clone()));
    let sent = sent_with_revoked_token(&Api::default(), post(stream_of(LIMIT + 1)));
    assert_eq!(sent, (401, once));
}

#[test]
fn r4_a_body_that_is_rejected_before_it_is_read_is_replayed_if_it_has_ended() {
    let mut api = Api::default();
    api.reads_no_body = true;
    let sent = sent_with_revoked_token(&api, post(stream_of(10)));
    assert_eq!(sent, (200, vec![None, None]));
    let mut api = Api::default();
    api.reads_no_body = true;
    let endless = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let sent = sent_with_revoked_token(&api, post(endless));
    assert_eq!(sent, (401, vec![None]));
}

#[test]
fn r4_with_a_limit_of_zero_only_requests_without_a_body_are_replayed() {
    let api = Api::default();
    let service = api.layer().replay_limit(0).layer(api.clone());
    pollster::block_on(async {
        service
            .clone()
            .oneshot(post(Full::<Bytes>::from("a")))
            .await
            .unwrap();
        api.issuer.revoke();
        let response = service
            .clone()
            .oneshot(post(Full::<Bytes>::from("a")))
            .await
            .unwrap();
        assert_eq!(response.status(), 401);
        api.take_seen();
    });
    let api = Api::default();
    let service = api.layer().replay_limit(0).layer(api.clone());
    pollster::block_on(async {
        service
            .clone()
            .oneshot(get("https://api.example.com/"))
            .await
            .unwrap();
        api.issuer.revoke();
        let response = service
            .oneshot(get("https://api.example.com/"))
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    });
    assert_eq!(api.take_seen().len(), 3);
}
