//! Short failures of the token endpoint, which callers do not notice.

use serde_json::json;

use crate::InteropAdapter;
use crate::fixture::{Fixture, SECRET, fault};

pub(super) fn unavailable_server_is_retried<S: InteropAdapter>(fixture: &Fixture<S>) {
    fixture.faults(&json!([fault(503, &[("retry-after", "1")], "busy")]));
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 2);
}

pub(super) fn closed_connection_is_retried<S: InteropAdapter>(fixture: &Fixture<S>) {
    fixture.faults(&json!([{ "hang_up": true }, { "hang_up": true }]));
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 3);
}

pub(super) fn slow_response_is_waited_for<S: InteropAdapter>(fixture: &Fixture<S>) {
    fixture.faults(&json!([{ "delay_ms": 300 }]));
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 1);
}

pub(super) fn concurrent_calls_share_one_token_request<S: InteropAdapter>(fixture: &Fixture<S>) {
    fixture.faults(&json!([{ "delay_ms": 100 }]));
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET));
    let calls = fixture.get_at_once(&client, "/api/things", 50);
    assert!(calls.iter().all(|status| *status == Some(200)), "{calls:?}");
    fixture.revoke_all();
    let calls = fixture.get_at_once(&client, "/api/things", 50);
    assert!(calls.iter().all(|status| *status == Some(200)), "{calls:?}");
    assert_eq!(fixture.token_requests(), 2);
}
