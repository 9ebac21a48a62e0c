//! X1: what the library logs, at every level.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::Answer;

use super::case::CLIENT_ID;
use super::recorder::Recording;
use super::{Case, Expect, Subject, post};

pub(super) fn x1_no_log_line_shows_a_secret<S: Subject>(case: &Case<S>) {
    // Other cases run meanwhile, perhaps on another transport: this secret is nobody else's.
    let secret = format!("secret-{:016x}", fastrand::u64(..));
    case.servers.authorization.set_client(CLIENT_ID, &secret);
    let recording = Recording::start();
    let by_basic = case.client_with(|builder| builder.client_secret(CLIENT_ID, secret.clone()));
    let in_body = case.client_with(|builder| builder.client_secret_post(CLIENT_ID, secret.clone()));
    for client in [by_basic, in_body] {
        case.get(&client, "/things").expect_status(200);
        case.servers.revoke_all();
        let request = post(&case.servers.url("/echo"), "the body");
        case.send(&client, request).expect_status(200);
        case.servers.resource.answer_next(Answer::hang_up());
        drop(case.get(&client, "/things"));
        case.time.wait_until_idle();
    }
    let lines = recording.lines();
    drop(recording);
    let tokens = case.servers.authorization.issued();
    let credentials = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{secret}"));
    for hidden in tokens.iter().chain([&secret, &credentials]) {
        let shown: Vec<&str> = lines
            .lines()
            .filter(|line| line.contains(hidden.as_str()))
            .map(|line| line.split(": ").next().unwrap_or_default())
            .collect();
        assert!(
            shown.is_empty(),
            "expected no log line with a secret or a token, but it is in {} of {shown:?}",
            shown.len()
        );
    }
}
