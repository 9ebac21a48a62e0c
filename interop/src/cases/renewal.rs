//! Revocation, expiry, and rotation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alf_core::Credential;

use crate::InteropAdapter;
use crate::fixture::{Fixture, SECRET};
use crate::server::key;

pub(super) fn revoked_token_is_renewed_and_the_call_replayed<S: InteropAdapter>(
    fixture: &Fixture<S>,
) {
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    fixture.expect_call(&client);
    fixture.revoke_all();
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 2);
    assert_eq!(fixture.requests_to("/api/"), 3);
}

pub(super) fn replayed_post_has_its_body<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    fixture.expect_call(&client);
    fixture.revoke_all();
    let response = fixture.post(&client, "/api/orders?page=1", "three apples");
    let Ok(response) = response else {
        crate::server::fail(&format!("a response, but: {response:?}"));
    };
    assert_eq!(response.status, 200);
    let body: serde_json::Value = serde_json::from_str(&response.body).unwrap_or_default();
    assert_eq!(body["body_length"], 12);
    assert_eq!(body["path"], "/api/orders?page=1");
    assert_eq!(fixture.requests_to("/api/orders"), 2);
}

/// The tokens of `short` have a lifetime of two seconds. Each call has a valid one.
pub(super) fn expired_token_is_renewed<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret("short", SECRET));
    fixture.expect_call(&client);
    let first = Fixture::<S>::token(&client);
    let mut calls = 1;
    // It waits for another token, not for a time.
    while Fixture::<S>::token(&client) == first {
        fixture.expect_call(&client);
        calls += 1;
    }
    fixture.expect_call(&client);
    // At most one call got a 401: the server counts in whole seconds, so a token may expire a little earlier than it states.
    assert!(fixture.requests_to("/api/") <= calls + 2);
}

pub(super) fn insufficient_scope_renews_nothing<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    let response = fixture.get(&client, "/api/things?scope=write");
    assert_eq!(response.map(|response| response.status).ok(), Some(403));
    assert_eq!(fixture.token_requests(), 1);
    assert_eq!(fixture.requests_to("/api/"), 1);
}

/// B3: the secret is read again after the refusal, and the next attempt follows at once.
pub(super) fn rotated_secret_is_read_again<S: InteropAdapter>(fixture: &Fixture<S>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let read = Arc::clone(&rotated);
    let client = fixture.client(|builder| {
        let secret = Credential::from_fn(move || {
            // The first read returns one that is not valid any more.
            let secret = if read.swap(true, Ordering::SeqCst) {
                SECRET
            } else {
                "the-previous-secret"
            };
            async move { Ok::<_, String>(secret) }
        });
        builder.client_secret("basic", secret)
    });
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 2);
}

pub(super) fn rotated_key_is_read_again<S: InteropAdapter>(fixture: &Fixture<S>) {
    let rotated = Arc::new(AtomicBool::new(false));
    let read = Arc::clone(&rotated);
    let client = fixture.client(|builder| {
        let key = Credential::from_fn(move || {
            let name = if read.swap(true, Ordering::SeqCst) {
                "pkj-es256.pem"
            } else {
                "dpop-es256.pem"
            };
            async move { Ok::<_, String>(key(name)) }
        });
        builder.private_key_jwt("pkj-es256", key)
    });
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 2);
}
