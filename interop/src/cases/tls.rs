//! Certificates: the client's (RFC 8705), and the server's.

use std::process::Command;

use alf_core::{ClientBuilder, TokenErrorKind};
use serde_json::Value;

use crate::fixture::{Builder, Fixture, SECRET};
use crate::server::{fail, key, key_file};
use crate::{InteropAdapter, TlsSettings};

pub(super) fn tls_client_auth_by_subject<S: InteropAdapter>(fixture: &Fixture<S>) {
    let seen = works(fixture, "client", |builder| {
        builder.tls_client_auth("tls-dn")
    });
    assert_eq!(seen["client_id"], "tls-dn");
}

pub(super) fn tls_client_auth_by_name<S: InteropAdapter>(fixture: &Fixture<S>) {
    let seen = works(fixture, "client", |builder| {
        builder.tls_client_auth("tls-san")
    });
    assert_eq!(seen["client_id"], "tls-san");
}

pub(super) fn self_signed_tls_client_auth<S: InteropAdapter>(fixture: &Fixture<S>) {
    let seen = works(fixture, "client-self", |builder| {
        builder.self_signed_tls_client_auth("tls-self")
    });
    assert_eq!(seen["client_id"], "tls-self");
}

/// RFC 8705 §3: the API accepts the token only with the same certificate.
pub(super) fn certificate_bound_token<S: InteropAdapter>(fixture: &Fixture<S>) {
    let seen = works(fixture, "client", |builder| {
        builder.tls_client_auth("tls-bound")
    });
    assert_eq!(seen["client_id"], "tls-bound");
    // Without a certificate on the calls, the API answers 401, before and after the replay.
    let client = fixture.client_at(&format!("{}/token", fixture.https()), |builder| {
        builder
            .tls_client_auth("tls-bound")
            .http_client(S::http_client(&trusting()))
            .token_http_client(S::http_client(&identity("client")))
    });
    let response = fixture.get_url(&client, &format!("{}/api/things", fixture.https()));
    assert_eq!(response.map(|response| response.status).ok(), Some(401));
}

/// RFC 8705 §5.
pub(super) fn discovery_finds_the_alias<S: InteropAdapter>(fixture: &Fixture<S>) {
    let builder = ClientBuilder::<S::Adapter>::discover(fixture.http());
    let client = fixture.expect_client(
        builder
            .tls_client_auth("tls-dn")
            .http_client(S::http_client(&identity("client")))
            .token_http_client(S::http_client(&identity("client"))),
    );
    assert_eq!(fixture.expect_call(&client)["client_id"], "tls-dn");
}

/// The clients with the certificate trust only the authorities of the system. On Linux, a variable of the
/// environment changes these for a whole process: so the second half of the case runs in a process of its own.
pub(super) fn documented_clients_have_the_certificate<S: InteropAdapter>(fixture: &Fixture<S>) {
    let files = ["client.crt", "client.pem"].map(key_file);
    let client = fixture.client_at(&format!("{}/token", fixture.https()), |builder| {
        S::with_certificate(builder.tls_client_auth("tls-bound"), &files[0], &files[1])
    });
    if std::env::var_os(TRUSTS).is_some() {
        let url = format!("{}/api/things", fixture.https());
        assert_eq!(
            fixture.expect_call_of(&client, &url)["client_id"],
            "tls-bound"
        );
        return;
    }
    let error = fixture.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Certificate, "{error:?}");
    assert_eq!(fixture.token_requests(), 0);
    if cfg!(target_os = "linux") {
        trusting_process("documented_clients_have_the_certificate");
    }
}

/// Runs one case in a process that trusts the server's authority.
fn trusting_process(case: &str) {
    let program = std::env::current_exe();
    let program =
        program.unwrap_or_else(|error| fail(&format!("the path of this program, but: {error}")));
    let ran = Command::new(program)
        .args([case, "--exact", "--ignored"])
        .env(TRUSTS, key_file("ca.crt"))
        .env("SSL_CERT_FILE", key_file("ca.crt"))
        .env_remove("SSL_CERT_DIR")
        .output();
    let output = ran.unwrap_or_else(|error| fail(&format!("another process, but: {error}")));
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !printed.contains("1 passed") {
        fail(&format!(
            "{case} to pass in a process of its own, but: {printed}"
        ));
    }
}

pub(super) fn certificate_of_another_name_is_refused<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client_over_tls(&identity("other-client"), |builder| {
        builder.tls_client_auth("tls-dn")
    });
    let error = fixture.expect_token_error(&client);
    assert_eq!(error.error_code(), Some("invalid_client"), "{error}");
}

pub(super) fn unknown_authority_is_an_invalid_certificate<S: InteropAdapter>(fixture: &Fixture<S>) {
    // It trusts the authorities of the system, which did not sign the server's certificate.
    let endpoint = format!("{}/token", fixture.https());
    expect_invalid_certificate(fixture, &endpoint, &TlsSettings::default());
}

pub(super) fn wrong_name_is_an_invalid_certificate<S: InteropAdapter>(fixture: &Fixture<S>) {
    let endpoint = format!("{}/token", fixture.wrong_name());
    expect_invalid_certificate(fixture, &endpoint, &trusting());
}

fn expect_invalid_certificate<S: InteropAdapter>(
    fixture: &Fixture<S>,
    endpoint: &str,
    tls: &TlsSettings,
) {
    let client = fixture.client_at(endpoint, |builder| {
        builder
            .client_secret("basic", SECRET)
            .token_http_client(S::http_client(tls))
    });
    let error = fixture.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Certificate, "{error:?}");
    assert_eq!(error.attempts(), 1, "{error:?}");
    assert_eq!(fixture.token_requests(), 0);
}

/// A token, a call over `https`, a revocation, a call. Returns what the API knows of the token.
fn works<S: InteropAdapter>(
    fixture: &Fixture<S>,
    certificate: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) -> Value {
    let client = fixture.client_over_tls(&identity(certificate), set);
    let url = format!("{}/api/things", fixture.https());
    fixture.expect_call_of(&client, &url);
    fixture.revoke_all();
    let seen = fixture.expect_call_of(&client, &url);
    if fixture.token_requests() != 2 {
        fail("two token requests");
    }
    seen
}

fn trusting() -> TlsSettings {
    TlsSettings {
        root_certificate: Some(key("ca.crt")),
        identity: None,
    }
}

fn identity(name: &str) -> TlsSettings {
    TlsSettings {
        identity: Some((
            key_file(&format!("{name}.crt")),
            key_file(&format!("{name}.pem")),
        )),
        ..trusting()
    }
}

/// Set in a process that [`trusting_process`] has started.
const TRUSTS: &str = "ALF_INTEROP_TRUSTS";
