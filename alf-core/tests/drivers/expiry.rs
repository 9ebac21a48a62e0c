//! E: expiry and renewal, as callers see it.

use std::time::Duration;

use crate::support::{
    API, ApiRequest, CLIENT_ID, DUE, Harness, LIFETIME, Reply, WITHIN_LEEWAY, access_token,
    just_before, millis, seconds, secret_that_hangs_from,
};

#[test]
fn e1_fresh_token_is_not_renewed_and_expired_token_is_not_used() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.advance(just_before(LIFETIME * 7 / 10));
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.endpoint.requests(), 1);
    harness.advance(LIFETIME);
    let _renewal = harness.endpoint.hold();
    assert!(!harness.ask(&tokens).is_finished());
}

#[test]
fn e1_token_that_states_no_time_costs_one_request_a_second() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::Token("brief", Some(0)));
    for _ in 0..50 {
        assert_eq!(harness.token_now(&tokens), "brief");
        harness.advance(millis(100));
    }
    assert_eq!(harness.endpoint.requests(), 5);
}

#[test]
fn e2_while_a_token_is_due_no_caller_waits_and_one_renewal_runs_in_the_background() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.advance(DUE);
    let renewal = harness.endpoint.hold();
    for _ in 0..100 {
        assert_eq!(harness.get_now(&client), 200);
    }
    assert!(
        harness
            .api
            .tokens_sent()
            .iter()
            .all(|token| token == "token-1")
    );
    assert_eq!(harness.endpoint.requests(), 2);
    harness.answer(renewal, Reply::Issue);
    assert_eq!(harness.token_now(client.tokens()), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
    harness.assert_idle();
}

#[test]
fn e2_renewal_goes_on_if_the_request_that_started_it_is_dropped() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.advance(DUE);
    let renewal = harness.endpoint.hold();
    let _answer = harness.api.hold();
    let noticed = harness.send(&client, ApiRequest::get(API));
    assert_eq!(harness.endpoint.requests(), 2);
    drop(noticed);
    harness.answer(renewal, Reply::Issue);
    assert_eq!(harness.token_now(client.tokens()), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn e3_callers_without_a_usable_token_wait_for_the_acquisition() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    for (pass, token) in ["token-1", "token-2"].into_iter().enumerate() {
        let acquisition = harness.endpoint.hold();
        let mut calls = [harness.ask(&tokens), harness.ask(&tokens)];
        assert!(calls.iter().all(|call| !call.is_finished()), "{token}");
        harness.answer(acquisition, Reply::Issue);
        for call in &mut calls {
            assert_eq!(access_token(&call.take().unwrap().unwrap()), token);
        }
        assert_eq!(harness.endpoint.requests(), pass + 1);
        harness.advance(WITHIN_LEEWAY);
    }
}

#[test]
fn e4_after_a_failed_attempt_the_token_is_used_and_no_caller_waits_for_the_next_attempt() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.advance(WITHIN_LEEWAY);
    let attempt = harness.endpoint.hold();
    let _next = harness.endpoint.hold();
    let mut calls: Vec<_> = (0..10).map(|_| harness.ask(&tokens)).collect();
    assert!(calls.iter().all(|call| !call.is_finished()));
    harness.answer(attempt, Reply::status(503));
    for call in &mut calls {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    // In the pause, and while the next attempt is under way.
    assert_eq!(harness.token_now(&tokens), "token-1");
    harness.advance(millis(100));
    assert_eq!(harness.endpoint.under_way(), 1);
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn e4_failed_renewals_are_invisible_until_the_token_expires() {
    for reply in [
        Reply::status(503),
        Reply::refuse(400, "invalid_client"),
        Reply::body("no JSON"),
    ] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.token_now(&tokens);
        harness.endpoint.otherwise(reply.clone());
        // First it is due, then within leeway.
        harness.advance(DUE);
        while harness.time().elapsed() < just_before(LIFETIME) {
            let mut call = harness.ask(&tokens);
            let token = call
                .take()
                .unwrap_or_else(|| panic!("the caller waits: {reply:?}"));
            assert_eq!(access_token(&token.unwrap()), "token-1", "{reply:?}");
            let left = just_before(LIFETIME).saturating_sub(harness.time().elapsed());
            harness.advance(millis(330).min(left));
        }
        harness.advance(millis(1));
        let error = harness.ask_and_wait(&tokens).unwrap_err();
        assert!(error.retry_at().is_some(), "{reply:?}");
        assert!(harness.endpoint.requests() > 3, "{reply:?}");
    }
}

#[test]
fn e4_permanent_failure_of_the_first_renewal_within_leeway_is_invisible_to_its_waiters() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    harness.advance(WITHIN_LEEWAY);
    let attempt = harness.endpoint.hold();
    let mut calls = [harness.ask(&tokens), harness.ask(&tokens)];
    harness.answer(attempt, Reply::refuse(401, "invalid_client"));
    for call in &mut calls {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    // In the back-off (B2) the token is used too.
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn e4_waiters_do_not_wait_while_credentials_are_read_again() {
    let harness = Harness::new();
    // The third read is the one after the refusal.
    let secret = secret_that_hangs_from(3);
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    harness.token_now(client.tokens());
    harness.advance(WITHIN_LEEWAY);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert_eq!(harness.token_now(client.tokens()), "token-1");
}

#[test]
fn e5_token_of_unknown_lifetime_is_used_until_it_is_rejected() {
    let harness = Harness::new();
    let client = harness.client();
    harness.endpoint.reply(Reply::Token("timeless", None));
    for _ in 0..10 {
        assert_eq!(harness.token_now(client.tokens()), "timeless");
        harness.advance(Duration::from_secs(365 * 86_400));
    }
    assert_eq!(harness.endpoint.requests(), 1);
    harness.api.revoke("timeless");
    assert_eq!(harness.get_now(&client), 200);
    assert_eq!(harness.token_now(client.tokens()), "token-1");
}

#[test]
fn e5_token_of_unknown_lifetime_is_used_for_the_default_lifetime() {
    let harness = Harness::new();
    let client = harness.client_with(|builder| builder.default_lifetime(LIFETIME));
    harness.endpoint.reply(Reply::Token("timeless", None));
    harness.token_now(client.tokens());
    harness.advance(LIFETIME);
    assert_eq!(harness.token_now(client.tokens()), "token-1");
}

#[test]
fn e6_same_token_again_is_not_an_error_and_not_a_loop() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::Token("same", Some(1000)));
    let first = harness.ask_now(&tokens).unwrap();
    harness.advance(DUE);
    // Its remaining lifetime is so short that it is due at once, each time.
    harness.endpoint.otherwise(Reply::Token("same", Some(1)));
    let before = harness.endpoint.requests();
    for _ in 0..100 {
        let token = harness.ask_now(&tokens).unwrap();
        assert_eq!(access_token(&token), "same");
        assert_eq!(token.generation(), first.generation());
        harness.advance(millis(100));
    }
    let renewals = harness.endpoint.requests() - before;
    assert!((9..=10).contains(&renewals), "{renewals} in 10 s");
    assert!(
        harness
            .endpoint
            .pauses()
            .iter()
            .all(|pause| *pause >= seconds(1))
    );
    let events = harness.events.all();
    let unchanged = events
        .iter()
        .filter(|event| event.contains("is_new: false"));
    assert_eq!(unchanged.count(), renewals);
}

#[test]
fn e6_same_token_again_has_the_lifetime_that_it_stated_last() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::Token("same", Some(1000)));
    harness.token_now(&tokens);
    harness.advance(DUE);
    harness.token_now(&tokens);
    harness.advance(LIFETIME / 2);
    let requests = harness.endpoint.requests();
    assert_eq!(harness.token_now(&tokens), "same");
    assert_eq!(harness.endpoint.requests(), requests);
}

#[test]
fn e7_sleep_of_the_machine_is_noticed_within_30_s_and_once() {
    for awake in [seconds(0), seconds(7)] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.token_now(&tokens);
        harness.advance(awake);
        harness.token_now(&tokens);
        harness.time().step_wall_clock_forward(LIFETIME);
        harness.advance(seconds(30));
        assert_eq!(harness.token_now(&tokens), "token-2");
        for _ in 0..10 {
            harness.advance(seconds(30));
            assert_eq!(harness.token_now(&tokens), "token-2");
        }
        assert_eq!(harness.endpoint.requests(), 2);
    }
}

#[test]
fn e7_backward_steps_and_small_jumps_of_the_wall_clock_are_ignored() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.token_now(&tokens);
    for _ in 0..20 {
        harness.time().step_wall_clock_forward(seconds(5));
        harness.advance(seconds(16));
        assert_eq!(harness.token_now(&tokens), "token-1");
    }
    harness.time().step_wall_clock_backward(LIFETIME * 100);
    // Less than 700 s in total: the token is fresh by the monotonic clock.
    while harness.time().elapsed() + seconds(16) < seconds(700) {
        harness.advance(seconds(16));
        assert_eq!(harness.token_now(&tokens), "token-1");
    }
    assert_eq!(harness.endpoint.requests(), 1);
    // A backward step does not make it last longer.
    harness.advance(LIFETIME);
    assert_eq!(harness.token_now(&tokens), "token-2");
}

#[test]
fn e7_step_of_the_wall_clock_ends_no_acquisition_and_fails_no_waiter() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.advance(seconds(14));
    let attempt = harness.endpoint.hold();
    let next = harness.endpoint.hold();
    let mut first = harness.ask(&tokens);
    harness.time().step_wall_clock_forward(seconds(3600));
    harness.advance(seconds(2));
    // The clocks are compared now.
    let mut second = harness.ask(&tokens);
    harness.answer(attempt, Reply::status(503));
    harness.advance(millis(100));
    assert_eq!(harness.endpoint.under_way(), 1);
    harness.answer(next, Reply::Issue);
    for call in [&mut first, &mut second] {
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(harness.events.count("AcquisitionStarted"), 1);
    assert_eq!(harness.token_now(&tokens), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn e7_step_of_the_wall_clock_ends_no_back_off() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let refusal = Reply::refuse(401, "invalid_client").header("retry-after", "60");
    harness.endpoint.otherwise(refusal);
    assert!(harness.ask_now(&tokens).is_err());
    harness.time().step_wall_clock_forward(seconds(3600));
    harness.advance(just_before(seconds(60)));
    assert!(harness.ask_now(&tokens).is_err());
    assert_eq!(harness.endpoint.requests(), 1);
    harness.advance(millis(1));
    assert!(harness.ask_now(&tokens).is_err());
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn e7_suspension_during_a_token_request_counts_for_the_lifetime() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.advance(seconds(14));
    let attempt = harness.endpoint.hold();
    let mut first = harness.ask(&tokens);
    harness.time().step_wall_clock_forward(LIFETIME);
    harness.advance(seconds(2));
    harness.answer(attempt, Reply::Issue);
    assert_eq!(access_token(&first.take().unwrap().unwrap()), "token-1");
    assert_eq!(harness.token_now(&tokens), "token-2");
    assert_eq!(harness.endpoint.requests(), 2);
}

/// The renewal takes so long that its token is due when it is obtained.
#[test]
fn e2_token_that_is_due_when_it_is_obtained_replaces_the_old_one() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::Token("long", Some(1000)));
    assert_eq!(harness.token_now(&tokens), "long");
    harness.advance(seconds(800));
    let renewal = harness.endpoint.hold();
    assert_eq!(harness.token_now(&tokens), "long");
    harness.advance(seconds(2));
    harness.answer(renewal, Reply::Token("short", Some(1)));
    let _next = harness.endpoint.hold();
    assert_eq!(harness.token_now(&tokens), "short");
}
