//! T4, T7, B1: how the answer to a token request is read.

use std::io;

use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::StreamBody;
use pollster::block_on;

use super::*;

const MOST: usize = 10;

/// The exchange whose answer is of that status and has a body of those frames.
fn exchange<I>(
    status: u16,
    frames: impl Fn() -> I + Send + Sync + 'static,
) -> Result<Response<Bytes>, ExchangeError>
where
    I: Iterator<Item = io::Result<Frame<Bytes>>> + Send + 'static,
{
    let transport = from_fn(Redirects::NotFollowed, move |_request| {
        let body = StreamBody::new(stream::iter(frames()));
        let response = Response::builder().status(status).body(body);
        async move { response }
    });
    let options = ExchangeOptions::new(MOST, Duration::from_secs(5));
    block_on(transport.exchange(Request::default(), &options))
}

/// Frames of that many bytes; the bytes of the whole body are numbered.
fn frames(lengths: &'static [usize]) -> impl Iterator<Item = io::Result<Frame<Bytes>>> {
    let mut next = 0_u8..;
    lengths.iter().map(move |length| {
        let piece: Vec<u8> = next.by_ref().take(*length).collect();
        Ok(Frame::data(Bytes::from(piece)))
    })
}

fn endless() -> impl Iterator<Item = io::Result<Frame<Bytes>>> {
    std::iter::repeat_with(|| Ok(Frame::data(Bytes::from_static(b"xyz"))))
}

#[test]
fn t7_a_body_is_read_whole_up_to_the_bound() {
    for lengths in [
        &[][..],
        &[0],
        &[10],
        &[1, 0, 9],
        &[3, 3, 3, 1],
        &[1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ] {
        for status in [200, 503] {
            let body = exchange(status, move || frames(lengths))
                .unwrap()
                .into_body();
            let whole: Vec<u8> = (0..).take(lengths.iter().sum()).collect();
            assert_eq!(body, whole, "{lengths:?}");
        }
    }
}

#[test]
fn t7_a_success_that_is_larger_is_an_error() {
    for lengths in [&[11][..], &[10, 1], &[3, 3, 3, 3]] {
        for status in [200, 204] {
            let error = exchange(status, move || frames(lengths)).unwrap_err();
            assert_eq!(error.kind(), ExchangeErrorKind::TooLarge, "{lengths:?}");
        }
    }
    let error = exchange(200, endless).unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::TooLarge);
}

#[test]
fn b1_a_failure_that_is_larger_is_cut() {
    for status in [307, 400, 429, 503] {
        for lengths in [&[11][..], &[10, 1], &[3, 3, 3, 3]] {
            let response = exchange(status, move || frames(lengths)).unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.body(), &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]);
        }
        let response = exchange(status, endless).unwrap();
        assert_eq!(response.body(), "xyzxyzxyzx");
    }
}

#[test]
fn t4_trailers_are_no_part_of_a_body() {
    let body = || frames(&[4]).chain([Ok(Frame::trailers(HeaderMap::new()))]);
    let response = exchange(200, body).unwrap();
    assert_eq!(response.body().len(), 4);
}

#[test]
fn t4_a_body_that_breaks_off_is_a_broken_exchange() {
    for status in [200, 503] {
        let broken = || Err(io::ErrorKind::ConnectionReset.into());
        let error = exchange(status, move || frames(&[4]).chain([broken()])).unwrap_err();
        assert_eq!(error.kind(), ExchangeErrorKind::Exchange);
    }
}
