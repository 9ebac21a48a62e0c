//! B2: the token targets of a client back off together, unless a failure concerns one target alone.

use std::sync::{Arc, Mutex};

use alf_core::{TokenErrorKind, TokenManager};

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, CLIENT_ID, DUE, Harness, Read, Reply, ask_all, millis,
    scopes, seconds, secret_by,
};

/// The tokens of a client whose secret can be changed.
fn with_changeable_secret(harness: &Harness) -> (TokenManager, Arc<Mutex<&'static str>>) {
    let secret = Arc::new(Mutex::new("old-secret"));
    let current = Arc::clone(&secret);
    let source = secret_by(move |_| Read::Secret((*current.lock().unwrap()).to_owned()));
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, source));
    (client.tokens().clone(), secret)
}

#[test]
fn b2_all_targets_back_off_after_a_failure_that_all_would_meet() {
    for reply in [
        Reply::refuse(401, "invalid_client"),
        Reply::refuse(400, "unauthorized_client"),
        Reply::status(503).header("Retry-After", "60"),
    ] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        harness.endpoint.reply(reply);
        let error = harness.ask_now(&tokens).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        // Other scopes fail without a request.
        for scope in ["one", "another"] {
            let other = harness.ask_now(&tokens.with_scope(scope)).unwrap_err();
            assert_eq!(other.error_code(), error.error_code());
            assert_eq!(other.retry_at(), error.retry_at());
        }
        assert_eq!(harness.endpoint.requests(), 1);
        harness.advance(seconds(60));
        assert_eq!(harness.token_now(&tokens.with_scope("one")), "token-1");
        // That success ends the back-off for the others too.
        assert_eq!(harness.token_now(&tokens.with_scope("another")), "token-2");
        harness.assert_idle();
    }
}

#[test]
fn b2_failure_that_concerns_one_target_backs_off_that_target_alone() {
    for reply in [
        Reply::refuse(400, "invalid_scope"),
        Reply::refuse(401, "invalid_scope"),
        Reply::refuse(400, "invalid_target"),
        Reply::refuse(400, "invalid_request"),
        Reply::body(r#"{"access_token":"t","token_type":"N_A"}"#),
        Reply::body("<html>"),
    ] {
        let harness = Harness::new();
        let tokens = harness.tokens();
        let wrong = tokens.with_scope("wrong");
        harness.endpoint.reply(reply.clone());
        assert!(harness.ask_now(&wrong).is_err());
        assert_eq!(harness.token_now(&tokens), "token-1", "{reply:?}");
        assert!(harness.ask_now(&wrong).is_err());
        assert_eq!(harness.endpoint.requests(), 2, "{reply:?}");
    }
}

/// How a server that answers every mistake alike reports a wrong secret. `invalid_client` shows what it should cost.
#[test]
fn b2_wrong_secret_costs_as_little_without_an_error_code_as_with_one() {
    for reply in [
        Reply::refuse(401, "invalid_client"),
        Reply::refuse(401, "server_error"),
        Reply::status(401),
        Reply::status(403),
        Reply::refuse(403, "server_error"),
    ] {
        let harness = Harness::new();
        let tokens = scopes(&harness.tokens(), 5);
        harness.endpoint.otherwise(reply.clone());
        for _ in 0..30 {
            for call in &mut ask_all(&harness, &tokens) {
                call.take().unwrap().unwrap_err();
            }
            harness.advance(millis(100));
        }
        // At 0 s and 1 s.
        assert_eq!(harness.endpoint.requests(), 2, "{reply:?}");
    }
}

#[test]
fn b2_after_a_bare_401_all_targets_back_off_and_the_longer_back_off_holds() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens.with_scope("slow"));
    harness
        .endpoint
        .reply(Reply::status(401).header("Retry-After", "60"));
    harness.ask_now(&tokens).unwrap_err();
    // The shorter back-off comes later.
    harness.answer(held, Reply::refuse(401, "invalid_client"));
    assert!(slow.take().unwrap().is_err());
    harness.advance(seconds(59));
    harness.ask_now(&tokens.with_scope("new")).unwrap_err();
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn b2_permanent_failure_in_an_outage_is_the_new_error_and_the_longer_back_off_holds() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    // Meanwhile another target learns of an outage.
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "20"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.answer(held, Reply::refuse(401, "invalid_client"));
    assert!(slow.take().unwrap().is_err());
    harness.advance(seconds(19));
    let error = harness.ask_now(&tokens[0]).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    let error = harness.ask_now(&tokens[1].with_scope("new")).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
}

#[test]
fn b1_acquisition_under_way_when_a_back_off_starts_goes_on_after_it() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.advance(seconds(4));
    // The back-off ended three seconds ago: the slow acquisition does not fail with its error.
    held.answer(Reply::status(503));
    harness.advance(millis(150));
    assert!(slow.take().unwrap().is_ok());
}

#[test]
fn b3_changed_secret_is_tried_at_once_in_a_back_off_and_its_success_ends_the_back_off() {
    let harness = Harness::new();
    let (tokens, secret) = with_changeable_secret(&harness);
    let tokens = scopes(&tokens, 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    *secret.lock().unwrap() = "new-secret";
    harness.answer(held, Reply::refuse(401, "invalid_client"));
    assert!(slow.take().unwrap().is_ok());
    assert!(harness.ask_now(&tokens[1]).is_ok());
}

#[test]
fn b3_changed_secret_is_tried_at_once_though_another_target_has_read_it_before() {
    let harness = Harness::new();
    let (tokens, secret) = with_changeable_secret(&harness);
    let tokens = scopes(&tokens, 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    *secret.lock().unwrap() = "new-secret";
    assert_eq!(harness.token_now(&tokens[1]), "token-1");
    harness.answer(held, Reply::refuse(401, "invalid_client"));
    assert!(slow.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn b2_success_ends_a_back_off_for_all_targets() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 3);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "300"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    assert!(harness.ask_now(&tokens[2]).is_err());
    harness.answer(held, Reply::Issue);
    assert!(slow.take().unwrap().is_ok());
    for tokens in &tokens {
        assert!(harness.ask_now(tokens).is_ok());
    }
    // It does not end the back-off of a target whose own scope is wrong.
    let wrong = harness.client().tokens().with_scope("wrong");
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    assert!(harness.ask_now(&wrong).is_err());
    assert!(harness.ask_now(&wrong.with_scope("valid")).is_ok());
    assert!(harness.ask_now(&wrong).is_err());
}

#[test]
fn b2_success_ends_the_trouble_and_the_next_failure_is_a_first_one() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 4);
    // Two acquisitions fail, then one succeeds, of another scope each.
    harness.endpoint.otherwise(Reply::unreachable());
    for (tokens, back_off) in [(&tokens[0], 1), (&tokens[1], 5)] {
        let mut call = harness.ask(tokens);
        harness.advance(ACQUIRE_TIMEOUT);
        assert!(call.take().unwrap().is_err());
        harness.advance(seconds(back_off));
    }
    harness.endpoint.otherwise(Reply::Issue);
    assert!(harness.ask_now(&tokens[2]).is_ok());
    // All targets make their attempts at once again.
    let held = [harness.endpoint.hold(), harness.endpoint.hold()];
    let before = harness.endpoint.requests();
    let mut calls = ask_all(&harness, &tokens[..2]);
    assert_eq!(harness.endpoint.requests(), before + 2);
    for held in held {
        harness.answer(held, Reply::Issue);
    }
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    // A later failure is a first one: with short pauses, and a back-off of a second.
    harness.endpoint.otherwise(Reply::unreachable());
    let before = harness.endpoint.requests();
    let mut call = harness.ask(&tokens[3]);
    harness.advance(millis(700));
    assert_eq!(harness.endpoint.requests(), before + 4);
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(call.take().unwrap().is_err());
    harness.endpoint.otherwise(Reply::Issue);
    harness.advance(seconds(1));
    assert!(harness.ask_now(&tokens[3]).is_ok());
}

#[test]
fn s5_success_of_an_outdated_acquisition_ends_no_back_off() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 3);
    let held = harness.endpoint.hold();
    let _frozen = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "300"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.runtime.freeze();
    held.answer(Reply::Issue);
    harness.advance(seconds(20));
    // This demand finds the acquisition past its deadline.
    assert!(harness.ask_now(&tokens[0]).is_err());
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    let before = harness.endpoint.requests();
    assert!(harness.ask_now(&tokens[2]).is_err());
    assert_eq!(harness.endpoint.requests(), before);
}

#[test]
fn s4_all_targets_back_off_after_two_aborts_in_a_row() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 2);
    harness.endpoint.otherwise(Reply::Panic);
    let error = harness.ask_now(&tokens[0]).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    let error = harness.ask_now(&tokens[1]).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s4_aborts_do_not_shorten_a_back_off() {
    let harness = Harness::new();
    let tokens = scopes(&harness.tokens(), 3);
    harness.endpoint.reply(Reply::Panic);
    let held = harness.endpoint.hold();
    let mut aborted = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::refuse(401, "invalid_client").header("Retry-After", "60"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.answer(held, Reply::Panic);
    assert_eq!(
        aborted.take().unwrap().unwrap_err().kind(),
        TokenErrorKind::Aborted
    );
    harness.advance(seconds(2));
    let error = harness.ask_now(&tokens[2]).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert_eq!(harness.back_off_after(&error), seconds(58));
}

#[test]
fn e4_due_token_is_used_and_not_renewed_while_another_target_backs_off() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.with_scope("read");
    assert_eq!(harness.token_now(reader.tokens()), "token-1");
    harness.advance(DUE);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    harness.ask_now(client.tokens()).unwrap_err();
    let response = harness.send_now(&reader, ApiRequest::get(API)).unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(seconds(1));
    harness.get_now(&reader);
    assert_eq!(harness.endpoint.requests(), 3);
}

#[test]
fn r1_rejected_token_is_used_again_after_an_outage_that_another_target_met_first() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.with_scope("read");
    assert_eq!(harness.get_now(&reader), 200);
    harness.endpoint.otherwise(Reply::unreachable());
    let mut other = harness.ask(client.tokens());
    harness.api.revoke("token-1");
    let mut rejected = harness.send(&reader, ApiRequest::get(API));
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(other.take().unwrap().is_err());
    assert!(rejected.take().unwrap().is_err());
    // One mistaken 401 in an outage stops no call.
    assert_eq!(harness.token_now(reader.tokens()), "token-1");
}
