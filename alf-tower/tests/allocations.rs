//! What the layer adds in memory.

use std::convert::Infallible;

use alf_tower::{AuthorizationLayer, ReplayBody};
use allocation_counter::measure;
use bytes::Bytes;
use futures_util::{FutureExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, Empty, StreamBody};
use pollster::block_on;
use tower::{Layer, ServiceExt, service_fn};

use service::{Answer, get, tokens};

#[path = "support/service.rs"]
mod service;

#[test]
fn p3_a_call_without_a_body_makes_two_more_allocations() {
    let tokens = tokens();
    let token = block_on(tokens.token()).unwrap();
    let mut service = AuthorizationLayer::new(tokens).layer(Answer);
    let (layered, bare) = (get(), get());
    let mut bare = bare;
    let value = token.header_value().clone();
    bare.headers_mut().insert("authorization", value);
    let bare = measure(|| {
        service::call(&mut Answer, bare)
            .now_or_never()
            .unwrap()
            .unwrap();
    });
    let layered = measure(|| {
        service::call(&mut service, layered)
            .now_or_never()
            .unwrap()
            .unwrap();
    });
    let added = layered.count_total - bare.count_total;
    assert!(added <= 2, "{added} more allocations");
}

#[test]
fn p3_an_upload_of_100_mebibytes_takes_no_more_memory() {
    let reads_all = service_fn(|request: Request<ReplayBody<_>>| async move {
        let mut body = request.into_body();
        let mut length = 0;
        while let Some(frame) = body.frame().await {
            length += frame?.into_data().map_or(0, |data| data.len());
        }
        assert_eq!(length, 100 * 1024 * 1024);
        Ok::<_, alf_tower::BoxError>(Response::new(Empty::<Bytes>::new()))
    });
    let tokens = tokens();
    block_on(tokens.token()).unwrap();
    let service = AuthorizationLayer::new(tokens).layer(reads_all);
    for frame in [1024, 64 * 1024] {
        let frames = (0..100 * 1024 * 1024 / frame)
            .map(move |_| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; frame]))));
        let upload = Request::post("https://api.example.com/upload")
            .body(StreamBody::new(stream::iter(frames)))
            .unwrap();
        let used = measure(|| {
            block_on(service.clone().oneshot(upload)).unwrap();
        });
        let most = used.bytes_max;
        assert!(most < 1024 * 1024, "{most} bytes, in frames of {frame}");
    }
}
