//! What a token endpoint does on a bad day, and callers do not notice.

use serde_json::json;

use crate::Subject;
use crate::trial::{SECRET, Trial, fault};

pub(super) fn unavailable_server_is_asked_again<S: Subject>(trial: &Trial<S>) {
    trial.faults(&json!([fault(503, &[("retry-after", "1")], "busy")]));
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 2);
}

pub(super) fn hang_up_is_tried_again<S: Subject>(trial: &Trial<S>) {
    trial.faults(&json!([{ "hang_up": true }, { "hang_up": true }]));
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 3);
}

pub(super) fn slow_answer_is_waited_for<S: Subject>(trial: &Trial<S>) {
    trial.faults(&json!([{ "delay_ms": 300 }]));
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 1);
}

pub(super) fn storm_is_one_token_request<S: Subject>(trial: &Trial<S>) {
    trial.faults(&json!([{ "delay_ms": 100 }]));
    let client = trial.client(|builder| builder.client_secret("basic", SECRET));
    let calls = trial.get_at_once(&client, "/api/things", 50);
    assert!(calls.iter().all(|status| *status == Some(200)), "{calls:?}");
    trial.revoke_all();
    let calls = trial.get_at_once(&client, "/api/things", 50);
    assert!(calls.iter().all(|status| *status == Some(200)), "{calls:?}");
    assert_eq!(trial.token_requests(), 2);
}
