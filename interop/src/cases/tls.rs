//! Certificates: the client's (RFC 8705), and the server's.

use alf_core::{ClientBuilder, TokenErrorKind};
use serde_json::Value;

use crate::server::{fail, key, key_file};
use crate::trial::{Builder, SECRET, Trial};
use crate::{Subject, Tls};

pub(super) fn tls_client_auth_by_subject<S: Subject>(trial: &Trial<S>) {
    let seen = works(trial, "client", |builder| builder.tls_client_auth("tls-dn"));
    assert_eq!(seen["client_id"], "tls-dn");
}

pub(super) fn tls_client_auth_by_name<S: Subject>(trial: &Trial<S>) {
    let seen = works(trial, "client", |builder| {
        builder.tls_client_auth("tls-san")
    });
    assert_eq!(seen["client_id"], "tls-san");
}

pub(super) fn self_signed_tls_client_auth<S: Subject>(trial: &Trial<S>) {
    let seen = works(trial, "client-self", |builder| {
        builder.self_signed_tls_client_auth("tls-self")
    });
    assert_eq!(seen["client_id"], "tls-self");
}

/// RFC 8705 §3: the API accepts the token with the same certificate alone.
pub(super) fn certificate_bound_token<S: Subject>(trial: &Trial<S>) {
    let seen = works(trial, "client", |builder| {
        builder.tls_client_auth("tls-bound")
    });
    assert_eq!(seen["client_id"], "tls-bound");
    // Without one on the calls, the API says 401, before and after the replay.
    let client = trial.client_at(&format!("{}/token", trial.https()), |builder| {
        builder
            .tls_client_auth("tls-bound")
            .http_client(S::http_client(&trusting()))
            .token_http_client(S::http_client(&identity("client")))
    });
    let answer = trial.get_url(&client, &format!("{}/api/things", trial.https()));
    assert_eq!(answer.map(|answer| answer.status).ok(), Some(401));
}

/// RFC 8705 §5.
pub(super) fn discovery_finds_the_alias<S: Subject>(trial: &Trial<S>) {
    let builder = ClientBuilder::<S::Adapter>::discover(trial.http());
    let client = trial.expect_client(
        builder
            .tls_client_auth("tls-dn")
            .http_client(S::http_client(&identity("client")))
            .token_http_client(S::http_client(&identity("client"))),
    );
    assert_eq!(trial.expect_call(&client)["client_id"], "tls-dn");
}

pub(super) fn certificate_of_another_name_is_refused<S: Subject>(trial: &Trial<S>) {
    let client = trial.client_over_tls(&identity("other-client"), |builder| {
        builder.tls_client_auth("tls-dn")
    });
    let error = trial.expect_token_error(&client);
    assert_eq!(error.error_code(), Some("invalid_client"), "{error}");
}

pub(super) fn unknown_authority_is_no_connection<S: Subject>(trial: &Trial<S>) {
    // The usual authorities, which did not sign the server's certificate.
    let endpoint = format!("{}/token", trial.https());
    no_connection(trial, &endpoint, &Tls::default());
}

pub(super) fn wrong_name_is_no_connection<S: Subject>(trial: &Trial<S>) {
    let endpoint = format!("{}/token", trial.wrong_name());
    no_connection(trial, &endpoint, &trusting());
}

fn no_connection<S: Subject>(trial: &Trial<S>, endpoint: &str, tls: &Tls) {
    let client = trial.client_at(endpoint, |builder| {
        builder
            .client_secret("basic", SECRET)
            .token_http_client(S::http_client(tls))
            // It is tried again until then: certificates are mended, too.
            .acquire_timeout(std::time::Duration::from_secs(1))
    });
    let error = trial.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Connect, "{error:?}");
    let text = chain(&error).to_lowercase();
    assert!(
        text.contains("certificate") || text.contains("tls") || text.contains("ssl"),
        "expected an error that says that it is the certificate, but: {text}"
    );
    assert_eq!(trial.token_requests(), 0);
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(beneath) = source {
        text.push_str(": ");
        text.push_str(&beneath.to_string());
        source = beneath.source();
    }
    text
}

/// A token, a call over `https`, a revocation, a call; what the API saw.
fn works<S: Subject>(
    trial: &Trial<S>,
    certificate: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) -> Value {
    let client = trial.client_over_tls(&identity(certificate), set);
    let url = format!("{}/api/things", trial.https());
    trial.expect_call_of(&client, &url);
    trial.revoke_all();
    let seen = trial.expect_call_of(&client, &url);
    if trial.token_requests() != 2 {
        fail("two token requests");
    }
    seen
}

fn trusting() -> Tls {
    Tls {
        root_certificate: Some(key("ca.crt")),
        identity: None,
    }
}

fn identity(name: &str) -> Tls {
    Tls {
        identity: Some((
            key_file(&format!("{name}.crt")),
            key_file(&format!("{name}.pem")),
        )),
        ..trusting()
    }
}
