//! The layer among others: twice in one stack, or above a service that completes URIs.

use alf_core::{NotAllowed, NotAllowedReason};
use alf_tower::ReplayBody;
use bytes::Bytes;
use http::{Method, Request, Response, Version};
use http_body_util::Full;
use tower::util::MapRequestLayer;
use tower::{Layer, ServiceExt, service_fn};

use crate::api::{Api, URL, get, post};

#[test]
fn r3_a_layer_that_is_twice_in_a_stack_replays_once() {
    let mut api = Api::default();
    api.rejects_all = true;
    let layer = api.layer();
    let service = layer.layer(layer.layer(api.clone()));
    let response = pollster::block_on(service.oneshot(get(URL))).unwrap();
    assert_eq!(response.status(), 401);
    assert_eq!(api.take_seen_tokens(), ["Bearer token-1", "Bearer token-2"]);
}

#[test]
fn r4_a_replay_has_everything_of_the_request() {
    let (sender, seen) = std::sync::mpsc::channel();
    let rejects_all = service_fn(move |request: Request<ReplayBody<Full<Bytes>>>| {
        let (head, _) = request.into_parts();
        sender.send(head).unwrap();
        let response = Response::builder().status(401);
        std::future::ready(response.body(Full::<Bytes>::default()))
    });
    let mut request = post(Full::<Bytes>::from("a body"));
    *request.version_mut() = Version::HTTP_2;
    request.extensions_mut().insert("an extension");
    // More than a `HeaderMap` has names.
    for number in 0..30_000 {
        request.headers_mut().append("x-case", number.into());
    }
    let service = Api::default().layer().layer(rejects_all);
    let response = pollster::block_on(service.oneshot(request)).unwrap();
    assert_eq!(response.status(), 401);
    let [mut sent, mut replayed] = [(); 2].map(|()| seen.recv().unwrap());
    assert_eq!(
        sent.headers.remove("authorization").unwrap(),
        "Bearer token-1"
    );
    assert_eq!(
        replayed.headers.remove("authorization").unwrap(),
        "Bearer token-2"
    );
    for head in [&sent, &replayed] {
        assert_eq!(
            (&head.method, head.version),
            (&Method::POST, Version::HTTP_2)
        );
        assert_eq!(head.uri, URL);
        assert_eq!(head.extensions.get(), Some(&"an extension"));
    }
    assert_eq!(sent.headers.len(), 30_000);
    assert_eq!(sent.headers, replayed.headers);
}

#[test]
fn f2_another_authorization_is_replaced() {
    let api = Api::default();
    let service = api.layer().layer(api.clone());
    let mut request = get(URL);
    let headers = request.headers_mut();
    headers.append("authorization", "Bearer token-9".parse().unwrap());
    headers.append("authorization", "Basic of-the-user".parse().unwrap());
    pollster::block_on(service.oneshot(request)).unwrap();
    assert_eq!(api.take_seen_tokens(), ["Bearer token-1"]);
}

#[test]
fn x2_a_relative_uri_needs_a_base_uri() {
    let api = Api::default();
    let service = api.layer().layer(api.clone());
    let error = pollster::block_on(service.oneshot(get("/things"))).unwrap_err();
    assert!(error.to_string().contains("base_uri"), "{error}");
    let reason = error.downcast_ref::<NotAllowed>().unwrap().reason();
    assert_eq!(reason, NotAllowedReason::UnsupportedScheme);
    for (base, expected) in [
        ("https://api.example.com", None),
        ("http://127.0.0.1:8080", None),
        (
            "http://api.example.com",
            Some(NotAllowedReason::InsecureHttp),
        ),
        ("/", Some(NotAllowedReason::UnsupportedScheme)),
    ] {
        // It sees the URI as it was.
        let below = MapRequestLayer::new(|request: Request<_>| {
            assert_eq!(request.uri(), "/things");
            request
        });
        let layer = api.layer().base_uri(base.parse().unwrap());
        let service = layer.layer(below.layer(api.clone()));
        let sent = pollster::block_on(service.oneshot(get("/things")));
        let refused = sent
            .err()
            .map(|error| error.downcast_ref::<NotAllowed>().unwrap().reason());
        assert_eq!(refused, expected, "{base}");
    }
}

#[test]
fn x2_the_base_uri_is_not_for_absolute_uris() {
    let api = Api::default();
    let layer = api
        .layer()
        .base_uri("https://api.example.com".parse().unwrap());
    let sent = layer.layer(api).oneshot(get("http://api.example.com/"));
    let error = pollster::block_on(sent).unwrap_err();
    let reason = error.downcast_ref::<NotAllowed>().unwrap().reason();
    assert_eq!(reason, NotAllowedReason::InsecureHttp);
}
