//! L: what every event has, and what `TracingObserver` logs of it.

use alf_core::Client;

use crate::support::{CLIENT_ID, Harness, Reply, SECRET};

const ISSUER: &str = "https://as.example.com";
const ENDPOINT: &str = "https://as.example.com/token";

#[test]
fn l1_every_event_names_the_client_and_its_token_endpoint() {
    let harness = Harness::new();
    let builder = Client::discover(ISSUER)
        .runtime(harness.runtime.clone())
        .observer(harness.events.clone());
    let client = harness.build(builder.client_secret(CLIENT_ID, SECRET));
    harness.endpoint.reply(Reply::body(format!(
        r#"{{"issuer":"{ISSUER}","token_endpoint":"{ENDPOINT}?key=s3cr3t"}}"#
    )));
    harness.token_now(client.tokens());
    for (event, shown) in [
        ("AcquisitionStarted", ISSUER),
        ("IssuerDiscovered", ENDPOINT),
        ("TokenObtained", ENDPOINT),
    ] {
        assert_eq!(harness.events.token_endpoint(CLIENT_ID, event), shown);
    }
}

#[cfg(feature = "tracing")]
mod by_tracing {
    #[cfg(feature = "store")]
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    #[cfg(feature = "store")]
    use std::time::Duration;

    use alf_core::{Client, ClientBuilder, CustomTransport, TracingObserver};
    #[cfg(feature = "store")]
    use alf_core::{SealingKey, StoreError, StoreKey, Stored, TokenStore, Version, Written};

    use crate::support::{
        ACQUIRE_TIMEOUT, API, Api, ApiRequest, ApiResponse, CLIENT_ID, DUE, Harness, Lines,
        OTHER_API, Reply, SECRET, TOKEN_ENDPOINT, seconds,
    };

    /// What is logged while a client is used.
    fn logged(use_client: impl FnOnce(&Harness, &Client<Api>)) -> Vec<String> {
        logged_with(|builder| builder, use_client)
    }

    fn logged_with(
        set: impl FnOnce(ClientBuilder<CustomTransport>) -> ClientBuilder<CustomTransport>,
        use_client: impl FnOnce(&Harness, &Client<Api>),
    ) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        let subscriber = Lines::new(move |line| seen.lock().unwrap().push(line));
        tracing::subscriber::with_default(subscriber, || {
            let harness = Harness::new();
            let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
            let client = harness.build(set(builder).observer(TracingObserver::new()));
            use_client(&harness, &client);
        });
        let lines = lines.lock().unwrap();
        lines.clone()
    }

    fn with<'a>(lines: &'a [String], text: &str) -> Vec<&'a str> {
        let lines = lines.iter().map(String::as_str);
        lines.filter(|line| line.contains(text)).collect()
    }

    /// An outage, a token, a renewal, a rejection, a refusal, a request that is not sent.
    fn everything(harness: &Harness, client: &Client<Api>) {
        harness.endpoint.otherwise(Reply::status(503));
        let call = harness.ask(client.tokens());
        harness.advance(ACQUIRE_TIMEOUT);
        assert!(call.is_finished());
        harness.advance(seconds(10));
        harness.endpoint.otherwise(Reply::Issue);
        harness.get_now(client);
        harness.advance(DUE);
        harness.get_now(client);
        harness.api.answers(|_| ApiResponse::rejection());
        harness.get_now(client);
        harness.get_now(client);
        harness.advance(seconds(60));
        harness
            .endpoint
            .otherwise(Reply::refuse(400, "invalid_client"));
        assert!(harness.send_now(client, ApiRequest::get(API)).is_err());
        let plain = ApiRequest::get("http://api.example.com");
        assert!(harness.send_now(client, plain).is_err());
    }

    #[test]
    fn l1_every_line_names_the_client_and_its_token_endpoint() {
        let lines = logged(everything);
        assert!(lines.len() > 10, "{lines:#?}");
        let context = format!("client_id={CLIENT_ID} token_endpoint={TOKEN_ENDPOINT} ");
        assert_eq!(with(&lines, &context).len(), lines.len(), "{lines:#?}");
    }

    #[test]
    fn l2_failure_that_does_not_pass_is_an_error_and_others_are_warnings() {
        let lines = logged(everything);
        for (message, level) in [
            ("requesting a token", "DEBUG"),
            ("alf tries again", "WARN"),
            ("refused the token request: 503", "WARN"),
            ("got a token", "INFO"),
            ("an API rejected the token", "WARN"),
            ("refused the token request: 400", "ERROR"),
            ("was not sent", "WARN"),
        ] {
            let lines = with(&lines, message);
            assert!(
                lines.iter().all(|line| line.starts_with(level)),
                "{lines:#?}"
            );
            assert!(!lines.is_empty(), "{message}");
        }
    }

    #[cfg(feature = "store")]
    #[test]
    fn l2_trouble_with_the_store_is_a_warning_and_its_end_an_info() {
        let is_away = Arc::new(AtomicBool::new(true));
        let store = Away(Arc::clone(&is_away));
        let with_store = |builder: ClientBuilder<_>| {
            builder.store(
                store,
                SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
            )
        };
        let lines = logged_with(with_store, |harness, client| {
            harness.get_now(client);
            harness.advance(DUE);
            harness.get_now(client);
            is_away.store(false, Ordering::Relaxed);
            harness.advance(DUE);
            harness.get_now(client);
        });
        let mut store = with(&lines, "token store");
        store.retain(|line| !line.starts_with("DEBUG"));
        assert_eq!(store.len(), 2, "{store:#?}");
        assert!(store[0].starts_with("WARN"), "{store:#?}");
        assert!(store[0].contains("the network"), "{store:#?}");
        assert!(store[1].starts_with("INFO"), "{store:#?}");
    }

    /// A store that cannot be reached, or is empty and gets no writes.
    #[cfg(feature = "store")]
    struct Away(Arc<AtomicBool>);

    #[cfg(feature = "store")]
    #[async_trait::async_trait]
    impl TokenStore for Away {
        async fn read(&self, _: &StoreKey) -> Result<Option<Stored>, StoreError> {
            if self.0.load(Ordering::Relaxed) {
                return Err(StoreError::unavailable("the network is down"));
            }
            Ok(None)
        }

        async fn write(
            &self,
            _: &StoreKey,
            _: Option<&Version>,
            value: &[u8],
            _: Duration,
        ) -> Result<Written, StoreError> {
            Ok(Written::Done(Version::new(value)))
        }
    }

    #[test]
    fn l3_a_401_that_stays_is_logged_once_a_minute_for_each_origin() {
        let lines = logged(|harness, client| {
            harness.api.answers(|_| ApiResponse::rejection());
            for _ in 0..300 {
                for api in [API, OTHER_API] {
                    let response = harness.send_now(client, ApiRequest::get(api)).unwrap();
                    assert_eq!(response.status(), 401);
                }
                harness.advance(seconds(1));
            }
        });
        let stays = with(&lines, "is returned");
        assert_eq!(stays.len(), 600);
        for origin in [API, OTHER_API] {
            let stays = stays.iter().filter(|line| line.contains(origin));
            let infos = stays.filter(|line| line.starts_with("INFO"));
            assert_eq!(infos.count(), 5, "{origin}");
        }
        let debugs = stays.iter().filter(|line| line.starts_with("DEBUG"));
        assert_eq!(debugs.count(), 590);
    }

    #[test]
    fn l5_line_of_a_replay_says_how_often_the_request_was_sent_again() {
        let lines = logged(|harness, client| {
            harness.get_now(client);
            harness.api.revoke("token-1");
            harness.get_now(client);
            harness.api.answers(|_| ApiResponse::rejection());
            harness.get_now(client);
        });
        let replays = with(&lines, "the request was replayed");
        assert_eq!(replays.len(), 2, "{replays:#?}");
        assert_eq!(
            with(&lines, "http.request.resend_count=1").len(),
            2,
            "{lines:#?}"
        );
    }

    #[test]
    fn l4_values_are_plain() {
        let lines = logged(everything);
        for text in ["Some(", "None", "Duration", "SystemTime", "{", "\""] {
            assert!(with(&lines, text).is_empty(), "{text}: {lines:#?}");
        }
        assert!(!with(&lines, "expires_in=16m 40s").is_empty(), "{lines:#?}");
        let pauses = with(&lines, "pause=");
        assert!(pauses.iter().all(|line| line.contains("ms")), "{pauses:#?}");
        let retry_at = with(&lines, "retry_at=");
        assert!(!retry_at.is_empty());
        assert!(
            retry_at.iter().all(|line| line.contains("Z ")),
            "{retry_at:#?}"
        );
    }
}
