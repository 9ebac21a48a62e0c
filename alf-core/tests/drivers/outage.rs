//! B1 and B2 for a client with tokens of many scopes: in an outage they are as one.

use std::error::Error as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{Client, ClientSecret, ExchangeErrorKind, TokenErrorKind, TokenManager};

use crate::support::{
    ACQUIRE_TIMEOUT, Api, CLIENT_ID, EXPIRED, Harness, LIFETIME, Reply, SECRET, TokenCall,
    access_token, millis, seconds,
};

const SCOPES: usize = 64;

fn scopes(tokens: &TokenManager, count: usize) -> Vec<TokenManager> {
    let scopes = (0..count).map(|number| tokens.with_scope(format!("scope-{number}")));
    scopes.collect()
}

fn ask_all(harness: &Harness, tokens: &[TokenManager]) -> Vec<TokenCall> {
    tokens.iter().map(|tokens| harness.ask(tokens)).collect()
}

/// Lets that much time pass, in which each of them is asked for again as soon as it has answered.
fn ask_on_and_on(harness: &Harness, tokens: &[TokenManager], time: Duration) {
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

/// How many token requests a client with that many scopes makes in ten minutes of that answer.
fn requests_in_ten_minutes(reply: &Reply, count: usize) -> usize {
    let harness = Harness::new();
    harness.endpoint.otherwise(reply.clone());
    let tokens = scopes(harness.client().tokens(), count);
    ask_on_and_on(&harness, &tokens, seconds(600));
    harness.endpoint.requests()
}

/// As [`requests_in_ten_minutes`], where each is asked for again at some time within ten seconds.
fn requests_of_slow_callers(reply: &Reply, count: usize) -> usize {
    let mut random = fastrand::Rng::with_seed(7);
    let harness = Harness::new();
    harness.endpoint.otherwise(reply.clone());
    let tokens = scopes(harness.client().tokens(), count);
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
fn b2_load_of_slow_callers_does_not_grow_with_the_scopes_either() {
    for reply in [Reply::status(503), Reply::Never] {
        let of_one = requests_of_slow_callers(&reply, 1);
        let of_many = requests_of_slow_callers(&reply, 32);
        // Of one there are none while its caller thinks: twice as many at most.
        assert!(
            of_many <= 32 + 2 * of_one,
            "{reply:?}: {of_many}, {of_one} for one"
        );
    }
}

#[test]
fn b2_load_in_an_outage_does_not_grow_with_the_scopes() {
    for reply in [
        Reply::Fail(ExchangeErrorKind::Connect),
        Reply::status(503),
        Reply::Never,
        Reply::refuse(401, "invalid_client"),
    ] {
        let of_one = requests_in_ten_minutes(&reply, 1);
        let of_many = requests_in_ten_minutes(&reply, SCOPES);
        println!("{reply:?}: {of_one} token requests for one scope, {of_many} for {SCOPES}");
        // Each has asked once before the client knew of the outage.
        let most = SCOPES + of_one + of_one / 5;
        assert!(
            of_many <= most,
            "{reply:?}: {of_many}, and {of_one} for one"
        );
        // And it goes on asking, or it would not notice the end.
        assert!(of_many >= of_one * 4 / 5, "{reply:?}: {of_many}, {of_one}");
    }
}

#[test]
fn b2_end_of_an_outage_is_noticed_by_all_scopes_within_five_seconds() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), SCOPES);
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Connect));
    ask_on_and_on(&harness, &tokens, seconds(120));
    harness.endpoint.otherwise(Reply::Issue);
    // It asks every quarter of a second.
    ask_on_and_on(&harness, &tokens, seconds(5) + millis(250));
    let before = harness.endpoint.requests();
    for tokens in &tokens {
        let answer = harness.ask_now(tokens);
        assert!(answer.is_ok(), "{answer:?}");
    }
    assert_eq!(harness.endpoint.requests(), before);
    harness.advance(ACQUIRE_TIMEOUT);
    harness.assert_idle();
}

#[test]
fn b1_short_outage_is_ridden_out_by_all_scopes_with_the_pauses_of_one() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), SCOPES);
    // All of them ask before one has failed.
    let held: Vec<_> = tokens.iter().map(|_| harness.endpoint.hold()).collect();
    let mut calls = ask_all(&harness, &tokens);
    assert_eq!(harness.endpoint.requests(), SCOPES);
    for held in held {
        held.answer(Reply::Fail(ExchangeErrorKind::Connect));
    }
    // Then four more attempts fail, of any of them.
    for _ in 0..4 {
        harness
            .endpoint
            .reply(Reply::Fail(ExchangeErrorKind::Connect));
    }
    // 100 + 200 + 400 + 800 + 1000 ms at most.
    harness.advance(millis(2500));
    for call in &mut calls {
        assert!(call.take().expect("it should have its token").is_ok());
    }
    assert_eq!(harness.endpoint.requests(), SCOPES + 4 + SCOPES);
    harness.assert_idle();
}

#[test]
fn b2_one_at_a_time_asks_while_the_server_is_in_trouble() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 3);
    harness.endpoint.reply(Reply::status(503));
    let mut calls = vec![harness.ask(&tokens[0])];
    // It pauses; meanwhile the others do not try by themselves.
    calls.extend(ask_all(&harness, &tokens[1..]));
    assert_eq!(harness.endpoint.requests(), 1);
    let held = harness.endpoint.hold();
    harness.advance(millis(100));
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(millis(900));
    assert_eq!(harness.endpoint.requests(), 2);
    // The server is there: now each may.
    held.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    assert_eq!(harness.endpoint.requests(), 4);
    harness.assert_idle();
}

#[test]
fn b2_scope_that_always_fails_keeps_no_other_from_its_token() {
    let harness = Harness::new();
    let client = harness.client();
    let broken = scopes(client.tokens(), 3);
    harness.endpoint.always("scope=scope-", Reply::status(500));
    let mut calls = ask_all(&harness, &broken);
    let fine = client.tokens().with_scope("fine");
    let mut call = harness.ask(&fine);
    harness.advance(millis(1000));
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_err()));
    harness.assert_idle();
}

#[test]
fn b2_each_scope_has_a_turn_however_many_fail_always() {
    for reply in [Reply::status(500), Reply::Never] {
        let harness = Harness::new();
        let client = harness.client();
        let mut tokens = scopes(client.tokens(), 16);
        // It always asks last, and has only its acquisitions' ten seconds each time.
        tokens.push(client.tokens().with_scope("fine"));
        harness.endpoint.always("scope=scope-", reply.clone());
        ask_on_and_on(&harness, &tokens, seconds(16 * 10));
        let fine = tokens.last().unwrap();
        assert!(harness.ask_now(fine).is_ok(), "{reply:?}");
    }
}

#[test]
fn b2_what_is_odd_about_one_scope_lets_no_other_rest() {
    for odd in [
        Reply::body(r#"{"access_token":"t","token_type":"N_A"}"#),
        Reply::body("<html>"),
        Reply::refuse(401, "invalid_scope"),
    ] {
        let harness = Harness::new();
        let tokens = scopes(harness.client().tokens(), 2);
        harness.endpoint.reply(odd);
        assert!(harness.ask_now(&tokens[0]).is_err());
        assert!(harness.ask_now(&tokens[1]).is_ok());
    }
}

#[test]
fn b1_who_was_under_way_before_a_rest_goes_on_after_it() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.advance(seconds(4));
    // What was said three seconds ago is no answer to this one.
    held.answer(Reply::status(503));
    harness.advance(millis(150));
    assert!(slow.take().unwrap().is_ok());
}

#[test]
fn b3_changed_secret_is_tried_at_once_whatever_another_met() {
    let harness = Harness::new();
    let secret = Arc::new(Mutex::new("old"));
    let read = Arc::clone(&secret);
    let source = ClientSecret::from_fn(move || {
        let secret = *read.lock().unwrap();
        async move { Ok::<_, String>(secret) }
    });
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, source));
    let tokens = scopes(client.tokens(), 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(401, "invalid_client"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    *secret.lock().unwrap() = "new";
    held.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    assert!(slow.take().unwrap().is_ok());
    // And that ends the rest.
    assert!(harness.ask_now(&tokens[1]).is_ok());
}

#[test]
fn b2_success_ends_a_rest_for_who_has_met_it() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 3);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "300"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    assert!(harness.ask_now(&tokens[2]).is_err());
    held.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    assert!(slow.take().unwrap().is_ok());
    for tokens in &tokens {
        assert!(harness.ask_now(tokens).is_ok());
    }
    // But what is about its own scope it rests after by itself.
    let odd = harness.client().tokens().with_scope("odd");
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    assert!(harness.ask_now(&odd).is_err());
    assert!(harness.ask_now(&odd.with_scope("fine")).is_ok());
    assert!(harness.ask_now(&odd).is_err());
}

#[test]
fn s5_success_that_is_too_late_ends_no_rest() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 3);
    let held = harness.endpoint.hold();
    let _frozen = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "300"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    harness.runtime.freeze();
    held.answer(Reply::Issue);
    harness.advance(seconds(20));
    // It is past its deadline: this demand finds that out.
    assert!(harness.ask_now(&tokens[0]).is_err());
    harness.runtime.revive();
    harness.runtime.run_until_stalled();
    let before = harness.endpoint.requests();
    assert!(harness.ask_now(&tokens[2]).is_err());
    assert_eq!(harness.endpoint.requests(), before);
}

#[test]
fn s4_deaths_let_a_longer_rest_stand() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 3);
    harness.endpoint.reply(Reply::Panic);
    let held = harness.endpoint.hold();
    let mut dying = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply(Reply::refuse(401, "invalid_client").header("Retry-After", "60"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    held.answer(Reply::Panic);
    harness.runtime.run_until_stalled();
    assert_eq!(
        dying.take().unwrap().unwrap_err().kind(),
        TokenErrorKind::Aborted
    );
    harness.advance(seconds(2));
    let error = harness.ask_now(&tokens[2]).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert_eq!(harness.back_off_after(&error), seconds(58));
}

#[test]
fn s5_reload_that_hangs_keeps_nobody_waiting_for_long() {
    let harness = Harness::new();
    let reads = Arc::new(Mutex::new(0));
    let count = Arc::clone(&reads);
    let source = ClientSecret::from_fn(move || {
        *count.lock().unwrap() += 1;
        let hangs = *count.lock().unwrap() == 3;
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok::<_, String>("secret")
        }
    });
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, source));
    let tokens = scopes(client.tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    harness.endpoint.reply(Reply::refuse(400, "invalid_scope"));
    let second = harness.ask(&tokens[1]);
    harness.advance(millis(100));
    assert_eq!(*reads.lock().unwrap(), 3, "the second reads again");
    harness.advance(seconds(6));
    assert!(first.take().unwrap().is_ok());
    assert!(second.is_finished());
}

#[test]
fn b2_what_one_has_met_is_told_to_those_who_wait_for_their_turn() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 3);
    harness.endpoint.reply(Reply::status(503));
    let mut calls = ask_all(&harness, &tokens[..1]);
    calls.extend(ask_all(&harness, &tokens[1..]));
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    harness.advance(millis(100));
    for call in &mut calls {
        let error = call.take().expect("nobody should wait on").unwrap_err();
        assert_eq!(error.error_code(), Some("invalid_client"));
        assert!(error.retry_at().is_some());
    }
    assert_eq!(harness.endpoint.requests(), 2);
    harness.assert_idle();
}

#[test]
fn s5_who_waits_for_a_turn_waits_no_longer_than_acquire_timeout() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Connect));
    let mut first = harness.ask(&tokens[0]);
    harness.advance(seconds(3));
    let mut second = harness.ask(&tokens[1]);
    harness.advance(seconds(7));
    let error = first.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Connect);
    // B1: it goes on until its own time is over.
    assert!(!second.is_finished());
    harness.advance(seconds(3));
    let error = second.take().unwrap().unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Connect);
    harness.assert_idle();
}

#[test]
fn b1_outage_that_is_too_long_for_one_is_ridden_out_by_who_began_later() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Connect));
    let mut first = harness.ask(&tokens[0]);
    harness.advance(seconds(6));
    let mut second = harness.ask(&tokens[1]);
    while !first.is_finished() {
        harness.advance(millis(50));
    }
    assert!(first.take().unwrap().is_err());
    // Who comes now has the error at once (B2).
    assert!(harness.ask_now(&tokens[0]).is_err());
    harness.endpoint.otherwise(Reply::Issue);
    harness.advance(seconds(4));
    assert!(second.take().unwrap().is_ok());
    assert!(harness.ask_now(&tokens[0]).is_ok());
    harness.assert_idle();
}

#[test]
fn s5_one_that_is_not_answered_keeps_the_others_no_longer_than_an_attempt() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.reply(Reply::Never);
    harness.advance(seconds(6));
    assert!(first.take().unwrap().is_ok());
    assert!(second.take().unwrap().is_ok());
}

#[test]
fn s5_who_waits_behind_a_slow_attempt_waits_no_longer_than_its_own_time() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    let mut first = harness.ask(&tokens[0]);
    assert!(first.take().unwrap().is_ok());
    // The second's attempt begins late, in the first's last seconds.
    harness.advance(LIFETIME);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    harness
        .endpoint
        .reply_after(millis(4950), Reply::status(503));
    harness.advance(seconds(4));
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.otherwise(Reply::Never);
    harness.advance(seconds(6));
    let error = first.take().expect("its time is over").unwrap_err();
    assert!(
        error.retry_at().is_some(),
        "of the acquisition, not of its caller: {error:?}"
    );
    assert_eq!(harness.endpoint.under_way(), 1, "of the second");
    assert!(!second.is_finished());
    harness.advance(seconds(4));
    assert!(second.take().unwrap().is_err());
    harness.assert_idle();
}

#[test]
fn b2_success_ends_the_trouble_and_the_row_of_rests() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 4);
    let down = || Reply::Fail(ExchangeErrorKind::Connect);
    // Two acquisitions fail, then one succeeds, of another scope each.
    harness.endpoint.otherwise(down());
    let mut call = harness.ask(&tokens[0]);
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(call.take().unwrap().is_err());
    harness.advance(seconds(1));
    let mut call = harness.ask(&tokens[1]);
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(call.take().unwrap().is_err());
    harness.advance(seconds(5));
    harness.endpoint.otherwise(Reply::Issue);
    assert!(harness.ask_now(&tokens[2]).is_ok());
    // All may ask at once again.
    let held = [harness.endpoint.hold(), harness.endpoint.hold()];
    let before = harness.endpoint.requests();
    let mut calls = ask_all(&harness, &tokens[..2]);
    assert_eq!(harness.endpoint.requests(), before + 2);
    for held in held {
        held.answer(Reply::Issue);
    }
    harness.runtime.run_until_stalled();
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    // And a later failure is the first of its row: with short pauses, and a rest of a second.
    harness.endpoint.otherwise(down());
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
fn b2_who_cannot_wait_for_its_turn_is_told_what_failed_last() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness
        .endpoint
        .reply(Reply::Fail(ExchangeErrorKind::Connect));
    let mut calls = ask_all(&harness, &tokens);
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "20"));
    harness.advance(millis(100));
    for call in &mut calls {
        let error = call.take().expect("it is too long for both").unwrap_err();
        assert_eq!(error.status().unwrap(), 503);
        let rest = harness.back_off_after(&error);
        assert!(seconds(19) < rest && rest <= seconds(20), "{rest:?}");
    }
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s4_acquisitions_that_die_let_all_rest() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness.endpoint.otherwise(Reply::Panic);
    let error = harness.ask_now(&tokens[0]).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    let error = harness.ask_now(&tokens[1]).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Aborted);
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s5_time_out_after_a_success_blames_nothing_that_is_over() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut call = harness.ask(&tokens[0]);
    harness.advance(seconds(1));
    assert!(call.take().unwrap().is_ok());
    // A caller whose runtime stands still.
    harness.runtime.freeze();
    let mut call = harness.ask(&tokens[1]);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert!(error.source().is_none(), "{error:?}");
}

#[test]
fn s5_time_out_of_a_caller_blames_what_failed_while_it_waited() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness.endpoint.otherwise(Reply::status(503));
    let mut long_ago = harness.ask(&tokens[0]);
    harness.advance(seconds(1));
    let mut call = harness.ask(&tokens[1]);
    harness.advance(millis(500));
    // From here on nothing is told.
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    let source = error.source().unwrap().to_string();
    assert!(source.contains("503"), "{source}");
    assert!(long_ago.take().unwrap().is_err());
    // An hour later that is no cause any more.
    harness.advance(seconds(3600));
    let mut call = harness.ask(&tokens[1]);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    assert!(error.source().is_none(), "{error:?}");
}

#[test]
fn b2_no_that_will_not_pass_is_news_to_who_knows_of_an_outage() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    let held = harness.endpoint.hold();
    let mut slow = harness.ask(&tokens[0]);
    // Meanwhile another meets an outage, and is asked to leave the server alone for a while.
    harness
        .endpoint
        .reply(Reply::status(503).header("Retry-After", "20"));
    assert!(harness.ask_now(&tokens[1]).is_err());
    held.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    assert!(slow.take().unwrap().is_err());
    // Who comes now is told the last word, and the longer rest stands.
    harness.advance(seconds(19));
    let error = harness.ask_now(&tokens[0]).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    let error = harness.ask_now(&tokens[1].with_scope("new")).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
}

#[test]
fn s4_acquisition_that_dies_in_its_turn_leaves_it_to_the_next() {
    let harness = Harness::new();
    let tokens = scopes(harness.client().tokens(), 2);
    harness.endpoint.reply(Reply::status(503));
    let mut first = harness.ask(&tokens[0]);
    let mut second = harness.ask(&tokens[1]);
    harness.endpoint.reply(Reply::Panic);
    harness.advance(seconds(1));
    assert!(second.take().unwrap().is_ok());
    assert!(first.take().unwrap().is_ok());
    harness.assert_idle();
}

#[test]
fn e4_token_that_is_not_over_is_used_while_its_acquisition_waits_for_a_turn() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.tokens().with_scope("read");
    assert_eq!(harness.token_now(&reader), "token-1");
    harness.advance(EXPIRED);
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Connect));
    let _asking = harness.ask(client.tokens());
    assert_eq!(harness.token_now(&reader), "token-1");
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn r1_token_that_was_rejected_is_used_again_where_the_others_met_an_outage() {
    let harness = Harness::new();
    let client = harness.client();
    let reader = client.with_scope("read");
    assert_eq!(harness.get_now(&reader), 200);
    harness
        .endpoint
        .otherwise(Reply::Fail(ExchangeErrorKind::Connect));
    let mut asking = harness.ask(client.tokens());
    harness.api.revoke("token-1");
    let mut sending = harness.send(
        &reader,
        crate::support::ApiRequest::get(crate::support::API),
    );
    harness.advance(ACQUIRE_TIMEOUT);
    assert!(asking.take().unwrap().is_err());
    assert!(sending.take().unwrap().is_err());
    // One odd 401 in an outage stops no call.
    assert_eq!(harness.token_now(reader.tokens()), "token-1");
}

#[test]
fn t10_scopes_that_are_asked_for_at_once_read_the_metadata_once() {
    let harness = Harness::new();
    let client: Client<Api> = harness.build(
        Client::discover("https://as.example.com")
            .runtime(harness.runtime.clone())
            .observer(harness.events.clone())
            .client_secret(CLIENT_ID, SECRET),
    );
    let tokens = scopes(client.tokens(), 20);
    let document = harness.endpoint.hold();
    let mut calls = ask_all(&harness, &tokens);
    assert_eq!(harness.endpoint.requests(), 1);
    // Who has read it may wait for its token: the others need not.
    let own = harness.endpoint.hold();
    document.answer(Reply::body(
        r#"{"issuer":"https://as.example.com","token_endpoint":"https://as.example.com/token"}"#,
    ));
    harness.runtime.run_until_stalled();
    let (reader, others) = calls.split_first_mut().unwrap();
    assert!(others.iter_mut().all(|call| call.take().unwrap().is_ok()));
    own.answer(Reply::Issue);
    harness.runtime.run_until_stalled();
    assert!(reader.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 21);
    // After a day it is read again, once too.
    harness.advance(seconds(24 * 60 * 60));
    let document = harness.endpoint.hold();
    let mut calls = ask_all(&harness, &tokens);
    document.answer(Reply::status(503));
    harness.runtime.run_until_stalled();
    assert!(calls.iter_mut().all(|call| call.take().unwrap().is_ok()));
    assert_eq!(harness.endpoint.requests(), 42);
    harness.assert_idle();
}
