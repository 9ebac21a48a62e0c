//! R3, R4, R7, R8: replayed requests, through [`Client::send`](alf_core::Client::send).

use crate::support::{
    API, ApiRequest, ApiResponse, Harness, Reply, just_before, millis, seconds, with_revoked_token,
};

#[test]
fn r3_request_is_replayed_once_and_the_second_response_is_returned() {
    for status in [401, 403, 500, 200, 302] {
        let harness = Harness::new();
        let client = harness.client();
        harness.api.answers(move |sent| match sent.token.as_str() {
            "token-1" => ApiResponse::rejection(),
            _ => ApiResponse::status_of(status),
        });
        assert_eq!(harness.get_now(&client), status);
        assert_eq!(harness.api.requests(), 2);
        assert_eq!(harness.endpoint.requests(), 2);
        assert_eq!(harness.events.count("Replayed"), 1);
    }
}

#[test]
fn r4_stream_is_not_replayed_and_its_401_is_returned_untouched() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.revoke("token-1");
    let renewal = harness.endpoint.hold();
    renewal.answer(Reply::Issue);
    let answer = harness.send_now(&client, ApiRequest::get(API).streaming());
    assert_eq!(answer.unwrap().status(), 401);
    let calls = harness.log.take();
    assert_eq!(calls[..2], ["exchange", "send token-1"]);
    assert!(!calls.contains(&"discard".to_owned()));
    // The token is renewed for the next caller, in the background.
    assert_eq!(harness.endpoint.requests(), 2);
    assert_eq!(harness.token_now(client.tokens()), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r4_stream_does_not_wait_for_the_renewal() {
    let (harness, client) = with_revoked_token();
    let _renewal = harness.endpoint.hold();
    let answer = harness.send_now(&client, ApiRequest::get(API).streaming());
    assert_eq!(answer.unwrap().status(), 401);
    assert_eq!(harness.endpoint.under_way(), 1);
}

#[test]
fn r4_without_replays_a_401_is_returned_untouched_and_the_token_renewed() {
    let harness = Harness::new();
    let client = harness.client_with(alf_core::ClientBuilder::without_replays);
    harness.api.revoke("token-1");
    assert_eq!(harness.get_now(&client), 401);
    assert_eq!(harness.api.requests(), 1);
    assert!(!harness.log.take().contains(&"discard".to_owned()));
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.api.tokens_sent(), ["token-1", "token-2"]);
}

#[test]
fn r7_other_statuses_are_never_replayed() {
    for status in [200, 302, 400, 402, 403, 404, 407, 429, 500, 503] {
        let harness = Harness::new();
        let client = harness.client();
        harness.api.answers(move |_| ApiResponse::status_of(status));
        assert_eq!(harness.get_now(&client), status);
        assert_eq!(harness.api.requests(), 1, "{status}");
        assert_eq!(harness.endpoint.requests(), 1, "{status}");
    }
}

#[test]
fn r8_rejected_response_is_discarded_before_the_renewal_is_waited_for() {
    let (harness, client) = with_revoked_token();
    let renewal = harness.endpoint.hold();
    let _ = harness.log.take();
    let call = harness.send(&client, ApiRequest::get(API));
    assert!(!call.is_finished());
    assert_eq!(harness.log.take(), ["send token-1", "discard", "exchange"]);
    harness.answer(renewal, Reply::Issue);
    assert!(call.is_finished());
    assert_eq!(harness.log.take(), ["send token-2"]);
}

#[test]
fn r8_discarding_ends_after_a_second() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.revoke("token-1");
    harness.api.never_discards();
    let mut call = harness.send(&client, ApiRequest::get(API));
    harness.advance(just_before(seconds(1)));
    assert!(!call.is_finished());
    harness.advance(millis(1));
    assert_eq!(call.take().unwrap().unwrap().status(), 200);
    harness.assert_idle();
}
