//! R9: an API that refuses a token for its first seconds.

use std::time::Duration;

use alf_core::{Client, Runtime};

use crate::support::{
    API, Api, ApiRequest, ApiResponse, DUE, Harness, OTHER_API, Reply, WITHIN_LEEWAY, access_token,
    millis, seconds,
};

/// A client whose `token-1` was just replaced by `token-2`.
fn renewed() -> (Harness, Client<Api>) {
    renewed_after(DUE)
}

fn renewed_after(age: Duration) -> (Harness, Client<Api>) {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.advance(age);
    harness.get_now(&client);
    assert_eq!(harness.endpoint.requests(), 2);
    (harness, client)
}

/// The API rejects that token alone.
fn refuse(harness: &Harness, token: &'static str) {
    harness.api.answers(move |sent| match &*sent.token {
        sent if sent == token => ApiResponse::rejection(),
        _ => ApiResponse::status_of(200),
    });
}

/// All of them are sent before the first is answered.
#[track_caller]
fn assert_ten_at_once_succeed(harness: &Harness, client: &Client<Api>) {
    let answers: Vec<_> = (0..10).map(|_| harness.api.hold()).collect();
    let mut calls: Vec<_> = (0..10)
        .map(|_| harness.send(client, ApiRequest::get(API)))
        .collect();
    drop(answers);
    harness.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
}

#[test]
fn r9_api_that_refuses_a_token_for_2_s_fails_no_call_and_costs_no_token_request() {
    let harness = Harness::new();
    let client = harness.client();
    for number in 1..10 {
        let token = format!(r#"{{"access_token":"token-{number}","expires_in":20}}"#);
        harness.endpoint.reply(Reply::body(token));
    }
    harness.token_now(client.tokens());
    harness.advance(seconds(2));
    let (runtime, endpoint) = (harness.runtime.clone(), harness.endpoint.clone());
    harness.api.answers(move |sent| {
        let number: usize = sent.token.trim_start_matches("token-").parse().unwrap();
        let age = runtime
            .now()
            .saturating_since(endpoint.exchanges()[number - 1].at);
        let is_accepted = (seconds(2)..seconds(20)).contains(&age);
        ApiResponse::status_of(if is_accepted { 200 } else { 401 })
    });
    // Each token is renewed after 14 to 16 s: the third renewal is at 48 s at the latest, and the fourth after the last call.
    let calls = 770;
    for _ in 0..calls {
        assert_eq!(harness.get_now(&client), 200);
        harness.advance(millis(70));
    }
    assert_eq!(harness.endpoint.requests(), 1 + 3);
    assert_eq!(harness.api.requests(), calls + 3, "a replay for each");
    assert_eq!(harness.events.count("PreviousTokenUsed"), 3);
    assert_eq!(harness.events.count("TokenRejected"), 0);
}

#[test]
fn r9_callers_at_once_are_replayed_with_the_previous_token_and_others_use_it() {
    let (harness, client) = renewed();
    refuse(&harness, "token-2");
    assert_ten_at_once_succeed(&harness, &client);
    let sent = harness.api.requests();
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.token_now(client.tokens()), "token-1");
    let cached = client.tokens().cached_token().unwrap();
    assert_eq!(access_token(&cached), "token-1");
    assert_eq!(harness.api.requests(), sent + 1, "not rejected");
    harness.advance(seconds(5));
    assert_eq!(harness.token_now(client.tokens()), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r9_r1_revocation_of_both_tokens_fails_no_call() {
    let (harness, client) = renewed();
    harness.api.revoke("token-1");
    harness.api.revoke("token-2");
    assert_ten_at_once_succeed(&harness, &client);
    assert_eq!(harness.endpoint.requests(), 3);
    assert_eq!(harness.events.count("TokenRejected"), 1);
    assert_eq!(harness.token_now(client.tokens()), "token-3");
    // L5: with the previous token, and with the renewed one.
    let events = harness.events.all();
    assert!(
        events.iter().any(|event| event.contains("resend_count: 2")),
        "{events:#?}"
    );
}

#[test]
fn r9_r1_revocation_of_both_tokens_fails_no_call_if_the_previous_one_is_within_leeway() {
    let (harness, client) = renewed_after(WITHIN_LEEWAY);
    harness.api.revoke("token-1");
    harness.api.revoke("token-2");
    assert_ten_at_once_succeed(&harness, &client);
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r9_r1_revocation_of_both_tokens_fails_no_call_while_the_new_one_becomes_5_s_old() {
    let (harness, client) = renewed();
    harness.api.revoke("token-1");
    harness.api.revoke("token-2");
    let answers = [harness.api.hold(), harness.api.hold()];
    let mut call = harness.send(&client, ApiRequest::get(API));
    let [first, replay] = answers;
    drop(first);
    harness.runtime.run_until_stalled();
    assert_eq!(harness.events.count("PreviousTokenUsed"), 1);
    harness.advance(seconds(5));
    drop(replay);
    harness.runtime.run_until_stalled();
    assert_eq!(call.take().unwrap().unwrap().status(), 200);
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r9_r4_revocation_of_both_tokens_is_noticed_by_two_streams() {
    let (harness, client) = renewed();
    harness.api.revoke("token-1");
    harness.api.revoke("token-2");
    let stream = || ApiRequest::get(API).streaming();
    let statuses = [(); 3].map(|()| harness.send_now(&client, stream()).unwrap().status());
    assert_eq!(statuses, [401, 401, 200]);
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r9_r6_api_that_always_rejects_costs_one_renewal() {
    let (harness, client) = renewed();
    harness.api.answers(|sent| {
        let is_rejecting = sent.origin.as_ref().host() == "other.example.com";
        ApiResponse::status_of(if is_rejecting { 401 } else { 200 })
    });
    let get = || {
        harness
            .send_now(&client, ApiRequest::get(OTHER_API))
            .unwrap()
    };
    for _ in 0..10 {
        assert_eq!(get().status(), 401);
        assert_eq!(harness.get_now(&client), 200);
    }
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r9_loop_over_a_token_manager_gets_the_previous_token() {
    let (harness, client) = renewed();
    let tokens = client.tokens();
    let rejected = harness.ask_now(tokens).unwrap();
    tokens.reject(&rejected);
    let previous = harness.ask_now(tokens).unwrap();
    assert_eq!(access_token(&previous), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
    tokens.reject(&previous);
    harness.runtime.run_until_stalled();
    assert_eq!(harness.token_now(tokens), "token-3");
}

#[test]
fn r9_token_of_another_manager_does_not_reject_the_previous_one() {
    let (harness, client) = renewed();
    let tokens = client.tokens();
    let foreign = harness.ask_now(&tokens.with_scope("other")).unwrap();
    assert_eq!(foreign.generation(), 1);
    tokens.reject(&harness.ask_now(tokens).unwrap());
    tokens.reject(&foreign);
    assert_eq!(harness.token_now(tokens), "token-1");
}

#[test]
fn r9_f5_revoked_token_is_not_replaced_by_the_previous_one() {
    let (harness, client) = renewed();
    let tokens = harness
        .client_with(|builder| builder.revocation_endpoint("https://as.example/r"))
        .tokens()
        .clone();
    drop(client);
    harness.token_now(&tokens);
    harness.advance(DUE);
    harness.token_now(&tokens);
    tokens.reject(&harness.ask_now(&tokens).unwrap());
    assert_eq!(harness.token_now(&tokens), "token-3");
    harness.endpoint.reply(Reply::status(200));
    let revoking = tokens.clone();
    let revoked = harness
        .runtime
        .block_on(async move { revoking.revoke().await });
    revoked.unwrap();
    assert_eq!(harness.token_now(&tokens), "token-5");
}

#[test]
fn r9_watch_does_not_return_the_previous_token_again() {
    let (harness, client) = renewed();
    let mut watch = client.tokens().watch();
    let mut next = harness.runtime.start(async move {
        let first = watch.next().await.unwrap();
        let second = watch.next().await.unwrap();
        (access_token(&first), access_token(&second))
    });
    harness.runtime.run_until_stalled();
    refuse(&harness, "token-2");
    assert_eq!(harness.get_now(&client), 200);
    harness.advance(seconds(10));
    assert!(!next.is_finished());
    harness.advance(DUE);
    let (first, second) = next.take().unwrap();
    assert_eq!([first, second], ["token-2", "token-3"]);
}
