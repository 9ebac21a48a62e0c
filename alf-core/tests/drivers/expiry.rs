//! E: expiry and renewal, as callers see it.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_core::ClientSecret;

use crate::support::{
    API, ApiRequest, CLIENT_ID, DUE, EXPIRED, LIFETIME, Reply, World, just_before, millis, seconds,
    shown,
};

#[test]
fn e1_a_fresh_token_is_not_renewed_and_one_past_its_stated_end_is_not_used() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.advance(just_before(LIFETIME * 7 / 10));
    assert_eq!(world.token_now(&tokens), "token-1");
    assert_eq!(world.endpoint.requests(), 1);
    world.advance(LIFETIME);
    let _renewal = world.endpoint.hold();
    assert!(!world.ask(&tokens).is_finished());
}

#[test]
fn e1_a_token_of_no_lifetime_costs_one_request_a_second() {
    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.otherwise(Reply::Token("brief", Some(0)));
    for _ in 0..50 {
        assert_eq!(world.token_now(&tokens), "brief");
        world.advance(millis(100));
    }
    assert_eq!(world.endpoint.requests(), 5);
}

#[test]
fn e2_while_a_token_is_due_nobody_waits_and_one_renewal_runs_beside() {
    let world = World::new();
    let client = world.client();
    world.get_now(&client);
    world.advance(DUE);
    let renewal = world.endpoint.hold();
    for _ in 0..100 {
        assert_eq!(world.get_now(&client), 200);
    }
    assert!(
        world
            .api
            .tokens_sent()
            .iter()
            .all(|token| token == "token-1")
    );
    assert_eq!(world.endpoint.requests(), 2);
    renewal.answer(Reply::Issue);
    world.runtime.run_until_stalled();
    assert_eq!(world.token_now(client.tokens()), "token-2");
    assert_eq!(world.endpoint.requests(), 2);
    world.assert_at_rest();
}

#[test]
fn e2_a_renewal_goes_on_when_the_request_that_noticed_it_is_dropped() {
    let world = World::new();
    let client = world.client();
    world.get_now(&client);
    world.advance(DUE);
    let renewal = world.endpoint.hold();
    let _answer = world.api.hold();
    let noticed = world.send(&client, ApiRequest::get(API));
    assert_eq!(world.endpoint.requests(), 2);
    drop(noticed);
    renewal.answer(Reply::Issue);
    world.runtime.run_until_stalled();
    assert_eq!(world.token_now(client.tokens()), "token-2");
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn e3_without_a_usable_token_callers_wait_for_the_acquisition() {
    let world = World::new();
    let tokens = world.tokens();
    for (pass, token) in ["token-1", "token-2"].into_iter().enumerate() {
        let acquisition = world.endpoint.hold();
        let mut calls = [world.ask(&tokens), world.ask(&tokens)];
        assert!(calls.iter().all(|call| !call.is_finished()), "{token}");
        acquisition.answer(Reply::Issue);
        world.runtime.run_until_stalled();
        for call in &mut calls {
            assert_eq!(shown(&call.take().unwrap().unwrap()), token);
        }
        assert_eq!(world.endpoint.requests(), pass + 1);
        world.advance(EXPIRED);
    }
}

#[test]
fn e4_a_stumble_releases_the_waiters_and_nobody_waits_for_the_next_attempt() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.advance(EXPIRED);
    let attempt = world.endpoint.hold();
    let _next = world.endpoint.hold();
    let mut calls: Vec<_> = (0..10).map(|_| world.ask(&tokens)).collect();
    assert!(calls.iter().all(|call| !call.is_finished()));
    attempt.answer(Reply::status(503));
    world.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(shown(&call.take().unwrap().unwrap()), "token-1");
    }
    // In the pause, and while the next attempt is under way.
    assert_eq!(world.token_now(&tokens), "token-1");
    world.advance(millis(100));
    assert_eq!(world.endpoint.under_way(), 1);
    assert_eq!(world.token_now(&tokens), "token-1");
    assert_eq!(world.endpoint.requests(), 3);
}

#[test]
fn e4_failures_are_invisible_until_the_stated_end() {
    for reply in [
        Reply::status(503),
        Reply::refuse(400, "invalid_client"),
        Reply::body("no JSON"),
    ] {
        let world = World::new();
        let tokens = world.tokens();
        world.token_now(&tokens);
        world.endpoint.otherwise(reply.clone());
        // Before it expires, and after that.
        world.advance(DUE);
        while world.time().elapsed() < just_before(LIFETIME) {
            let mut call = world.ask(&tokens);
            let token = call.take().unwrap_or_else(|| panic!("waits: {reply:?}"));
            assert_eq!(shown(&token.unwrap()), "token-1", "{reply:?}");
            let left = just_before(LIFETIME).saturating_sub(world.time().elapsed());
            world.advance(millis(330).min(left));
        }
        world.advance(millis(1));
        let error = world.runtime.block_on({
            let tokens = tokens.clone();
            async move { tokens.token().await.unwrap_err() }
        });
        assert!(error.retry_at().is_some(), "{reply:?}");
        assert!(world.endpoint.requests() > 3, "{reply:?}");
    }
}

#[test]
fn e4_the_first_acquisition_for_an_expired_token_may_fail_for_good_and_nobody_sees_it() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.advance(EXPIRED);
    let attempt = world.endpoint.hold();
    let mut calls = [world.ask(&tokens), world.ask(&tokens)];
    attempt.answer(Reply::refuse(401, "invalid_client"));
    world.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(shown(&call.take().unwrap().unwrap()), "token-1");
    }
    // alf rests (B2), and callers do not see it.
    assert_eq!(world.token_now(&tokens), "token-1");
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn e4_waiters_do_not_wait_for_credentials_that_are_read_again() {
    let world = World::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let secret = ClientSecret::from_fn(move || {
        // The third read is the one after the refusal.
        let hangs = reads.fetch_add(1, Ordering::Relaxed) == 2;
        async move {
            if hangs {
                pending::<()>().await;
            }
            Ok::<_, String>("secret")
        }
    });
    let client = world.build(world.builder().client_secret(CLIENT_ID, secret));
    world.token_now(client.tokens());
    world.advance(EXPIRED);
    world.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert_eq!(world.token_now(client.tokens()), "token-1");
}

#[test]
fn e5_a_token_of_unknown_lifetime_is_used_until_it_is_rejected() {
    let world = World::new();
    let client = world.client();
    world.endpoint.reply(Reply::Token("timeless", None));
    for _ in 0..10 {
        assert_eq!(world.token_now(client.tokens()), "timeless");
        world.advance(Duration::from_secs(365 * 86_400));
    }
    assert_eq!(world.endpoint.requests(), 1);
    world.api.revoke("timeless");
    assert_eq!(world.get_now(&client), 200);
    assert_eq!(world.token_now(client.tokens()), "token-1");
}

#[test]
fn e5_or_for_the_default_lifetime() {
    let world = World::new();
    let client = world.client_with(|builder| builder.default_lifetime(LIFETIME));
    world.endpoint.reply(Reply::Token("timeless", None));
    world.token_now(client.tokens());
    world.advance(LIFETIME);
    assert_eq!(world.token_now(client.tokens()), "token-1");
}

#[test]
fn e6_the_same_token_is_no_error_and_no_loop() {
    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.otherwise(Reply::Token("same", Some(1000)));
    let first = world.ask_now(&tokens).unwrap();
    world.advance(DUE);
    // What is left of it is so little that it is due at once, again and again.
    world.endpoint.otherwise(Reply::Token("same", Some(1)));
    let before = world.endpoint.requests();
    for _ in 0..100 {
        let token = world.ask_now(&tokens).unwrap();
        assert_eq!(shown(&token), "same");
        assert_eq!(token.generation(), first.generation());
        world.advance(millis(100));
    }
    let renewals = world.endpoint.requests() - before;
    assert!((9..=10).contains(&renewals), "{renewals} in 10 s");
    assert!(
        world
            .endpoint
            .pauses()
            .iter()
            .all(|pause| *pause >= seconds(1))
    );
    assert_eq!(world.events.count("TokenUnchanged"), renewals);
}

#[test]
fn e6_the_same_token_lives_as_long_as_was_said_last() {
    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.otherwise(Reply::Token("same", Some(1000)));
    world.token_now(&tokens);
    world.advance(DUE);
    world.token_now(&tokens);
    world.advance(LIFETIME / 2);
    let requests = world.endpoint.requests();
    assert_eq!(world.token_now(&tokens), "same");
    assert_eq!(world.endpoint.requests(), requests);
}

#[test]
fn e7_a_machine_that_slept_is_noticed_within_30_s() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.advance(seconds(7));
    world.token_now(&tokens);
    world.time().step_wall_clock_forward(LIFETIME);
    world.advance(seconds(30));
    assert_eq!(world.token_now(&tokens), "token-2");
}

#[test]
fn e7_a_sleep_is_noticed_once() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.time().step_wall_clock_forward(LIFETIME);
    world.advance(seconds(30));
    world.token_now(&tokens);
    for _ in 0..10 {
        world.advance(seconds(30));
        assert_eq!(world.token_now(&tokens), "token-2");
    }
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn e7_backward_steps_and_small_jumps_of_the_wall_clock_are_ignored() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    for _ in 0..20 {
        world.time().step_wall_clock_forward(seconds(5));
        world.advance(seconds(16));
        assert_eq!(world.token_now(&tokens), "token-1");
    }
    world.time().step_wall_clock_backward(LIFETIME * 100);
    // Not 700 s in all: fresh by the monotonic clock alone.
    while world.time().elapsed() + seconds(16) < seconds(700) {
        world.advance(seconds(16));
        assert_eq!(world.token_now(&tokens), "token-1");
    }
    assert_eq!(world.endpoint.requests(), 1);
    // Nor does a backward step keep it alive.
    world.advance(LIFETIME);
    assert_eq!(world.token_now(&tokens), "token-2");
}

/// The renewal took so long that its token is due when it lands: nothing of the old one is left.
#[test]
fn e2_a_token_that_is_due_when_it_lands_takes_the_place_of_the_old_one() {
    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.reply(Reply::Token("long", Some(1000)));
    assert_eq!(world.token_now(&tokens), "long");
    world.advance(seconds(800));
    let renewal = world.endpoint.hold();
    assert_eq!(world.token_now(&tokens), "long");
    world.advance(seconds(2));
    renewal.answer(Reply::Token("short", Some(1)));
    world.runtime.run_until_stalled();
    let _next = world.endpoint.hold();
    assert_eq!(world.token_now(&tokens), "short");
}
