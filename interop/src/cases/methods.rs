//! Every way to authenticate that needs no certificate: a token, and a call with it.

use alf_core::{
    ClientAssertion, ClientBuilder, ClientSecretJwt, MacAlgorithm, PrivateKey, PrivateKeyJwt,
    SigningAlgorithm, TokenErrorKind,
};

use crate::server::{key, key_file};
use crate::trial::{Builder, ODD_ID, ODD_POST_SECRET, ODD_SECRET, SECRET, Trial};
use crate::{Subject, trial::Client};

pub(super) fn client_secret_basic<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    let seen = trial.expect_call(&client);
    assert_eq!(seen["client_id"], "basic");
    assert_eq!(seen["scope"], "read");
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 1);
}

pub(super) fn client_secret_basic_with_odd_characters<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret(ODD_ID, ODD_SECRET));
    assert_eq!(trial.expect_call(&client)["client_id"], ODD_ID);
}

pub(super) fn client_secret_post_with_odd_characters<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret_post("post", ODD_POST_SECRET));
    assert_eq!(trial.expect_call(&client)["client_id"], "post");
}

pub(super) fn client_secret_jwt_hs256<S: Subject>(trial: &Trial<S>) {
    works(trial, "secret-jwt", |builder| {
        builder.client_secret_jwt("secret-jwt", SECRET)
    });
}

pub(super) fn client_secret_jwt_hs512<S: Subject>(trial: &Trial<S>) {
    works(trial, "secret-jwt-512", |builder| {
        let method = ClientSecretJwt::new(format!("{SECRET}{SECRET}"));
        let method = method.algorithm(MacAlgorithm::Hs512);
        builder.client_authentication("secret-jwt-512", method)
    });
}

pub(super) fn private_key_jwt_es256<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-es256", |builder| {
        builder.private_key_jwt("pkj-es256", key("pkj-es256.pem"))
    });
}

pub(super) fn private_key_jwt_es384<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-es384", |builder| {
        builder.private_key_jwt("pkj-es384", PrivateKey::file(key_file("pkj-es384.pem")))
    });
}

pub(super) fn private_key_jwt_rs256<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-rs256", |builder| {
        builder.private_key_jwt("pkj-rs256", PrivateKey::file(key_file("pkj-rs256.pem")))
    });
}

pub(super) fn private_key_jwt_ps256<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-ps256", |builder| {
        let key = PrivateKey::file(key_file("pkj-rs256.pem")).algorithm(SigningAlgorithm::Ps256);
        let method = PrivateKeyJwt::new(key).key_id("ps256");
        builder.client_authentication("pkj-ps256", method)
    });
}

pub(super) fn private_key_jwt_eddsa<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-eddsa", |builder| {
        builder.private_key_jwt("pkj-eddsa", PrivateKey::file(key_file("pkj-eddsa.pem")))
    });
}

pub(super) fn private_key_jwt_ed25519<S: Subject>(trial: &Trial<S>) {
    works(trial, "pkj-ed25519", |builder| {
        let key = PrivateKey::file(key_file("pkj-eddsa.pem"));
        let key = key.algorithm(SigningAlgorithm::Ed25519);
        builder.client_authentication("pkj-ed25519", PrivateKeyJwt::new(key))
    });
}

/// `aud` is the issuer where it is known.
pub(super) fn private_key_jwt_for_the_issuer<S: Subject>(trial: &Trial<S>) {
    let issuer = trial.http().to_owned();
    works(trial, "pkj-es256", |builder| {
        let method = PrivateKeyJwt::new(PrivateKey::file(key_file("pkj-es256.pem")));
        let method = method.typ("client-authentication+jwt");
        let builder = builder.issuer(issuer);
        builder.client_authentication("pkj-es256", method)
    });
}

pub(super) fn private_key_jwt_with_one_of_two_keys<S: Subject>(trial: &Trial<S>) {
    for (kid, file) in [("old", "pkj-es256.pem"), ("new", "pkj-es256-next.pem")] {
        works(trial, "pkj-rotating", |builder| {
            let method = PrivateKeyJwt::new(PrivateKey::file(key_file(file))).key_id(kid);
            builder.client_authentication("pkj-rotating", method)
        });
    }
}

/// It is whatever the callback gives: here no JWT, which the server says.
pub(super) fn client_assertion_from_a_callback<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| {
        let assertion = ClientAssertion::from_fn(|| async { Ok::<_, String>("no.jwt.at-all") });
        builder.client_assertion("pkj-es256", assertion)
    });
    let error = trial.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Refused, "{error}");
    let description = error.error_description().unwrap_or_default();
    assert!(description.contains("client_assertion"), "{error}");
}

pub(super) fn discovery_finds_the_endpoint<S: Subject>(trial: &Trial<S>) {
    let builder = ClientBuilder::<S::Adapter>::discover(trial.http());
    let key = PrivateKey::file(key_file("pkj-es256.pem"));
    let client = trial.expect_client(builder.private_key_jwt("pkj-es256", key));
    assert_eq!(trial.expect_call(&client)["client_id"], "pkj-es256");
    trial.revoke_all();
    trial.expect_call(&client);
    assert_eq!(trial.token_requests(), 2);
    assert_eq!(trial.requests_to("/.well-known/"), 1);
}

/// A token for each scope and resource, by way of the token manager that every client has.
pub(super) fn scope_and_resource_of_a_view<S: Subject>(trial: &Trial<S>) {
    let client = trial.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    assert_eq!(trial.expect_call(&client)["scope"], "read");
    let tokens = S::tokens(&client);
    let writer = S::block_on(tokens.with_scope("write").token());
    let again = S::block_on(tokens.with_scope("write").token());
    let writer = writer.map(|token| token.expose_access_token().to_owned());
    let again = again.map(|token| token.expose_access_token().to_owned());
    assert_eq!(writer.ok(), again.ok());
    assert_eq!(trial.token_requests(), 2);
    let resource = tokens.with_resource("https://api.test/jwt");
    let Ok(Ok(jwt)) = resource.map(|tokens| S::block_on(tokens.token())) else {
        crate::server::fail("a token for the resource");
    };
    assert_eq!(jwt.expose_access_token().split('.').count(), 3);
}

/// A token, a call, a revocation, and a call with another token: by a fresh proof.
fn works<S: Subject>(
    trial: &Trial<S>,
    client_id: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) {
    let before = trial.token_requests();
    let client: Client<S> = trial.client(set);
    let seen = trial.expect_call(&client);
    assert_eq!(seen["client_id"], client_id);
    trial.revoke_all();
    trial.expect_call(&client);
    assert_eq!(trial.token_requests() - before, 2);
}
