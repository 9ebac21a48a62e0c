//! X1: keeps isahc from writing the token into a log.
//!
//! If a `tracing` subscriber listens at DEBUG, isahc makes curl verbose, and logs what curl
//! reports: raw headers, at TRACE over HTTP/1 and at DEBUG over HTTP/2, and the client's secret and the
//! token among them. isahc decides it by whether its own span for the request is enabled. So for as
//! long as it makes that span, the subscriber is one that enables nothing.
//!
//! With `tracing`'s own feature `log`, isahc takes a span that is not enabled for one that is. Then
//! only a filter of the user's helps, which the README names.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::LazyLock;

use tracing::dispatcher::WeakDispatch;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

/// Starts and polls a future of isahc without the subscriber.
pub(crate) async fn silently<F: Future + Unpin>(start: impl FnOnce() -> F) -> F::Output {
    let mut future = unseen(start);
    poll_fn(move |context| unseen(|| Pin::new(&mut future).poll(context))).await
}

fn unseen<T>(what: impl FnOnce() -> T) -> T {
    // Without a subscriber that wants so much, isahc's span is off anyway: usually this is all.
    if LevelFilter::current() < LevelFilter::DEBUG {
        return what();
    }
    dispatcher::with_default(&SILENCE, what)
}

/// One for all, and made once: `tracing` asks every subscriber that there is about every place that
/// logs, and remembers their answers.
static SILENCE: LazyLock<Dispatch> = LazyLock::new(|| {
    let users = dispatcher::get_default(Dispatch::downgrade);
    Dispatch::new(Silence { users })
});

/// A subscriber that enables nothing.
struct Silence {
    /// The subscriber that there was when this one was made: it does not end later because of this one.
    users: WeakDispatch,
}

impl Subscriber for Silence {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target().starts_with("isahc") {
            // Or `tracing` would no longer ask, once another subscriber always wants it.
            return Interest::never();
        }
        // Where two subscribers differ, `tracing` asks them each time, which is slower. So the other lines of the program
        // cost what they did, and none is kept out of a log that wants it.
        match self.users.upgrade() {
            Some(users) => users.register_callsite(metadata),
            None => Interest::sometimes(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
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
