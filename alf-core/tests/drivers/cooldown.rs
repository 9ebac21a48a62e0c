//! R6: the cool-down after a useless renewal, for each origin.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use alf_core::Client;

use crate::support::{
    API, Api, ApiRequest, ApiResponse, DUE, Harness, OTHER_API, Reply, access_token, just_before,
    millis, seconds,
};

/// Sends a request that is rejected. Returns whether that cost a renewal.
fn costs_a_renewal(harness: &Harness, client: &Client<Api>, url: &str) -> bool {
    let before = harness.endpoint.requests();
    let answer = harness.send_now(client, ApiRequest::get(url)).unwrap();
    assert_eq!(answer.status(), 401);
    harness.endpoint.requests() > before
}

#[test]
fn r6_api_that_always_answers_401_causes_fewer_and_fewer_renewals() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|_| ApiResponse::rejection());
    for cooldown in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert!(costs_a_renewal(&harness, &client, API), "{cooldown}");
        for _ in 0..10 {
            assert!(!costs_a_renewal(&harness, &client, API), "{cooldown}");
        }
        harness.advance(just_before(seconds(cooldown)));
        assert!(!costs_a_renewal(&harness, &client, API), "{cooldown}");
        harness.advance(millis(1));
    }
    assert_eq!(harness.events.count("RejectionReturned"), 8 * 11);
}

#[test]
fn r6_cool_down_of_one_origin_hides_no_revocation_from_another() {
    let harness = Harness::new();
    let client = harness.client();
    let revoked = Arc::new(AtomicUsize::new(0));
    let script = Arc::clone(&revoked);
    harness.api.answers(move |sent| {
        let number = sent.token_number();
        let always_rejects = sent.origin.as_ref().host() == "api.example.com";
        if always_rejects || number <= script.load(Ordering::Relaxed) {
            ApiResponse::rejection()
        } else {
            ApiResponse::status_of(200)
        }
    });
    assert!(costs_a_renewal(&harness, &client, API));
    assert!(!costs_a_renewal(&harness, &client, API));
    revoked.store(2, Ordering::Relaxed);
    let answer = harness
        .send_now(&client, ApiRequest::get(OTHER_API))
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(harness.endpoint.requests(), 3);
    // E1 to E3 go on in a cool-down.
    assert!(!costs_a_renewal(&harness, &client, API));
    assert_eq!(harness.token_now(client.tokens()), "token-3");
}

#[test]
fn r6_many_useless_replays_of_one_generation_count_once() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    let answers: Vec<_> = (0..100).map(|_| harness.api.hold()).collect();
    let calls: Vec<_> = (0..100)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    harness.api.answers(|_| ApiResponse::rejection());
    drop(answers);
    harness.runtime.run_until_stalled();
    assert!(calls.iter().all(alf_testkit::Call::is_finished));
    assert_eq!(harness.endpoint.requests(), 2);
    // The cool-down is the first one: a second.
    harness.advance(seconds(1));
    assert!(costs_a_renewal(&harness, &client, API));
}

/// Nothing shows that a renewal was useless: the connection of the replay breaks off.
#[test]
fn r6_useless_renewals_are_limited_if_replays_are_lost() {
    let harness = Harness::new();
    let client = harness.client();
    let sent = AtomicUsize::new(0);
    harness.api.answers(move |_| {
        if sent.fetch_add(1, Ordering::Relaxed) == 1 {
            ApiResponse::broken_off()
        } else {
            ApiResponse::rejection()
        }
    });
    assert!(harness.send_now(&client, ApiRequest::get(API)).is_err());
    for _ in 0..100 {
        assert_eq!(harness.get_now(&client), 401);
    }
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r6_token_that_was_accepted_is_renewed_at_the_next_rejection() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.api.revoke("token-1");
    let upload = ApiRequest::get(API).streaming();
    assert_eq!(harness.send_now(&client, upload).unwrap().status(), 401);
    assert_eq!(harness.get_now(&client), 200);
    harness.api.revoke("token-2");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.endpoint.requests(), 3);
}

/// The body of the 401 stalls, so that the replay comes late. Other requests use the renewed token first.
#[test]
fn r6_rejection_of_an_unproven_token_before_its_replay_counts() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|_| ApiResponse::rejection());
    harness.api.never_discards();
    let slow = harness.send(&client, ApiRequest::get(API));
    assert!(!slow.is_finished());
    for _ in 0..100 {
        assert_eq!(harness.get_now(&client), 401);
    }
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(seconds(1));
    assert!(slow.is_finished());
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r1_token_of_another_client_rejects_nothing() {
    let (one, two) = (Harness::new(), Harness::new());
    two.endpoint.reply(Reply::Token("its-own", Some(1000)));
    let (of_one, of_two) = (one.tokens(), two.tokens());
    let foreign = one.ask_now(&of_one).unwrap();
    assert_eq!(two.token_now(&of_two), "its-own");
    of_two.reject(&foreign);
    two.runtime.run_until_stalled();
    assert_eq!(two.token_now(&of_two), "its-own");
    assert_eq!(two.endpoint.requests(), 1);
}

#[test]
fn r6_accepted_replay_clears_the_cool_down() {
    let harness = Harness::new();
    let client = harness.client();
    let good_from = Arc::new(AtomicUsize::new(usize::MAX));
    let script = Arc::clone(&good_from);
    harness.api.answers(move |sent| {
        if sent.token_number() >= script.load(Ordering::Relaxed) {
            ApiResponse::status_of(200)
        } else {
            ApiResponse::rejection()
        }
    });
    for cooldown in [1, 2, 4] {
        assert!(costs_a_renewal(&harness, &client, API));
        harness.advance(seconds(cooldown));
    }
    good_from.store(5, Ordering::Relaxed);
    assert_eq!(harness.get_now(&client), 200);
    good_from.store(usize::MAX, Ordering::Relaxed);
    assert!(costs_a_renewal(&harness, &client, API), "it was cleared");
    harness.advance(seconds(1));
    assert!(
        costs_a_renewal(&harness, &client, API),
        "and starts again with a second"
    );
}

#[test]
fn r6_same_token_again_is_a_useless_renewal() {
    let harness = Harness::new();
    let client = harness.client();
    harness.endpoint.otherwise(Reply::Token("same", Some(1000)));
    harness.api.revoke("same");
    assert!(costs_a_renewal(&harness, &client, API));
    for _ in 0..100 {
        assert!(!costs_a_renewal(&harness, &client, API));
    }
    harness.advance(seconds(1));
    // Also if its remaining lifetime is shorter.
    harness.endpoint.otherwise(Reply::Token("same", Some(900)));
    assert!(costs_a_renewal(&harness, &client, API));
    harness.advance(seconds(1));
    assert!(
        !costs_a_renewal(&harness, &client, API),
        "two seconds this time"
    );
}

#[test]
fn r6_stream_that_is_always_rejected_starts_a_cool_down() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|_| ApiResponse::rejection());
    for _ in 0..100 {
        let answer = harness.send_now(&client, ApiRequest::get(API).streaming());
        assert_eq!(answer.unwrap().status(), 401);
        harness.advance(millis(10));
    }
    let requests = harness.endpoint.requests();
    assert!(requests <= 4, "{requests} token requests in a second");
}

#[test]
fn r6_origins_after_the_first_64_take_over_a_cool_down() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|_| ApiResponse::rejection());
    for number in 0..64 {
        let url = format!("https://api-{number}.example.com");
        assert!(costs_a_renewal(&harness, &client, &url), "{number}");
    }
    // No load on the AS, however many origins there are.
    for number in 64..200 {
        let url = format!("https://api-{number}.example.com");
        assert!(!costs_a_renewal(&harness, &client, &url), "{number}");
    }
}

#[test]
fn r6_origins_that_only_accept_take_no_cool_down_from_those_that_reject() {
    let harness = Harness::new();
    let client = harness.client();
    harness.api.answers(|sent| {
        if sent.origin.as_ref().host().starts_with("rejects") {
            ApiResponse::rejection()
        } else {
            ApiResponse::status_of(200)
        }
    });
    // The token is unproven from now on.
    let url = |number: usize| format!("https://rejects-{number}.example.com");
    assert!(costs_a_renewal(&harness, &client, &url(0)));
    for number in 0..70 {
        let url = format!("https://accepts-{number}.example.com");
        let answer = harness.send_now(&client, ApiRequest::get(&url)).unwrap();
        assert_eq!(answer.status(), 200);
    }
    for number in 1..4 {
        assert!(costs_a_renewal(&harness, &client, &url(number)), "{number}");
    }
}

#[test]
fn r6_rejections_by_a_users_own_loop_start_a_cool_down() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let mut token = harness.ask_now(&tokens).unwrap();
    harness.advance(seconds(100));
    for cooldown in [1, 2, 4] {
        // It was used for a while, or its cool-down has ended: rejecting it renews it.
        tokens.reject(&token);
        harness.runtime.run_until_stalled();
        let renewed = harness.ask_now(&tokens).unwrap();
        assert_ne!(renewed.generation(), token.generation(), "{cooldown}");
        token = renewed;
        // It is rejected at once: renewing was useless.
        let requests = harness.endpoint.requests();
        for _ in 0..10 {
            tokens.reject(&token);
            assert_eq!(
                access_token(&harness.ask_now(&tokens).unwrap()),
                access_token(&token)
            );
        }
        assert_eq!(harness.endpoint.requests(), requests);
        harness.advance(just_before(seconds(cooldown)));
        tokens.reject(&token);
        harness.runtime.run_until_stalled();
        assert_eq!(harness.endpoint.requests(), requests, "{cooldown}");
        harness.advance(millis(1));
    }
}

#[test]
fn r1_users_own_loop_rejects_the_token_that_it_sent() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let old = harness.ask_now(&tokens).unwrap();
    harness.advance(seconds(2));
    for _ in 0..1000 {
        tokens.reject(&old);
    }
    harness.runtime.run_until_stalled();
    assert_eq!(harness.token_now(&tokens), "token-2");
    tokens.reject(&old);
    harness.runtime.run_until_stalled();
    assert_eq!(harness.token_now(&tokens), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

/// A renewal brings the rejected token again, but was under way before the 401: another one may help.
#[test]
fn r6_same_token_is_useless_only_if_it_was_requested_after_the_401() {
    let harness = Harness::new();
    let client = harness.client();
    harness.endpoint.reply(Reply::Token("shared", Some(1000)));
    assert_eq!(harness.get_now(&client), 200);
    harness.advance(DUE);
    let renewal = harness.endpoint.hold();
    assert_eq!(harness.get_now(&client), 200);
    harness.advance(millis(10));
    harness.api.revoke("shared");
    let mut calls: Vec<_> = (0..10)
        .map(|_| harness.send(&client, ApiRequest::get(API)))
        .collect();
    harness.answer(renewal, Reply::Token("shared", Some(150)));
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r6_same_token_that_was_requested_before_a_401_is_requested_again_once() {
    let harness = Harness::new();
    let client = harness.client();
    harness.endpoint.otherwise(Reply::Token("same", Some(1000)));
    assert_eq!(harness.get_now(&client), 200);
    harness.advance(DUE);
    let renewal = harness.endpoint.hold();
    assert_eq!(harness.get_now(&client), 200);
    harness.advance(millis(10));
    harness.api.revoke("same");
    let mut call = harness.send(&client, ApiRequest::get(API));
    harness.answer(renewal, Reply::Token("same", Some(150)));
    assert_eq!(call.take().unwrap().unwrap().status(), 401);
    for _ in 0..100 {
        assert!(!costs_a_renewal(&harness, &client, API));
    }
    assert_eq!(harness.endpoint.requests(), 3);
}

/// Its number is not that of the held token, which is due.
#[test]
fn r1_token_of_another_client_starts_no_acquisition() {
    let (one, two) = (Harness::new(), Harness::new());
    let (of_one, of_two) = (one.tokens(), two.tokens());
    let first = one.ask_now(&of_one).unwrap();
    of_one.reject(&first);
    one.runtime.run_until_stalled();
    let foreign = one.ask_now(&of_one).unwrap();
    assert_eq!(foreign.generation(), 2);
    assert_eq!(two.token_now(&of_two), "token-1");
    two.advance(DUE);
    of_two.reject(&foreign);
    of_two.reject_by(&foreign, &alf_core::Origin::parse(API).unwrap());
    two.runtime.run_until_stalled();
    assert_eq!(two.endpoint.requests(), 1);
}
