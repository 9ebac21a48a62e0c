//! Each request goes to a service that was polled ready.

use alf_tower::Authorization;
use bytes::Bytes;
use futures_util::FutureExt;
use http::Request;
use http_body_util::Full;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceExt};

use crate::api::{Api, URL, get};

type LayeredApi = Authorization<Api>;

async fn ready(service: &mut LayeredApi) -> &mut LayeredApi {
    ServiceExt::<Request<Full<Bytes>>>::ready(service)
        .await
        .unwrap()
}

#[test]
fn r3_a_request_and_its_replay_go_to_a_service_that_is_ready() {
    let api = Api::default();
    let mut service = api.layer().layer(api.clone());
    pollster::block_on(async {
        for expected in [
            &["Bearer token-1"][..],
            &["Bearer token-1", "Bearer token-2"],
        ] {
            // The API panics if it is not ready.
            let response = ready(&mut service).await.call(get(URL)).await.unwrap();
            assert_eq!(response.status(), 200);
            assert_eq!(api.take_seen_tokens(), expected);
            api.issuer.revoke();
        }
    });
}

#[test]
fn r3_calls_of_one_service_may_overlap() {
    let api = Api::default();
    let mut service = api.layer().layer(api.clone());
    pollster::block_on(async {
        let first = ready(&mut service).await.call(get(URL));
        let second = ready(&mut service).await.call(get(URL));
        assert_eq!(second.await.unwrap().status(), 200);
        assert_eq!(first.await.unwrap().status(), 200);
    });
    assert_eq!(api.issuer.token_requests(), 1);
}

#[test]
fn r3_the_service_that_was_polled_ready_is_called() {
    let api = Api::default();
    let layer = api.layer();
    // The one that is ready has the only permit.
    let limited = ConcurrencyLimitLayer::new(1).layer(api.clone());
    let mut service = layer.layer(limited);
    pollster::block_on(async {
        // A token is there, so that nothing else is waited for.
        layer.layer(api.clone()).oneshot(get(URL)).await.unwrap();
        let ready = ServiceExt::<Request<Full<Bytes>>>::ready(&mut service)
            .await
            .unwrap();
        let response = ready.call(get(URL)).now_or_never();
        assert!(response.is_some(), "expected the answer at once");
    });
}

#[test]
fn r8_a_replay_passes_a_concurrency_limit_of_one() {
    let api = Api::default();
    let limited = ConcurrencyLimitLayer::new(1).layer(api.clone());
    let service = api.layer().layer(limited);
    pollster::block_on(async {
        service.clone().oneshot(get(URL)).await.unwrap();
        api.issuer.revoke();
        let response = service.oneshot(get(URL)).await.unwrap();
        assert_eq!(response.status(), 200);
    });
    assert_eq!(api.take_seen().len(), 3);
}
