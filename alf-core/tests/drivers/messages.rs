//! The text of a token error: one line that says what happened (T4, S5).

use alf_core::ClientSecret;

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, ApiResponse, CLIENT_ID, Harness, Reply, millis, seconds,
};

#[test]
fn t4_text_of_an_error_ends_with_its_innermost_cause() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.otherwise(Reply::unreachable());
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(
        error.starts_with("could not connect to https://"),
        "{error}"
    );
    assert!(error.ends_with(": as in the script"), "{error}");

    let secret = ClientSecret::file("/no/such/file");
    let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
    let error = harness.ask_now(client.tokens()).unwrap_err().to_string();
    assert!(error.contains("/no/such/file: No such file"), "{error}");
    assert_eq!(error.matches("No such file").count(), 1, "{error}");
}

#[test]
fn t4_text_of_an_error_after_a_rejection_ends_with_its_innermost_cause_too() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.api.answers(|_| ApiResponse::rejection());
    harness
        .endpoint
        .otherwise(Reply::Fail(alf_core::ExchangeErrorKind::Redirected));
    let error = harness.send_now(&client, ApiRequest::get(API)).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("the API had answered with 401"), "{error}");
    assert!(error.ends_with(": as in the script"), "{error}");
}

#[test]
fn t4_text_of_a_401_or_403_without_an_error_code_advises_on_the_client_and_blames_no_scope() {
    for status in [401, 403] {
        let harness = Harness::new();
        harness.endpoint.otherwise(Reply::status(status));
        let tokens = harness.tokens().with_scope("read");
        let error = harness.ask_now(&tokens).unwrap_err().to_string();
        for part in [
            "client id",
            "secret",
            "raw",
            "kid",
            "aud",
            "authentication method",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(!error.contains("read"), "{error}");
    }
}

#[test]
fn s5_text_of_the_error_of_the_deadline_names_the_time_the_attempts_and_the_latest_failure() {
    let harness = Harness::new();
    let tokens = harness.tokens();
    harness.endpoint.reply(Reply::unreachable());
    harness
        .endpoint
        .reply_after(millis(4990), Reply::status(503));
    harness.endpoint.otherwise(Reply::Never);
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("503, after 3 attempts in 9.8s"), "{error}");

    // One attempt without an end, and none.
    let tokens = harness.tokens();
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(error.contains("after 2 attempts in 9.8s"), "{error}");
    let tokens = harness.tokens();
    harness.runtime.freeze();
    let mut call = harness.ask(&tokens);
    harness.advance(ACQUIRE_TIMEOUT + seconds(1));
    let error = call.take().unwrap().unwrap_err().to_string();
    assert!(
        error.ends_with("within acquire_timeout, after 10.0s"),
        "{error}"
    );
}
