//! S: one acquisition, whatever becomes of callers, runtimes and servers.

use alf_core::{Event, Observer, TokenErrorKind};

use crate::support::{
    API, ApiRequest, CLIENT_ID, EXPIRED, Reply, SECRET, World, millis, seconds, shown,
};

#[test]
fn s1_a_thousand_callers_cost_one_token_request() {
    let world = World::new();
    let client = world.client();
    let acquisition = world.endpoint.hold();
    let mut calls: Vec<_> = (0..1000)
        .map(|_| world.send(&client, ApiRequest::get(API)))
        .collect();
    acquisition.answer(Reply::Issue);
    world.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(call.take().unwrap().unwrap().status(), 200);
    }
    assert_eq!(world.endpoint.requests(), 1);
    assert_eq!(world.api.requests(), 1000);
    world.assert_at_rest();
}

#[test]
fn s1_clones_share_the_acquisition_and_clients_of_their_own_do_not() {
    let world = World::new();
    let (client, other) = (world.client(), world.client());
    let _acquisitions = [world.endpoint.hold(), world.endpoint.hold()];
    let _calls = [
        world.ask(client.tokens()),
        world.ask(client.clone().tokens()),
        world.ask(&client.tokens().clone()),
        world.ask(other.tokens()),
    ];
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn s2_all_waiters_share_a_failure_and_it_is_not_repeated_for_each() {
    let world = World::new();
    let tokens = world.tokens();
    let acquisition = world.endpoint.hold();
    let mut calls: Vec<_> = (0..1000).map(|_| world.ask(&tokens)).collect();
    acquisition.answer(Reply::refuse(401, "invalid_client"));
    world.runtime.run_until_stalled();
    for call in &mut calls {
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert_eq!(error.attempts(), 1);
    }
    assert_eq!(world.endpoint.requests(), 1);
    assert_eq!(world.events.count("AcquisitionFailed"), 1);
}

/// What can be dropped at a stage of the acquisition, and what moves it on to the next.
const STAGES: usize = 5;

/// Flies with one failed attempt; `at_stage` is called with the number of each stage.
fn fly_in_stages(world: &World, mut at_stage: impl FnMut(usize)) {
    let (first, second) = (world.endpoint.hold(), world.endpoint.hold());
    at_stage(0); // not polled yet
    world.runtime.run_until_stalled();
    at_stage(1); // in the first attempt
    first.answer(Reply::status(503));
    at_stage(2); // woken by its failure, and not polled
    world.runtime.run_until_stalled();
    at_stage(3); // in the pause
    world.advance(millis(100));
    at_stage(4); // in the second attempt
    second.answer(Reply::Issue);
    world.runtime.run_until_stalled();
}

#[test]
fn s3_no_dropped_caller_fails_or_delays_another_or_costs_a_request() {
    const CALLERS: usize = 4;
    for stage in 0..STAGES {
        for dropped in 0..CALLERS {
            let world = World::new();
            let tokens = world.tokens();
            let mut calls: Vec<_> = (0..CALLERS)
                .map(|_| {
                    let tokens = tokens.clone();
                    Some(world.runtime.start(async move { tokens.token().await }))
                })
                .collect();
            fly_in_stages(&world, |now| {
                if now == stage {
                    calls[dropped] = None;
                }
            });
            for call in calls.iter_mut().flatten() {
                let token = call.take().unwrap().unwrap();
                assert_eq!(shown(&token), "token-1", "{dropped} at {stage}");
            }
            assert_eq!(world.endpoint.requests(), 2, "{dropped} at {stage}");
            world.assert_at_rest();
        }
    }
}

#[test]
fn s3_an_acquisition_without_any_caller_left_lands() {
    for stage in 1..STAGES {
        let world = World::new();
        let client = world.client();
        let sending = client.clone();
        let mut call = Some(
            world
                .runtime
                .start(async move { sending.send(ApiRequest::get(API)).await }),
        );
        fly_in_stages(&world, |now| {
            if now == stage {
                call = None;
            }
        });
        assert_eq!(world.token_now(client.tokens()), "token-1", "at {stage}");
        assert_eq!(world.endpoint.requests(), 2, "at {stage}");
        assert_eq!(world.api.requests(), 0, "at {stage}");
    }
}

#[test]
fn s4_an_acquisition_that_dies_is_begun_again_once() {
    let world = World::new();
    let tokens = world.tokens();
    let _lost = world.endpoint.hold();
    let mut calls: Vec<_> = (0..100).map(|_| world.ask(&tokens)).collect();
    world.runtime.drop_tasks();
    world.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(shown(&call.take().unwrap().unwrap()), "token-1");
    }
    assert_eq!(world.endpoint.requests(), 2);
    assert_eq!(world.events.count("AcquisitionAborted"), 1);
}

#[test]
fn s4_a_second_death_in_a_row_is_a_failure_with_advice_and_alf_rests() {
    let world = World::new();
    let tokens = world.tokens();
    // As a tokio runtime that was shut down: it drops the task within `spawn`.
    world.runtime.shut_down();
    let error = world.ask_now(&tokens).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    assert!(error.is_transient());
    assert!(
        error.to_string().contains("needs the tokio runtime"),
        "{error}"
    );
    assert_eq!(
        error.retry_at(),
        Some(alf_core::Runtime::wall_clock(&world.runtime) + seconds(1))
    );
    assert_eq!(world.events.count("AcquisitionStarted"), 2);
    // It rests: nothing is begun.
    assert_eq!(
        world.ask_now(&tokens).unwrap_err().kind(),
        TokenErrorKind::Aborted
    );
    assert_eq!(world.events.count("AcquisitionStarted"), 2);
    // And it recovers.
    world.runtime.revive();
    world.advance(seconds(1));
    assert_eq!(world.token_now(&tokens), "token-1");
    // A later death is the first in a row again.
    world.advance(EXPIRED * 2);
    let _lost = world.endpoint.hold();
    let mut call = world.ask(&tokens);
    world.runtime.drop_tasks();
    world.runtime.run_until_stalled();
    assert_eq!(shown(&call.take().unwrap().unwrap()), "token-2");
}

#[test]
fn s4_a_transport_that_panics_costs_two_requests_whatever_the_callers() {
    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.reply(Reply::Panic);
    assert_eq!(world.token_now(&tokens), "token-1");

    let world = World::new();
    let tokens = world.tokens();
    world.endpoint.otherwise(Reply::Panic);
    let calls = (0..1000).map(|_| {
        let tokens = tokens.clone();
        world.runtime.start(async move { tokens.token().await })
    });
    let mut calls: Vec<_> = calls.collect();
    world.runtime.run_until_stalled();
    for call in &mut calls {
        assert_eq!(
            call.take().unwrap().unwrap_err().kind(),
            TokenErrorKind::Aborted
        );
    }
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn s4_an_acquisition_that_dies_beside_a_due_token_is_invisible() {
    let world = World::new();
    let tokens = world.tokens();
    world.token_now(&tokens);
    world.advance(crate::support::DUE);
    world.endpoint.otherwise(Reply::Panic);
    for _ in 0..10 {
        assert_eq!(world.token_now(&tokens), "token-1");
        world.advance(millis(500));
    }
}

/// Panics when it is told of an event of that name.
struct Touchy(&'static str);

impl Observer for Touchy {
    fn on(&self, event: &Event<'_>) {
        assert!(
            !format!("{event:?}").starts_with(self.0),
            "the observer panics, as it should"
        );
    }
}

#[test]
fn s4_an_observer_that_panics_keeps_nobody_waiting() {
    for (name, reply) in [
        ("TokenObtained", Reply::Issue),
        ("AcquisitionFailed", Reply::refuse(400, "invalid_client")),
        ("AttemptFailed", Reply::status(503)),
        ("AcquisitionAborted", Reply::Panic),
    ] {
        let world = World::new();
        let builder = world.builder().client_secret(CLIENT_ID, SECRET);
        let client = world.build(builder.observer(Touchy(name)));
        world.endpoint.otherwise(reply);
        let call = world.ask(client.tokens());
        // The pause after an attempt that failed (B1).
        world.advance(millis(100));
        assert!(call.is_finished(), "{name}");
    }
}
