//! What the server refuses: the error has the reason, and the server gets one request.

use alf_core::{Credential, TokenErrorKind};

use crate::InteropAdapter;
use crate::fixture::{Builder, Fixture, SECRET};
use crate::server::key_file;

pub(super) fn wrong_secret_is_one_request<S: InteropAdapter>(fixture: &Fixture<S>) {
    refused(fixture, 401, "invalid_client", |builder| {
        builder.client_secret("basic", "wrong")
    });
}

pub(super) fn expired_secret_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    refused(fixture, 400, "invalid_client", |builder| {
        builder.client_secret("expired", SECRET)
    });
}

pub(super) fn client_without_the_grant_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    // Other servers answer `unauthorized_client` (RFC 6749 §5.2).
    refused(fixture, 400, "invalid_request", |builder| {
        builder.client_secret("no-grant", SECRET)
    });
}

pub(super) fn unknown_resource_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    refused(fixture, 400, "invalid_target", |builder| {
        let builder = builder.client_secret("basic", SECRET);
        builder.resource("https://api.test/unknown")
    });
}

pub(super) fn unknown_client_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    refused(fixture, 401, "invalid_client", |builder| {
        builder.client_secret("unknown", SECRET)
    });
}

pub(super) fn wrong_key_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    refused(fixture, 401, "invalid_client", |builder| {
        let key = Credential::file(key_file("pkj-es256-next.pem"));
        builder.private_key_jwt("pkj-es256", key)
    });
}

fn refused<S: InteropAdapter>(
    fixture: &Fixture<S>,
    status: u16,
    code: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) {
    let client = fixture.client(set);
    let error = fixture.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Refused);
    assert_eq!(error.error_code(), Some(code), "{error}");
    assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
    assert!(!error.is_transient() && error.retry_at().is_some());
    // While alf backs off: the same error, without a request.
    let again = fixture.expect_token_error(&client);
    assert_eq!(again.error_code(), Some(code));
    assert_eq!(
        (fixture.token_requests(), fixture.requests_to("/api/")),
        (1, 0)
    );
}
