//! S4, S5: the text of a timeout and of an abort names what was awaited.

use std::future::pending;

use alf_core::{
    AuthenticationContext, AuthenticationError, Client, ClientAuthentication, ClientBuilder,
    Credential, CredentialsFingerprint, CustomTransport, Event, EventContext, Observer,
    PrivateKeyJwt, RevokeError, Signer, TokenErrorKind, TokenRequest,
};
use async_trait::async_trait;

use crate::support::{
    ACQUIRE_TIMEOUT, ATTEMPT_TIMEOUT, CLIENT_ID, Harness, Read, Reply, SECRET, TOKEN_ENDPOINT,
    seconds, secret_by, secret_that_hangs_from,
};

type Builder = ClientBuilder<CustomTransport>;

/// What the user's code does when it is called.
#[derive(Clone, Copy, Debug)]
enum Does {
    Hang,
    Panic,
}

impl Does {
    async fn it(self) {
        match self {
            Self::Hang => pending().await,
            Self::Panic => panic!("this panic is part of the test"),
        }
    }
}

#[async_trait]
impl ClientAuthentication for Does {
    async fn authenticate(
        &self,
        _: &AuthenticationContext<'_>,
        _: &mut TokenRequest,
    ) -> Result<CredentialsFingerprint, AuthenticationError> {
        self.it().await;
        Ok(CredentialsFingerprint::unchanging())
    }
}

#[async_trait]
impl Signer for Does {
    fn algorithm(&self) -> &'static str {
        "ES256"
    }

    fn key_id(&self) -> Option<&str> {
        None
    }

    async fn sign(&self, _: &[u8]) -> Result<Vec<u8>, AuthenticationError> {
        self.it().await;
        Ok(Vec::new())
    }
}

/// Does it at each failed attempt.
impl Observer for Does {
    fn on(&self, event: &Event<'_>, _: &EventContext<'_>) {
        let is_failed_attempt = matches!(event, Event::AttemptFailed { .. });
        assert!(!is_failed_attempt, "this panic is part of the test");
    }
}

fn with_secret(builder: Builder, does: Does) -> Builder {
    let secret = Credential::from_fn(move || async move {
        does.it().await;
        Ok::<_, std::io::Error>("secret")
    });
    builder.client_secret(CLIENT_ID, secret)
}

fn with_own_authentication(builder: Builder, does: Does) -> Builder {
    builder.client_authentication(CLIENT_ID, does)
}

fn with_signer(builder: Builder, does: Does) -> Builder {
    builder.client_authentication(CLIENT_ID, PrivateKeyJwt::with_signer(does))
}

fn discovering(harness: &Harness) -> Builder {
    Client::discover("https://auth.example.com")
        .runtime(harness.runtime.clone())
        .client_secret(CLIENT_ID, SECRET)
}

/// The text of the error of two attempts, or of two acquisitions that were aborted.
fn text_of(harness: &Harness, builder: Builder) -> (TokenErrorKind, String) {
    let client = harness.build(builder);
    let mut call = harness.ask(client.tokens());
    harness.advance(ACQUIRE_TIMEOUT);
    let error = call.take().unwrap().unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn s5_text_of_a_time_out_names_the_callback_that_was_awaited() {
    let set = [with_secret, with_own_authentication, with_signer];
    let awaited = [
        "reading client_secret",
        "preparing client authentication",
        "signing the assertion",
    ];
    for (set, awaited) in set.into_iter().zip(awaited) {
        let harness = Harness::new();
        let (kind, text) = text_of(&harness, set(harness.builder(), Does::Hang));
        assert!(matches!(kind, TokenErrorKind::Timeout(_)), "{text}");
        let took = format!("{awaited} took longer than 5 s (attempt_timeout), ");
        assert!(text.starts_with(&took), "{text}");
        let nothing_sent = format!("no token request was sent to {TOKEN_ENDPOINT}");
        assert!(text.contains(&nothing_sent), "{text}");
        assert_eq!(harness.endpoint.requests(), 0);

        let harness = Harness::new();
        let builder = harness.builder().acquire_timeout(seconds(3));
        let (_, text) = text_of(&harness, set(builder, Does::Hang));
        assert!(text.contains("s (acquire_timeout), "), "{text}");
        assert!(text.contains("after 1 attempt"), "{text}");
    }
}

#[test]
fn s5_text_of_a_time_out_names_the_metadata_or_the_endpoint() {
    for reply in [Reply::Never, Reply::TimesOut] {
        let harness = Harness::new();
        harness.endpoint.otherwise(reply.clone());
        let (_, text) = text_of(&harness, discovering(&harness));
        assert!(
            text.starts_with("reading the metadata took longer than 5 s"),
            "{text}"
        );
        let (_, text) = text_of(&harness, harness.builder().client_secret(CLIENT_ID, SECRET));
        assert!(
            text.contains("did not answer within attempt_timeout"),
            "{text}"
        );
        assert!(!text.contains("was sent"), "{text}");
    }
}

#[test]
fn s5_time_out_of_a_caller_names_what_was_awaited_too() {
    let harness = Harness::new();
    let builder = harness.builder();
    let client = harness.build(builder.client_secret(CLIENT_ID, secret_that_hangs_from(1)));
    let mut call = harness.ask(client.tokens());
    harness.runtime.freeze();
    harness.advance(ACQUIRE_TIMEOUT);
    let text = call.take().unwrap().unwrap_err().to_string();
    assert!(
        text.starts_with("reading client_secret took longer than 10 s"),
        "{text}"
    );
}

/// The endpoint was not asked, so it is not the endpoint that may have moved.
#[test]
fn t10_metadata_is_not_read_again_because_a_secret_was_not_read_in_time() {
    let harness = Harness::new();
    let secret = secret_that_hangs_from(2);
    let client = harness.build(
        Client::discover("https://auth.example.com")
            .runtime(harness.runtime.clone())
            .client_secret(CLIENT_ID, secret),
    );
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"https://auth.example.com","token_endpoint":"{TOKEN_ENDPOINT}"}}"#
    )));
    harness
        .endpoint
        .reply(Reply::Token("short-lived", Some(10)));
    harness.token_now(client.tokens());
    assert_eq!(harness.endpoint.requests(), 2);
    harness.advance(seconds(100));
    let _call = harness.ask(client.tokens());
    harness.advance(ACQUIRE_TIMEOUT);
    assert_eq!(harness.endpoint.requests(), 2);
}

#[test]
fn s4_text_of_an_abort_names_the_callback_that_panicked() {
    let set = [with_secret, with_own_authentication, with_signer];
    let awaited = [
        "the callback for client_secret panicked",
        "the client authentication panicked",
        "the signer panicked",
    ];
    for (set, awaited) in set.into_iter().zip(awaited) {
        let harness = Harness::new();
        let (kind, text) = text_of(&harness, set(harness.builder(), Does::Panic));
        assert_eq!(kind, TokenErrorKind::Aborted, "{text}");
        assert!(text.contains(awaited), "{text}");
        assert!(!text.contains("transport"), "{text}");
        assert!(!text.contains("this panic is part of the test"), "X1");
    }
}

#[test]
fn s4_text_of_an_abort_names_the_transport_or_the_observer_that_panicked() {
    let harness = Harness::new();
    harness.endpoint.otherwise(Reply::Panic);
    for builder in [
        discovering(&harness),
        harness.builder().client_secret(CLIENT_ID, SECRET),
    ] {
        let (_, text) = text_of(&harness, builder);
        assert!(text.contains("the transport panicked"), "{text}");
        assert!(text.contains("tokio runtime"), "{text}");
    }
    harness.endpoint.otherwise(Reply::status(503));
    let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
    let (kind, text) = text_of(&harness, builder.observer(Does::Panic));
    assert_eq!(kind, TokenErrorKind::Aborted, "{text}");
    assert!(text.contains("the observer panicked"), "{text}");
}

#[test]
fn s4_text_of_an_abort_names_what_was_awaited_when_the_runtime_was_shut_down() {
    for (first_that_hangs, awaited) in [
        (1, "while it was reading client_secret"),
        (9, "while it was waiting for the response"),
    ] {
        let harness = Harness::new();
        harness.endpoint.otherwise(Reply::Never);
        let secret = secret_that_hangs_from(first_that_hangs);
        let client = harness.build(harness.builder().client_secret(CLIENT_ID, secret));
        let mut call = harness.ask(client.tokens());
        harness.abort_acquisitions();
        harness.abort_acquisitions();
        let error = call.take().unwrap().unwrap_err();
        assert_eq!(error.kind(), TokenErrorKind::Aborted);
        let text = error.to_string();
        assert!(text.contains("its runtime was shut down"), "{text}");
        assert!(text.contains(awaited), "{text}");
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn f5_text_of_a_revocation_that_failed_names_what_was_awaited() {
    for (does, expected) in [
        (
            Does::Hang,
            "reading client_secret took longer than 5 s (attempt_timeout), so no revocation request was sent to",
        ),
        (Does::Panic, "the callback for client_secret panicked"),
    ] {
        let harness = Harness::new();
        let secret = secret_by(move |number| match does {
            _ if number == 1 => Read::Secret("secret".to_owned()),
            Does::Hang => Read::Hangs,
            Does::Panic => panic!("this panic is part of the test"),
        });
        let builder = harness.builder().client_secret(CLIENT_ID, secret);
        let client = harness.build(builder.revocation_endpoint("https://auth.example.com/revoke"));
        harness.token_now(client.tokens());
        let tokens = client.tokens().clone();
        let mut call = harness.runtime.start(async move { tokens.revoke().await });
        harness.runtime.run_until_stalled();
        harness.advance(ATTEMPT_TIMEOUT);
        let Err(RevokeError::Failed(error)) = call.take().unwrap() else {
            panic!("{does:?}: it succeeded");
        };
        let text = error.to_string();
        assert!(text.contains(expected), "{text}");
    }
}
