//! T2, X1: the assertions that a client signs itself, as they go out: fresh, short-lived, for one audience, and never
//! shown.

use alf_core::{
    AuthenticationError, Client, ClientBuilder, ClientSecretJwt, Credential, CustomTransport,
    Error, MacAlgorithm, PrivateKeyJwt, Runtime, Signer, SigningAlgorithm,
};
use async_trait::async_trait;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::authentication::P256;
use crate::secrets::Printed;
use crate::support::{
    ACQUIRE_TIMEOUT, ApiError, CLIENT_ID, DUE, Exchange, Harness, Reply, TOKEN_ENDPOINT, seconds,
};

const SECRET: &str = "hush-hush-a-secret-of-64-bytes-or-more-which-is-what-HS512-asks-for";

/// An assertion that was sent.
pub(crate) struct Assertion {
    text: String,
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signature: Vec<u8>,
}

impl Assertion {
    pub(crate) fn is_by_secret(&self, secret: &str) -> bool {
        let (message, _) = self.text.rsplit_once('.').unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        hmac::verify(&key, message.as_bytes(), &self.signature).is_ok()
    }

    fn seconds(&self, claim: &str) -> u64 {
        self.claims[claim].as_u64().unwrap()
    }
}

/// The assertion in the body of a token request: base64url and dots need no decoding.
pub(crate) fn assertion_in(exchange: &Exchange) -> Assertion {
    let parameters = exchange.body.split('&');
    let mut assertions = parameters.filter_map(|pair| pair.strip_prefix("client_assertion="));
    let text = assertions.next().expect("an assertion").to_owned();
    assert_eq!(assertions.next(), None);
    let parts: Vec<_> = text
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    Assertion {
        header: serde_json::from_slice(&parts[0]).unwrap(),
        claims: serde_json::from_slice(&parts[1]).unwrap(),
        signature: parts[2].clone(),
        text,
    }
}

fn assertions(harness: &Harness) -> Vec<Assertion> {
    harness
        .endpoint
        .exchanges()
        .iter()
        .map(assertion_in)
        .collect()
}

/// A signer that does not show its key.
struct Kms;

#[async_trait]
impl Signer for Kms {
    fn algorithm(&self) -> &'static str {
        "ES512"
    }

    fn key_id(&self) -> Option<&str> {
        Some("in-the-kms")
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        Ok(b"signed by the KMS".to_vec())
    }
}

fn methods() -> [fn(ClientBuilder<CustomTransport>) -> ClientBuilder<CustomTransport>; 5] {
    [
        |builder| builder.client_secret_jwt(CLIENT_ID, SECRET),
        |builder| {
            let method = ClientSecretJwt::new(SECRET).algorithm(MacAlgorithm::Hs512);
            builder.client_authentication(CLIENT_ID, method)
        },
        |builder| builder.private_key_jwt(CLIENT_ID, P256),
        |builder| {
            let method = PrivateKeyJwt::new(P256).algorithm(SigningAlgorithm::Es256);
            builder.client_authentication(CLIENT_ID, method.key_id("k1"))
        },
        |builder| builder.client_authentication(CLIENT_ID, PrivateKeyJwt::with_signer(Kms)),
    ]
}

#[test]
fn t2_every_attempt_has_its_own_assertion_that_expires_in_two_minutes() {
    for method in methods() {
        let harness = Harness::new();
        let client = harness.build(method(harness.builder()));
        harness.endpoint.reply(Reply::status(503));
        harness.endpoint.reply(Reply::status(503));
        let call = harness.ask(client.tokens());
        harness.advance(seconds(5));
        assert!(call.is_finished());
        harness.advance(DUE);
        assert_eq!(harness.get_now(&client), 200, "and a renewal");
        let sent = assertions(&harness);
        assert_eq!(sent.len(), 4);
        let mut ids: Vec<_> = sent
            .iter()
            .map(|one| one.claims["jti"].to_string())
            .collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 4, "each has a jti of its own");
        for assertion in &sent {
            assert_eq!(assertion.seconds("exp") - assertion.seconds("iat"), 130);
            assert_eq!(assertion.claims["iss"], CLIENT_ID);
            assert_eq!(assertion.claims["sub"], CLIENT_ID);
        }
        let now = harness.runtime.wall_clock();
        let since = now.duration_since(std::time::SystemTime::UNIX_EPOCH);
        let last = sent.last().unwrap();
        assert_eq!(
            last.seconds("iat"),
            since.unwrap().as_secs() - 10,
            "B1: dated anew"
        );
        for exchange in harness.endpoint.exchanges() {
            assert!(
                exchange
                    .body
                    .contains("client_id=client-id&client_assertion_type=")
            );
            assert_eq!(exchange.header("authorization"), "", "T2: never both");
        }
    }
}

#[test]
fn t2_the_audience_is_the_issuer_if_it_is_known_else_the_token_endpoint() {
    for method in methods() {
        for issuer in [None, Some("https://auth.example.com")] {
            let harness = Harness::new();
            let builder = method(harness.builder());
            let client = harness.build(match issuer {
                Some(issuer) => builder.issuer(issuer),
                None => builder,
            });
            assert_eq!(harness.get_now(&client), 200);
            let audience = &assertions(&harness)[0].claims["aud"];
            assert_eq!(*audience, issuer.unwrap_or(TOKEN_ENDPOINT));
        }
    }
}

#[test]
fn t2_the_audience_is_the_token_endpoint_as_it_was_written() {
    for method in methods() {
        for endpoint in [
            "https://auth.example.com",
            "https://auth.example.com/",
            "https://auth.example.com?tenant=1",
        ] {
            let harness = Harness::new();
            let builder = Client::builder(endpoint).runtime(harness.runtime.clone());
            let client = harness.build(method(builder));
            assert_eq!(harness.get_now(&client), 200);
            assert_eq!(
                harness.get_now(&client.with_scope("one").with_scope("two")),
                200
            );
            for assertion in assertions(&harness) {
                assert_eq!(assertion.claims["aud"], endpoint);
            }
        }
    }
}

#[test]
fn b1_a_signer_that_fails_transiently_is_called_again() {
    struct Throttled(std::sync::atomic::AtomicU32);

    #[async_trait]
    impl Signer for Throttled {
        fn algorithm(&self) -> &'static str {
            "RS256"
        }

        fn key_id(&self) -> Option<&str> {
            None
        }

        async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
            match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0 | 1 => Err(AuthenticationError::transient("throttled")),
                _ => Ok(vec![0]),
            }
        }
    }

    let harness = Harness::new();
    let method = PrivateKeyJwt::with_signer(Throttled(0.into()));
    let client = harness.build(harness.builder().client_authentication(CLIENT_ID, method));
    let mut call = harness.ask(client.tokens());
    harness.advance(seconds(1));
    assert!(call.take().unwrap().is_ok());
    assert_eq!(harness.endpoint.requests(), 1);
}

/// Parts of the request that a server may repeat.
const ECHOES: [fn(&Exchange) -> String; 4] = [
    |exchange| assertion_in(exchange).text,
    |exchange| {
        format!(
            "bad signature: {}",
            assertion_in(exchange).text.rsplit_once('.').unwrap().1
        )
    },
    |exchange| exchange.body.clone(),
    |exchange| {
        let text = assertion_in(exchange).text;
        let (message, signature) = text.rsplit_once('.').unwrap();
        format!("{}\n{signature}", &message[message.len() - 9..])
    },
];

#[test]
fn x1_nothing_that_can_be_printed_shows_a_key_an_assertion_or_a_signature() {
    let printed = Printed::default();
    let mut forms = vec![SECRET.to_owned(), "signed by the KMS".to_owned()];
    forms.extend(
        P256.lines()
            .filter(|line| !line.starts_with("--"))
            .map(str::to_owned),
    );
    for method in methods() {
        for (status, echo) in [400, 401, 503, 200]
            .into_iter()
            .zip(ECHOES)
            .chain([(400, ECHOES[3])])
        {
            let harness = Harness::new();
            let builder = method(harness.builder());
            printed.debug(&builder);
            let client = harness.build(builder);
            let attempt = harness.endpoint.hold();
            harness.endpoint.otherwise(Reply::status(503));
            let mut call = harness.ask(client.tokens());
            let exchange = &harness.endpoint.exchanges()[0];
            let refusal = serde_json::json!({"error": "bad", "error_description": echo(exchange)});
            attempt.answer(Reply::Answer(
                status,
                refusal.to_string(),
                http::HeaderMap::new(),
            ));
            harness.advance(ACQUIRE_TIMEOUT);
            let error = call.take().unwrap().unwrap_err();
            printed.error(&error);
            printed.error(&Error::<ApiError>::from(error));
            printed.debug(&client);
            for exchange in harness.endpoint.exchanges() {
                let text = assertion_in(&exchange).text;
                forms.push(text.rsplit_once('.').unwrap().1.to_owned());
                forms.push(text);
                printed.debug(&exchange.headers);
                assert!(!exchange.uri.contains("client_assertion"));
            }
            for event in harness.events.all() {
                printed.text(event);
            }
        }
    }
    printed.debug(PrivateKeyJwt::new(P256).key_id("k1"));
    printed.debug(PrivateKeyJwt::with_signer(Kms));
    printed.debug(ClientSecretJwt::new(SECRET));
    printed.debug(Credential::value(P256));
    for broken in [
        &P256[..100],
        &P256.replace("MIGH", "MIGx"),
        &P256.replace('\n', "\\n"),
    ] {
        let builder = Harness::new().builder().private_key_jwt(CLIENT_ID, broken);
        printed.debug(&builder);
        let harness = Harness::new();
        let (api, endpoint) = (
            harness.api.clone().into(),
            std::sync::Arc::new(harness.endpoint),
        );
        printed.error(&builder.build_with(api, endpoint).unwrap_err());
    }
    let forms: Vec<_> = forms.iter().map(String::as_str).collect();
    printed.assert_without(&forms, 100);
}

#[test]
fn t2_error_of_a_refused_assertion_names_the_difference_of_the_clocks() {
    let error = |difference: i64, authenticate: fn(Builder) -> Builder| {
        let harness = Harness::new();
        let client = harness.build(authenticate(harness.builder()));
        let now = harness.runtime.wall_clock();
        let distance = seconds(difference.unsigned_abs());
        let server = if difference < 0 {
            now - distance
        } else {
            now + distance
        };
        let refusal = Reply::refuse(401, "invalid_client");
        let date = httpdate::fmt_http_date(server);
        harness.endpoint.reply(refusal.header("date", &date));
        harness.ask_now(client.tokens()).unwrap_err().to_string()
    };
    for authenticate in [
        (|builder| builder.client_secret_jwt(CLIENT_ID, SECRET)) as fn(Builder) -> Builder,
        |builder| builder.private_key_jwt(CLIENT_ID, P256),
    ] {
        for (difference, expected) in [
            (-7, "; this machine's clock is 7 s ahead of the server's"),
            (3600, "; this machine's clock is 3600 s behind the server's"),
        ] {
            let error = error(difference, authenticate);
            assert!(error.contains(expected), "{error}");
        }
        for difference in [-5, -1, 0, 5] {
            let error = error(difference, authenticate);
            assert!(!error.contains("clock"), "{difference}: {error}");
        }
    }
    // A secret has no time in it.
    let error = error(3600, |builder| builder.client_secret(CLIENT_ID, SECRET));
    assert!(!error.contains("clock"), "{error}");
}

type Builder = ClientBuilder<CustomTransport>;
