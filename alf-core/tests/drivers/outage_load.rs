//! B2: how many token requests an outage costs a client with many scopes, and how soon its end is noticed.

use std::time::Duration;

use alf_core::TokenManager;

use crate::support::{
    ACQUIRE_TIMEOUT, Harness, Reply, TokenCall, ask_all, millis, scopes, seconds,
};

const SCOPES: usize = 64;

/// Lets time pass. Each target is asked for a token again as soon as its last call has an outcome.
fn ask_continuously(harness: &Harness, tokens: &[TokenManager], time: Duration) {
    let step = millis(250);
    let mut calls = ask_all(harness, tokens);
    for _ in 0..time.as_millis() / step.as_millis() {
        harness.advance(step);
        for (call, tokens) in calls.iter_mut().zip(tokens) {
            if call.is_finished() {
                *call = harness.ask(tokens);
            }
        }
    }
}

/// How many token requests a client with `count` scopes makes in ten minutes, if each is answered by `reply`.
fn requests_in_ten_minutes(reply: &Reply, count: usize) -> usize {
    let harness = Harness::new();
    harness.endpoint.otherwise(reply.clone());
    let tokens = scopes(&harness.tokens(), count);
    ask_continuously(&harness, &tokens, seconds(600));
    harness.endpoint.requests()
}

/// The same, if each target is asked for a token again at a random time within ten seconds.
fn requests_of_slow_callers(reply: &Reply, count: usize) -> usize {
    let mut random = fastrand::Rng::with_seed(7);
    let harness = Harness::new();
    harness.endpoint.otherwise(reply.clone());
    let tokens = scopes(&harness.tokens(), count);
    let step = 50;
    let mut calls: Vec<Option<TokenCall>> = tokens.iter().map(|_| None).collect();
    let mut next: Vec<u64> = tokens.iter().map(|_| random.u64(..5000)).collect();
    for now in (0..600_000).step_by(step) {
        harness.advance(millis(50));
        for (number, call) in calls.iter_mut().enumerate() {
            if call.as_ref().is_some_and(TokenCall::is_finished) {
                *call = None;
                next[number] = now + random.u64(..10_000);
            }
            if call.is_none() && next[number] <= now {
                *call = Some(harness.ask(&tokens[number]));
            }
        }
    }
    harness.endpoint.requests()
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the numbers are compared by hand after a change"
)]
fn b2_load_in_an_outage_does_not_grow_with_the_scopes() {
    for reply in [
        Reply::unreachable(),
        Reply::status(503),
        Reply::Never,
        Reply::refuse(401, "invalid_client"),
    ] {
        let of_one = requests_in_ten_minutes(&reply, 1);
        let of_many = requests_in_ten_minutes(&reply, SCOPES);
        println!("{reply:?}: {of_one} token requests for one scope, {of_many} for {SCOPES}");
        // Each scope has made one attempt before the client knew of the outage.
        let most = SCOPES + of_one + of_one / 5;
        assert!(
            of_many <= most,
            "{reply:?}: {of_many}, and {of_one} for one"
        );
        // With fewer attempts the client would not notice the end of the outage.
        assert!(of_many >= of_one * 4 / 5, "{reply:?}: {of_many}, {of_one}");
    }
}

#[test]
fn b2_load_of_slow_callers_does_not_grow_with_the_scopes() {
    for reply in [Reply::status(503), Reply::Never] {
        let of_one = requests_of_slow_callers(&reply, 1);
        let of_many = requests_of_slow_callers(&reply, 32);
        // With one scope no request is made between two calls. So many scopes may cost twice as many.
        assert!(
            of_many <= 32 + 2 * of_one,
            "{reply:?}: {of_many}, {of_one} for one"
        );
    }
}

#[test]
fn b2_all_scopes_notice_the_end_of_an_outage_within_five_seconds() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), SCOPES);
    harness.endpoint.otherwise(Reply::unreachable());
    ask_continuously(&harness, &tokens, seconds(120));
    harness.endpoint.otherwise(Reply::Issue);
    // Callers ask every quarter of a second.
    ask_continuously(&harness, &tokens, seconds(5) + millis(250));
    let before = harness.endpoint.requests();
    for tokens in &tokens {
        let outcome = harness.ask_now(tokens);
        assert!(outcome.is_ok(), "{outcome:?}");
    }
    assert_eq!(harness.endpoint.requests(), before);
    harness.advance(ACQUIRE_TIMEOUT);
    harness.assert_idle();
}

#[test]
fn b2_each_scope_gets_a_permit_however_many_others_always_fail() {
    for reply in [Reply::status(500), Reply::Never] {
        let harness = Harness::new();
        let client = harness.client();
        let mut tokens = scopes(client.tokens(), 16);
        // It always asks last, and each of its acquisitions lasts ten seconds at most.
        tokens.push(client.tokens().with_scope("valid"));
        harness.endpoint.always("scope=scope-", reply.clone());
        ask_continuously(&harness, &tokens, seconds(16 * 10));
        let valid = tokens.last().unwrap();
        assert!(harness.ask_now(valid).is_ok(), "{reply:?}");
    }
}
