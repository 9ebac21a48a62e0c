//! Every authentication method that needs no certificate: a token, and a call with it.

use alf_core::{
    ClientBuilder, ClientSecretJwt, Credential, MacAlgorithm, PrivateKeyJwt, SigningAlgorithm,
    TokenErrorKind,
};

use crate::fixture::{Builder, Fixture, SECRET, UNUSUAL_ID, UNUSUAL_POST_SECRET, UNUSUAL_SECRET};
use crate::server::{key, key_file};
use crate::{InteropAdapter, fixture::Client};

pub(super) fn client_secret_basic<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    let seen = fixture.expect_call(&client);
    assert_eq!(seen["client_id"], "basic");
    assert_eq!(seen["scope"], "read");
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 1);
}

pub(super) fn client_secret_basic_with_special_characters<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret(UNUSUAL_ID, UNUSUAL_SECRET));
    assert_eq!(fixture.expect_call(&client)["client_id"], UNUSUAL_ID);
}

pub(super) fn client_secret_post_with_special_characters<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret_post("post", UNUSUAL_POST_SECRET));
    assert_eq!(fixture.expect_call(&client)["client_id"], "post");
}

pub(super) fn client_secret_jwt_hs256<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "secret-jwt", |builder| {
        builder.client_secret_jwt("secret-jwt", SECRET)
    });
}

pub(super) fn client_secret_jwt_hs512<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "secret-jwt-512", |builder| {
        let method = ClientSecretJwt::new(format!("{SECRET}{SECRET}"));
        let method = method.algorithm(MacAlgorithm::Hs512);
        builder.client_authentication("secret-jwt-512", method)
    });
}

pub(super) fn private_key_jwt_es256<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-es256", |builder| {
        builder.private_key_jwt("pkj-es256", key("pkj-es256.pem"))
    });
}

pub(super) fn private_key_jwt_es384<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-es384", |builder| {
        builder.private_key_jwt("pkj-es384", Credential::file(key_file("pkj-es384.pem")))
    });
}

pub(super) fn private_key_jwt_rs256<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-rs256", |builder| {
        builder.private_key_jwt("pkj-rs256", Credential::file(key_file("pkj-rs256.pem")))
    });
}

pub(super) fn private_key_jwt_ps256<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-ps256", |builder| {
        let method = PrivateKeyJwt::new(Credential::file(key_file("pkj-rs256.pem")))
            .algorithm(SigningAlgorithm::Ps256)
            .key_id("ps256");
        builder.client_authentication("pkj-ps256", method)
    });
}

pub(super) fn private_key_jwt_eddsa<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-eddsa", |builder| {
        builder.private_key_jwt("pkj-eddsa", Credential::file(key_file("pkj-eddsa.pem")))
    });
}

pub(super) fn private_key_jwt_ed25519<S: InteropAdapter>(fixture: &Fixture<S>) {
    works(fixture, "pkj-ed25519", |builder| {
        let key = Credential::file(key_file("pkj-eddsa.pem"));
        let method = PrivateKeyJwt::new(key).algorithm(SigningAlgorithm::Ed25519);
        builder.client_authentication("pkj-ed25519", method)
    });
}

/// `aud` is the issuer if it is known.
pub(super) fn private_key_jwt_for_the_issuer<S: InteropAdapter>(fixture: &Fixture<S>) {
    let issuer = fixture.http().to_owned();
    works(fixture, "pkj-es256", |builder| {
        let method = PrivateKeyJwt::new(Credential::file(key_file("pkj-es256.pem")));
        let method = method.typ("client-authentication+jwt");
        let builder = builder.issuer(issuer);
        builder.client_authentication("pkj-es256", method)
    });
}

pub(super) fn private_key_jwt_with_one_of_two_keys<S: InteropAdapter>(fixture: &Fixture<S>) {
    for (kid, file) in [("old", "pkj-es256.pem"), ("new", "pkj-es256-next.pem")] {
        works(fixture, "pkj-rotating", |builder| {
            let method = PrivateKeyJwt::new(Credential::file(key_file(file))).key_id(kid);
            builder.client_authentication("pkj-rotating", method)
        });
    }
}

/// alf sends whatever the callback returns. Here it is not a JWT, and the server rejects it.
pub(super) fn client_assertion_from_a_callback<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| {
        let assertion = Credential::from_fn(|| async { Ok::<_, String>("no.jwt.at-all") });
        builder.client_assertion("pkj-es256", assertion)
    });
    let error = fixture.expect_token_error(&client);
    assert_eq!(error.kind(), TokenErrorKind::Refused, "{error}");
    let description = error.error_description().unwrap_or_default();
    assert!(description.contains("client_assertion"), "{error}");
}

pub(super) fn discovery_finds_the_endpoint<S: InteropAdapter>(fixture: &Fixture<S>) {
    let builder = ClientBuilder::<S::Adapter>::discover(fixture.http());
    let key = Credential::file(key_file("pkj-es256.pem"));
    let client = fixture.expect_client(builder.private_key_jwt("pkj-es256", key));
    assert_eq!(fixture.expect_call(&client)["client_id"], "pkj-es256");
    fixture.revoke_all();
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests(), 2);
    assert_eq!(fixture.requests_to("/.well-known/"), 1);
}

/// A token for each scope and resource, by the token manager that every client has.
pub(super) fn scope_and_resource_of_a_token_target<S: InteropAdapter>(fixture: &Fixture<S>) {
    let client = fixture.client(|builder| builder.client_secret("basic", SECRET).scope("read"));
    assert_eq!(fixture.expect_call(&client)["scope"], "read");
    let tokens = S::tokens(&client);
    let writer = S::block_on(tokens.with_scope("write").token());
    let again = S::block_on(tokens.with_scope("write").token());
    let writer = writer.map(|token| token.expose_access_token().to_owned());
    let again = again.map(|token| token.expose_access_token().to_owned());
    assert_eq!(writer.ok(), again.ok());
    assert_eq!(fixture.token_requests(), 2);
    let resource = tokens.with_resource("https://api.test/jwt");
    let Ok(jwt) = S::block_on(resource.token()) else {
        crate::server::fail("a token for the resource");
    };
    assert_eq!(jwt.expose_access_token().split('.').count(), 3);
}

/// A token, a call, a revocation, and a call with another token, for which the client authenticates again.
fn works<S: InteropAdapter>(
    fixture: &Fixture<S>,
    client_id: &str,
    set: impl FnOnce(Builder<S>) -> Builder<S>,
) {
    let before = fixture.token_requests();
    let client: Client<S> = fixture.client(set);
    let seen = fixture.expect_call(&client);
    assert_eq!(seen["client_id"], client_id);
    fixture.revoke_all();
    fixture.expect_call(&client);
    assert_eq!(fixture.token_requests() - before, 2);
}
