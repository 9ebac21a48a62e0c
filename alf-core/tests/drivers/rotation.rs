//! B3: secrets that are rotated while the program runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{ClientSecret, TokenErrorKind, TokenManager};

use crate::support::{CLIENT_ID, Harness, LIFETIME, Reply, access_token};

/// A client whose secret the test sets, and the number of times it was read.
fn rotating(world: &Harness) -> (TokenManager, Arc<Mutex<String>>, Arc<AtomicUsize>) {
    let current = Arc::new(Mutex::new("old".to_owned()));
    let reads = Arc::new(AtomicUsize::new(0));
    let (read, count) = (Arc::clone(&current), Arc::clone(&reads));
    let secret = ClientSecret::from_fn(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let secret = read.lock().unwrap().clone();
        async move { Ok::<_, String>(secret) }
    });
    let client = world.build(world.builder().client_secret_post(CLIENT_ID, secret));
    (client.tokens().clone(), current, reads)
}

#[test]
fn b3_a_secret_that_has_changed_is_tried_at_once() {
    for refusal in [
        Reply::refuse(401, "invalid_client"),
        Reply::refuse(400, "unauthorized_client"),
        Reply::status(403),
    ] {
        let world = Harness::new();
        let (tokens, secret, _) = rotating(&world);
        let attempt = world.endpoint.hold();
        let mut call = world.ask(&tokens);
        *secret.lock().unwrap() = "new".to_owned();
        attempt.answer(refusal);
        world.runtime.run_until_stalled();
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
        assert_eq!(world.time().elapsed(), Duration::ZERO);
        let exchanges = world.endpoint.exchanges();
        assert!(exchanges[0].body.ends_with("client_secret=old"));
        assert!(exchanges[1].body.ends_with("client_secret=new"));
    }
}

#[test]
fn b3_a_secret_that_has_not_changed_costs_one_request_and_is_read_once_more() {
    let world = Harness::new();
    let (tokens, _, reads) = rotating(&world);
    world
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let error = world.ask_now(&tokens).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert_eq!(world.endpoint.requests(), 1);
    assert_eq!(reads.load(Ordering::Relaxed), 2);
}

#[test]
fn b2_a_secret_that_was_rotated_to_a_wrong_one_costs_one_request_too() {
    let world = Harness::new();
    let (tokens, secret, _) = rotating(&world);
    assert!(world.ask_now(&tokens).is_ok());
    world.advance(LIFETIME);
    *secret.lock().unwrap() = "wrong".to_owned();
    world
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    // It has not changed since the refused attempt read it.
    let error = world.ask_now(&tokens).unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn b3_once_in_an_acquisition() {
    let world = Harness::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let secret = ClientSecret::from_fn(move || {
        let number = reads.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, String>(format!("secret-{number}")) }
    });
    let client = world.build(world.builder().client_secret(CLIENT_ID, secret));
    world
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let error = world.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(world.endpoint.requests(), 2);
}

#[test]
fn b3_a_rotated_file_needs_no_restart() {
    let world = Harness::new();
    let file = std::env::temp_dir().join(format!("alf-b3-{}", std::process::id()));
    std::fs::write(&file, "old\n").unwrap();
    let secret = ClientSecret::file(&file);
    let client = world.build(world.builder().client_secret_post(CLIENT_ID, secret));
    let attempt = world.endpoint.hold();
    let mut call = world.ask(client.tokens());
    std::fs::write(&file, "new\n").unwrap();
    attempt.answer(Reply::refuse(401, "invalid_client"));
    world.runtime.run_until_stalled();
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    let bodies = world.endpoint.exchanges();
    assert!(bodies[0].body.ends_with("client_secret=old"));
    assert!(bodies[1].body.ends_with("client_secret=new"));
    std::fs::remove_file(file).unwrap();
}
