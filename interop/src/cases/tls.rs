//! Certificates: the client's (RFC 8705), and the server's.

use std::error::Error as _;
use std::process::Command;
use std::time::Duration;

use alf_core::{ClientBuilder, TokenError, TokenErrorKind};
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

/// What `ClientCertificate` makes trusts the usual authorities alone. Which those are, a process is told
/// when it begins, on Linux by a variable: so another one has the case to itself.
pub(super) fn ready_made_clients_have_the_certificate<S: Subject>(trial: &Trial<S>) {
    let files = ["client.crt", "client.pem"].map(key_file);
    let client = trial.client_at(&format!("{}/token", trial.https()), |builder| {
        let [calls, tokens] = S::ready_made(&files[0], &files[1]);
        builder
            .tls_client_auth("tls-bound")
            .http_client(calls)
            .token_http_client(tokens)
            .acquire_timeout(LONG_ENOUGH)
    });
    if std::env::var_os(TRUSTS).is_some() {
        let url = format!("{}/api/things", trial.https());
        assert_eq!(
            trial.expect_call_of(&client, &url)["client_id"],
            "tls-bound"
        );
        return;
    }
    let error = trial.expect_token_error(&client);
    assert_eq!(first_kind(&error), TokenErrorKind::Connect, "{error:?}");
    assert_eq!(trial.token_requests(), 0);
    if cfg!(target_os = "linux") {
        trusting_process("ready_made_clients_have_the_certificate");
    }
}

/// Runs one case in a process that trusts the server's authority.
fn trusting_process(case: &str) {
    let program = std::env::current_exe();
    let program = program.unwrap_or_else(|error| fail(&format!("this program, but: {error}")));
    let ran = Command::new(program)
        .args([case, "--exact", "--ignored"])
        .env(TRUSTS, key_file("ca.crt"))
        .env("SSL_CERT_FILE", key_file("ca.crt"))
        .env_remove("SSL_CERT_DIR")
        .output();
    let output = ran.unwrap_or_else(|error| fail(&format!("another process, but: {error}")));
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() || !said.contains("1 passed") {
        fail(&format!(
            "{case} to pass in a process of its own, but: {said}"
        ));
    }
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
            .acquire_timeout(LONG_ENOUGH)
    });
    let error = trial.expect_token_error(&client);
    assert_eq!(first_kind(&error), TokenErrorKind::Connect, "{error:?}");
    let text = chain(&error).to_lowercase();
    assert!(
        text.contains("certificate") || text.contains("tls") || text.contains("ssl"),
        "expected an error that says that it is the certificate, but: {text}"
    );
    assert_eq!(trial.token_requests(), 0);
}

/// The kind of the failure; of an attempt that was cut short by the deadline, that of the one before.
fn first_kind(error: &TokenError) -> TokenErrorKind {
    let earlier = error.source().and_then(|source| source.downcast_ref());
    earlier.map_or_else(|| error.kind(), TokenError::kind)
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

/// For one attempt at least.
const LONG_ENOUGH: Duration = Duration::from_secs(2);
/// That this process was begun by [`trusting_process`].
const TRUSTS: &str = "ALF_INTEROP_TRUSTS";
