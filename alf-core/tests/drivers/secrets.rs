//! X1: nothing that can be printed shows a secret.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};
use std::sync::{Arc, Mutex};

use alf_core::{Error, ExchangeErrorKind};

use crate::support::{
    ACQUIRE_TIMEOUT, API, ApiRequest, ApiResponse, CLIENT_ID, Harness, Reply, SECRET, seconds,
};

/// Everything that can be printed.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<String>>>);

impl Printed {
    pub(crate) fn text(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }

    pub(crate) fn debug(&self, what: impl Debug) {
        self.text(format!("{what:?}"));
        self.text(format!("{what:#?}"));
    }

    pub(crate) fn error(&self, error: &(impl StdError + 'static)) {
        let mut next: Option<&dyn StdError> = Some(error);
        while let Some(error) = next {
            self.debug(error);
            self.display(error);
            next = error.source();
        }
    }

    pub(crate) fn display(&self, what: impl Display) {
        self.text(what.to_string());
    }

    /// X1: it contains none of the secrets, in any form that alf sends.
    fn assert_secret(&self, at_least: usize) {
        let forms = [
            SECRET,
            "s3cr3t%2Bof%20client",
            "s3cr3t%2bof%20client",
            "Y2xpZW50LWlkOnMzY3IzdCUyQm9mJTIwY2xpZW50",
            "s3cr3t",
            "hush-hush",
            "token-1",
            "token-2",
            "token-3",
        ];
        self.assert_without(&forms, at_least);
    }

    /// X1: it contains none of these forms, and at least that many texts.
    pub(crate) fn assert_without(&self, forms: &[&str], at_least: usize) {
        let printed = self.0.lock().unwrap();
        assert!(printed.len() >= at_least, "{}", printed.len());
        for text in printed.iter() {
            for form in forms {
                assert!(!text.contains(form), "{form} in {text}");
            }
        }
    }
}

#[test]
fn x1_nothing_that_can_be_printed_shows_a_secret() {
    let printed = Printed::default();
    let harness = Harness::new();
    let echo = format!(
        r#"{{"error":"bad {SECRET}","error_description":"{SECRET} s3cr3t%2Bof%20client","error_uri":"https://a/?s={SECRET}"}}"#
    );
    let unusual_answers = [
        Reply::Answer(400, echo.clone(), http::HeaderMap::new()),
        Reply::Answer(503, echo, http::HeaderMap::new()).header("retry-after", "99"),
        Reply::body(r#"{"access_token":"hush-hush","token_type":"mac"}"#),
        Reply::body(r#"{"access_token":"hush-hush","expires_in":}"#),
        Reply::body(r#"{"access_token":"hush hush","scope":"hush-hush"}"#),
        Reply::body(r#"["hush-hush"]"#),
        Reply::body("hush-hush"),
        Reply::body(format!("<html>{SECRET}</html>")),
        Reply::status(302).header("location", "https://a/?s=hush-hush#hush-hush"),
        Reply::Fail(ExchangeErrorKind::Connect),
        Reply::Panic,
        Reply::Never,
    ];
    for reply in unusual_answers {
        for authentication in [0, 1] {
            let builder = harness.builder();
            printed.debug(&builder);
            let builder = match authentication {
                0 => builder.client_secret(CLIENT_ID, SECRET),
                _ => builder.client_secret_post(CLIENT_ID, SECRET),
            };
            printed.debug(&builder);
            let client = harness.build(builder);
            harness.endpoint.otherwise(reply.clone());
            let mut call = harness.ask(client.tokens());
            harness.advance(ACQUIRE_TIMEOUT);
            let error = call.take().unwrap().unwrap_err();
            printed.error(&error);
            printed.error(&Error::<crate::support::ApiError>::from(error));
            printed.debug(&client);
        }
    }
    harness.endpoint.otherwise(Reply::Issue);
    let client = harness.client();
    let token = harness.ask_now(client.tokens()).unwrap();
    printed.debug(&token);
    printed.debug(token.header_value());
    printed.debug(client.tokens());
    harness.get_now(&client);
    // A rejection, a replay, a second rejection, a returned 401, a failed renewal.
    harness.api.answers(|_| ApiResponse::rejection());
    harness.get_now(&client);
    harness.get_now(&client);
    harness.advance(seconds(60));
    harness.endpoint.otherwise(Reply::refuse(400, SECRET));
    let error = harness.send_now(&client, ApiRequest::get(API)).unwrap_err();
    printed.error(&error);
    let not_allowed = harness.send_now(&client, ApiRequest::get("http://api.example.com"));
    printed.error(&not_allowed.unwrap_err());
    for sent in harness.api.sent() {
        printed.debug(&sent.authorization);
    }
    for exchange in harness.endpoint.exchanges() {
        printed.debug(&exchange.headers);
        assert!(!exchange.uri.contains("s3cr3t"));
    }
    for event in harness.events.all() {
        printed.text(event);
    }
    printed.assert_secret(100);
}

#[test]
fn x1_held_token_is_masked_in_the_error_of_its_renewal() {
    let harness = Harness::new();
    let client = harness.client();
    harness.get_now(&client);
    harness.api.answers(|_| ApiResponse::rejection());
    for body in [
        r#"{"error":"x","error_description":"token-1 is active"}"#,
        "token-1 is active",
    ] {
        let reply = Reply::Answer(400, body.to_owned(), http::HeaderMap::new());
        harness.endpoint.otherwise(reply);
        let error = harness.send_now(&client, ApiRequest::get(API)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("[masked] is active"), "{shown}");
        assert!(!shown.contains("token-1"), "{shown}");
        harness.advance(seconds(300));
    }
}

#[test]
fn x1_wrong_settings_are_named_without_a_secret() {
    let printed = Printed::default();
    let harness = Harness::new();
    let secret = "hush-hush\nx";
    for builder in [
        harness.builder().client_secret(CLIENT_ID, secret),
        harness.builder().client_secret_post(CLIENT_ID, secret),
        harness
            .builder()
            .client_secret(CLIENT_ID, "hush-hush")
            .client_secret_post(CLIENT_ID, "hush-hush"),
        harness.builder().client_secret("", "hush-hush"),
    ] {
        let api = Arc::new(harness.api.clone());
        let endpoint = Arc::new(harness.endpoint.clone());
        let error = builder.build_with(api, endpoint).unwrap_err();
        printed.error(&error);
    }
    printed.assert_secret(4);
}

#[cfg(feature = "tracing")]
#[test]
fn x1_nothing_that_is_logged_at_any_level_shows_a_secret() {
    let printed = Printed::default();
    let lines = printed.clone();
    let subscriber = crate::support::Lines::new(move |line| lines.text(line));
    tracing::subscriber::with_default(subscriber, || {
        let harness = Harness::new();
        let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
        let client = harness.build(builder.observer(alf_core::TracingObserver::new()));
        for _ in 0..5 {
            harness.endpoint.reply(Reply::refuse(503, SECRET));
        }
        let call = harness.ask(client.tokens());
        harness.advance(ACQUIRE_TIMEOUT);
        assert!(call.is_finished());
        harness.get_now(&client);
        harness.advance(crate::support::DUE);
        harness.get_now(&client);
        harness.endpoint.otherwise(Reply::Issue);
        harness.api.answers(|_| ApiResponse::rejection());
        for _ in 0..30 {
            harness.get_now(&client);
            harness.advance(seconds(10));
        }
        harness.endpoint.otherwise(Reply::refuse(400, SECRET));
        harness.advance(seconds(60));
        let _ = harness.send_now(&client, ApiRequest::get(API));
        let _ = harness.send_now(&client, ApiRequest::get("http://api.example.com"));
    });
    for message in [
        "got a token",
        "tries again",
        "got no token",
        "rejected the token",
        "is returned",
        "was replayed",
        "was not sent",
    ] {
        let printed = printed.0.lock().unwrap();
        assert!(
            printed.iter().any(|line| line.contains(message)),
            "{message}"
        );
    }
    printed.assert_secret(20);
}
