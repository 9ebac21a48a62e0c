//! What a log at TRACE shows of requests: a `tracing` subscriber here writes down everything.

#![expect(
    clippy::unwrap_used,
    reason = "code of tests, outside of their functions"
)]

#[path = "support/tracing_log.rs"]
mod tracing_log;

use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use alf_isahc::isahc::config::{Configurable, VersionNegotiation};
use alf_isahc::isahc::{AsyncReadResponseExt, HttpClient, ReadResponseExt, Request};
use alf_isahc::{Client, ClientBuilder};
use alf_testkit::{Answer, Servers};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber, callsite::rebuild_interest_cache};
use tracing::{debug, trace};

use tracing_log::tracing_has_its_feature_log;

/// One test: the subscriber is the process's.
#[test]
fn x1_log_at_trace_shows_no_secret() {
    set_global_default(Everything).unwrap();
    bare_isahc_logs_the_header();
    if tracing_has_its_feature_log() {
        // Another crate of this build has turned it on.
        eprintln!("only the filter that the README names is tried");
    } else {
        calls_show_no_secret();
    }
    ISAHC_AT_INFO.store(true, Ordering::Relaxed);
    rebuild_interest_cache();
    calls_show_no_secret();
}

fn calls_show_no_secret() {
    taken();
    let servers = Servers::start();
    servers.authorization.set_client("client-id", SECRET);
    let own = || HttpClient::builder().build().unwrap();
    let given = builder(&servers)
        .http_client(own())
        .token_http_client(own());
    for client in [builder(&servers).build().unwrap(), given.build().unwrap()] {
        every_kind_of_call(&servers, &client);
    }
    every_failure(&servers);
    // A subscriber of the user's goes on as before.
    trace!("said at TRACE");
    debug!("said at DEBUG");

    let shown = taken();
    let tokens = servers.authorization.issued();
    assert!(tokens.len() > 3);
    let basic = format!("Y2xpZW50LWlkO{}", "nNlY3JldC05ZjJjNTFkMDdi");
    let secrets = [SECRET, QUERY, "Bearer", &*basic, "Basic"];
    for secret in tokens.iter().map(String::as_str).chain(secrets) {
        assert!(!shown.contains(secret), "{secret} in: {shown}");
    }
    for said in ["said at TRACE", "said at DEBUG"] {
        assert!(shown.contains(said), "{said} not in: {shown}");
    }
}

/// Why there is `silence.rs`. When this fails, isahc has mended it.
fn bare_isahc_logs_the_header() {
    let servers = Servers::start();
    let request = |version| {
        Request::get(servers.url("/"))
            .version_negotiation(version)
            .header("Authorization", "Bearer bare")
            .body(())
            .unwrap()
    };
    let bare = HttpClient::new().unwrap();
    bare.send(request(VersionNegotiation::http11())).unwrap();
    assert!(taken().contains("TRACE isahc::wire: >> GET / HTTP/1.1"));
    // The servers do not speak HTTP/2: what is sent is logged before that is found out.
    if cfg!(feature = "http2") {
        bare.send(request(VersionNegotiation::http2())).unwrap_err();
        let shown = taken();
        let header = "DEBUG isahc::handler: [HTTP/2] [1] [authorization: Bearer bare]";
        assert!(shown.contains(header), "{shown}");
    }
}

fn every_kind_of_call(servers: &Servers, client: &Client) {
    for _ in 0..2 {
        let mut response = client.get(servers.url("/things")).unwrap();
        response.consume().unwrap();
        servers.revoke_all();
        pollster::block_on(async {
            let posted = client.post_async(servers.url("/echo"), "the body");
            posted.await.unwrap().consume().await.unwrap();
        });
        servers.revoke_all();
    }
    let request = Request::get(servers.url("/things"))
        .version_negotiation(VersionNegotiation::http2())
        .body(());
    drop(client.send(request.unwrap()));
}

fn every_failure(servers: &Servers) {
    for answer in [
        Answer::oauth_error(400, "invalid_client", "no"),
        Answer::redirect(307, servers.url("/caught")),
        Answer::status(200).endless_body(),
    ] {
        servers.authorization.answer_next(answer);
        let client = builder(servers).build().unwrap();
        client.get(servers.url("/")).unwrap_err();
    }
    servers.resource.answer_next(Answer::garbage());
    let client = builder(servers).build().unwrap();
    client.get(servers.url("/")).unwrap_err();
}

fn builder(servers: &Servers) -> ClientBuilder {
    let endpoint = format!("{}?key={QUERY}", servers.token_endpoint());
    Client::builder(endpoint).client_secret("client-id", SECRET)
}

const SECRET: &str = "secret-9f2c51d07b";
const QUERY: &str = "query-77ab31";

/// The filter `isahc=info`.
static ISAHC_AT_INFO: AtomicBool = AtomicBool::new(false);
static SHOWN: Mutex<String> = Mutex::new(String::new());

/// What was shown since the last time.
fn taken() -> String {
    std::mem::take(&mut SHOWN.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Always interested, in everything, as a plain subscriber at TRACE is; but for isahc, where the
/// filter of the README is set.
struct Everything;

impl Subscriber for Everything {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let is_isahc = metadata.target().starts_with("isahc");
        !is_isahc || *metadata.level() <= Level::INFO || !ISAHC_AT_INFO.load(Ordering::Relaxed)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        show(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields(String::new());
        values.record(&mut fields);
        SHOWN.lock().unwrap().push_str(&fields.0);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        show(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn show(metadata: &Metadata<'_>, record: impl FnOnce(&mut Fields)) {
    let mut fields = Fields(String::new());
    record(&mut fields);
    let (level, target) = (metadata.level(), metadata.target());
    let mut shown = SHOWN.lock().unwrap();
    writeln!(shown, "{level} {target}: {}", fields.0).unwrap();
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").unwrap();
        } else {
            write!(self.0, " {field}={value:?}").unwrap();
        }
    }
}
