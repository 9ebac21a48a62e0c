//! What the server says no to: an error that says why, and no storm.

use alf_core::{PrivateKey, TokenErrorKind};

use crate::Subject;
use crate::server::key_file;
use crate::trial::{Builder, SECRET, Trial};

pub(super) fn wrong_secret_is_one_request<S: Subject>(trial: &Trial<S>) {
    refused(trial, 401, "invalid_client", |builder| {
        builder.client_secret("basic", "wrong")
    });
}

pub(super) fn expired_secret_is_refused<S: Subject>(trial: &Trial<S>) {
    refused(trial, 400, "invalid_client", |builder| {
        builder.client_secret("expired", SECRET)
    });
}

pub(super) fn client_without_the_grant_is_refused<S: Subject>(trial: &Trial<S>) {
    // Others say `unauthorized_client` (RFC 6749 §5.2).
    refused(trial, 400, "invalid_request", |builder| {
        builder.client_secret("no-grant", SECRET)
    });
}

pub(super) fn unknown_resource_is_refused<S: Subject>(trial: &Trial<S>) {
    refused(trial, 400, "invalid_target", |builder| {
        let builder = builder.client_secret("basic", SECRET);
        builder.resource("https://api.test/unknown")
    });
}

pub(super) fn unknown_client_is_refused<S: Subject>(trial: &Trial<S>) {
    refused(trial, 401, "invalid_client", |builder| {
        builder.client_secret("nobody", SECRET)
    });
}

pub(super) fn wrong_key_is_refused<S: Subject>(trial: &Trial<S>) {
    refused(trial, 401, "invalid_client", |builder| {
        let key = PrivateKey::file(key_file("pkj-es256-next.pem"));
        builder.private_key_jwt("pkj-es256", key)
    });
}

fn refused<S: Subject>(
    trial: &Trial<S>,
    status: u16,
    code: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) {
    let client = trial.client(set);
    let error = trial.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.error_code(), Some(code), "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    assert!(!error.is_transient() && error.retry_at().is_some());
    // While alf rests: the same, without a request.
    let again = trial.expect_token_error(&client);
    assert_eq!(again.error_code(), Some(code));
    assert_eq!((trial.token_requests(), trial.requests_to("/api/")), (1, 0));
}
