//! B3: secrets that are rotated while the program runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alf_core::{
    AuthenticationContext, AuthenticationError, ClientAuthentication, Credential,
    CredentialsFingerprint, TokenErrorKind, TokenManager, TokenRequest,
};
use async_trait::async_trait;

use crate::support::{CLIENT_ID, Harness, LIFETIME, Reply, access_token};

/// A client whose secret the test sets, and the number of times it was read.
fn rotating(harness: &Harness) -> (TokenManager, Arc<Mutex<String>>, Arc<AtomicUsize>) {
    let current = Arc::new(Mutex::new("old".to_owned()));
    let reads = Arc::new(AtomicUsize::new(0));
    let (read, count) = (Arc::clone(&current), Arc::clone(&reads));
    let secret = Credential::from_fn(move || {
        count.fetch_add(1, Ordering::Relaxed);
        let secret = read.lock().unwrap().clone();
        async move { Ok::<_, String>(secret) }
    });
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, secret));
    (client.tokens().clone(), current, reads)
}

#[test]
fn b3_a_secret_that_has_changed_is_tried_at_once() {
    for refusal in [
        Reply::refuse(401, "invalid_client"),
        Reply::refuse(400, "unauthorized_client"),
        Reply::status(403),
    ] {
        let harness = Harness::new();
        let (tokens, secret, _) = rotating(&harness);
        let attempt = harness.endpoint.hold();
        let mut call = harness.ask(&tokens);
        *secret.lock().unwrap() = "new".to_owned();
        attempt.answer(refusal);
        harness.runtime.run_until_stalled();
        assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
        assert_eq!(harness.time().elapsed(), Duration::ZERO);
        let exchanges = harness.endpoint.exchanges();
        assert!(exchanges[0].body.ends_with("client_secret=old"));
        assert!(exchanges[1].body.ends_with("client_secret=new"));
    }
}

#[test]
fn b3_a_secret_that_has_not_changed_costs_one_request_and_is_read_once_more() {
    let harness = Harness::new();
    let (tokens, _, reads) = rotating(&harness);
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let error = harness.ask_now(&tokens).unwrap_err();
    assert_eq!(error.error_code(), Some("invalid_client"));
    assert_eq!(harness.endpoint.requests(), 1);
    assert_eq!(reads.load(Ordering::Relaxed), 2);
}

#[test]
fn b2_a_secret_that_was_rotated_to_a_wrong_one_costs_one_request_too() {
    let harness = Harness::new();
    let (tokens, secret, _) = rotating(&harness);
    assert!(harness.ask_now(&tokens).is_ok());
    harness.advance(LIFETIME);
    *secret.lock().unwrap() = "wrong".to_owned();
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    // It has not changed since the refused attempt read it.
    let error = harness.ask_now(&tokens).unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn b3_once_in_an_acquisition() {
    let harness = Harness::new();
    let reads = Arc::new(AtomicUsize::new(0));
    let secret = Credential::from_fn(move || {
        let number = reads.fetch_add(1, Ordering::Relaxed);
        async move { Ok::<_, String>(format!("secret-{number}")) }
    });
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    harness
        .endpoint
        .otherwise(Reply::refuse(401, "invalid_client"));
    let error = harness.ask_now(client.tokens()).unwrap_err();
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(harness.endpoint.requests(), 2);
}

/// A user's own method, whose n-th key is `key-n`.
struct OwnKeys {
    calls: Arc<AtomicUsize>,
    may_change: bool,
}

#[async_trait]
impl ClientAuthentication for OwnKeys {
    async fn authenticate(
        &self,
        _: &AuthenticationContext<'_>,
        request: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        let key = format!("key-{}", self.calls.fetch_add(1, Ordering::Relaxed));
        request.secret_parameter("key", &key);
        Ok(if self.may_change {
            CredentialsFingerprint::of(&key)
        } else {
            CredentialsFingerprint::unchanging()
        })
    }
}

#[test]
fn b3_a_users_own_method_is_asked_once_more_if_its_credentials_may_change() {
    // Three: the refused attempt, the comparison, and the attempt that follows it.
    for (may_change, requests, expected) in [(true, 2, 3), (false, 1, 1)] {
        let harness = Harness::new();
        let calls = Arc::new(AtomicUsize::new(0));
        let method = OwnKeys {
            calls: Arc::clone(&calls),
            may_change,
        };
        let client = harness.build(harness.builder().client_authentication(CLIENT_ID, method));
        harness
            .endpoint
            .otherwise(Reply::refuse(401, "invalid_client"));
        let error = harness.ask_now(client.tokens()).unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Refused);
        assert_eq!(harness.endpoint.requests(), requests);
        assert_eq!(calls.load(Ordering::Relaxed), expected);
    }
}

#[test]
fn b3_a_rotated_file_needs_no_restart() {
    let harness = Harness::new();
    let file = std::env::temp_dir().join(format!("alf-b3-{}", std::process::id()));
    std::fs::write(&file, "old\n").unwrap();
    let secret = Credential::file(&file);
    let client = harness.build(harness.builder().client_secret_post(CLIENT_ID, secret));
    let attempt = harness.endpoint.hold();
    let mut call = harness.ask(client.tokens());
    std::fs::write(&file, "new\n").unwrap();
    attempt.answer(Reply::refuse(401, "invalid_client"));
    harness.runtime.run_until_stalled();
    assert_eq!(access_token(&call.take().unwrap().unwrap()), "token-1");
    let bodies = harness.endpoint.exchanges();
    assert!(bodies[0].body.ends_with("client_secret=old"));
    assert!(bodies[1].body.ends_with("client_secret=new"));
    std::fs::remove_file(file).unwrap();
}
