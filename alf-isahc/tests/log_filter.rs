//! X1: what `silence.rs` costs the other code of the program, counted on a `tracing` subscriber with a filter.

use std::sync::atomic::{AtomicUsize, Ordering};

use alf_isahc::Client;
use alf_isahc::isahc::ReadResponseExt;
use alf_testkit::Servers;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Interest, set_global_default};
use tracing::{Event, Level, Metadata, Subscriber, debug, trace};

/// One test: the subscriber is the process's.
#[test]
fn x1_disabled_lines_of_the_program_stay_cheap() {
    set_global_default(Filtered).unwrap();
    let servers = Servers::start();
    let client = Client::builder(servers.token_endpoint())
        .client_secret("client-id", "secret")
        .build()
        .unwrap();
    for _ in 0..2 {
        let mut response = client.get(servers.url("/things")).unwrap();
        response.consume().unwrap();
        disabled_lines();
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);
}

/// The subscriber never wants them, so `tracing` need not ask it each time.
fn disabled_lines() {
    for _ in 0..10 {
        debug!(target: "the_program", "not wanted");
        trace!(target: "the_program", "not wanted");
    }
}

/// How often `tracing` had to ask about a line of the program.
static ASKED: AtomicUsize = AtomicUsize::new(0);

/// As the filter `info,another_target=debug`.
struct Filtered;

impl Subscriber for Filtered {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if is_wanted(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.target() == "the_program" {
            ASKED.fetch_add(1, Ordering::Relaxed);
        }
        is_wanted(metadata)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn is_wanted(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || metadata.target().starts_with("another_target")
}
