//! Revocation, expiry, and rotation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alf_core::{ClientSecret, PrivateKey};

use crate::Subject;
use crate::server::key;
use crate::trial::{SECRET, Trial};

pub(super) fn revoked_token_is_renewed_and_the_call_replayed<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    trial.expect_call(&client);
    trial.revoke_all();
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 2);
    assert_eq!(trial.requests_to("/api/"), 3);
}

pub(super) fn replayed_post_has_its_body<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    trial.expect_call(&client);
    trial.revoke_all();
    let answer = trial.post(&client, "/api/orders?page=1", "three apples");
    let Ok(answer) = answer else {
        crate::server::fail(&format!("an answer, but: {answer:?}"));
    };
    assert_eq!(answer.status, 200);
    let body: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    assert_eq!(body["body_length"], 12);
    assert_eq!(body["path"], "/api/orders?page=1");
    assert_eq!(trial.requests_to("/api/orders"), 2);
}

/// The tokens of `short` live for two seconds; each call has one that is good.
pub(super) fn expired_token_is_renewed<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("short", SECRET));
    trial.expect_call(&client);
    let first = Trial::<S>::token(&client);
    let mut calls = 1;
    // By its own state, not by a clock: until another token is there.
    while Trial::<S>::token(&client) == first {
        trial.expect_call(&client);
        calls += 1;
    }
    trial.expect_call(&client);
    // Of these none met a 401 but, perhaps, one: the server counts whole seconds from the one in
    // which it was asked, so that its token may live for less than it states.
    assert!(trial.requests_to("/api/") <= calls + 2);
}

pub(super) fn insufficient_scope_renews_nothing<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    let answer = trial.get(&client, "/api/things?scope=write");
    assert_eq!(answer.map(|answer| answer.status).ok(), Some(403));
    assert_eq!(trial.token_requests(), 1);
    assert_eq!(trial.requests_to("/api/"), 1);
}

/// B3: it is read again after the refusal, and tried at once.
pub(super) fn rotated_secret_is_read_again<S: Subject>(trial: &Trial<S>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let read = Arc::clone(&rotated);
    let client = trial.client(|builder| {
        let secret = ClientSecret::from_fn(move || {
            // Whoever reads it for the first time gets one that is no longer good.
            let secret = if read.swap(true, Ordering::SeqCst) {
                SECRET
            } else {
                "the-secret-of-yesterday"
            };
            async move { Ok::<_, String>(secret) }
        });
        builder.client_secret("basic", secret)
    });
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 2);
}

pub(super) fn rotated_key_is_read_again<S: Subject>(trial: &Trial<S>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let read = Arc::clone(&rotated);
    let client = trial.client(|builder| {
        let key = PrivateKey::from_fn(move || {
            let name = if read.swap(true, Ordering::SeqCst) {
                "pkj-es256.pem"
            } else {
                "dpop-es256.pem"
            };
            async move { Ok::<_, String>(key(name)) }
        });
        builder.private_key_jwt("pkj-es256", key)
    });
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 2);
}
