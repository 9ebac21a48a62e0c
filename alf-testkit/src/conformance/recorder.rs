//! [`Recording`]: everything that is logged in this process for a while, by `log` and by `tracing`,
//! at every level.
//!
//! Both know one logger for a process, for good. So it is set by the first who records, and does
//! nothing while nobody does. A test of somebody else's that has set its own keeps it, and nothing
//! is recorded.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use log::{LevelFilter, Log};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::locked;

/// What is logged in this process while it lives, by `log` and by `tracing`, at every level, by
/// whomever: to see that no secret is in it.
///
/// `log` and `tracing` know one logger for a process, for good. The first recording sets both,
/// unless somebody has set one before: that one keeps its place, and here nothing is recorded of it.
///
/// # Examples
///
/// ```
/// use alf_testkit::conformance::Recording;
///
/// let recording = Recording::start();
/// // … whatever is to be looked at …
/// assert!(!recording.lines().contains("a secret"));
/// ```
#[derive(Debug)]
pub struct Recording {
    lines: Arc<Mutex<String>>,
}

impl Recording {
    /// Starts to record.
    #[must_use = "what is logged is recorded while this lives"]
    pub fn start() -> Self {
        LazyLock::force(&INSTALLED);
        let lines = Arc::default();
        let mut recordings = locked(&RECORDINGS);
        recordings.push(Arc::clone(&lines));
        OPEN.store(recordings.len(), Ordering::Relaxed);
        log::set_max_level(LevelFilter::Trace);
        drop(recordings);
        Self { lines }
    }

    /// What was logged so far: a line for each record, which begins with its target.
    pub fn lines(&self) -> String {
        locked(&self.lines).clone()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let mut recordings = locked(&RECORDINGS);
        recordings.retain(|lines| !Arc::ptr_eq(lines, &self.lines));
        OPEN.store(recordings.len(), Ordering::Relaxed);
        if recordings.is_empty() {
            log::set_max_level(LevelFilter::Off);
        }
    }
}

/// The one logger.
struct Recorder;

impl Log for Recorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        is_recording()
    }

    fn log(&self, record: &log::Record<'_>) {
        if is_recording() {
            tell(record.target(), *record.args());
        }
    }

    fn flush(&self) {}
}

impl Subscriber for Recorder {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        is_recording()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        tell(span.metadata().target(), format_args!("{}", fields.0));
        // Counted from 1.
        Id::from_u64(SPANS.fetch_add(1, Ordering::Relaxed).max(1))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        tell("a span", format_args!("{}", fields.0));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        tell(event.metadata().target(), format_args!("{}", fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of an event or a span, as text.
#[derive(Default)]
struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

fn is_recording() -> bool {
    OPEN.load(Ordering::Relaxed) > 0
}

fn tell(target: &str, what: fmt::Arguments<'_>) {
    // What is shown may log in turn: without the lock.
    let line = format!("{target}: {what}\n");
    for lines in locked(&RECORDINGS).iter() {
        locked(lines).push_str(&line);
    }
}

static INSTALLED: LazyLock<()> = LazyLock::new(|| {
    let log = log::set_logger(&Recorder);
    let tracing = tracing::subscriber::set_global_default(Recorder);
    if log.is_err() || tracing.is_err() {
        eprintln!("another logger is set: what the library logs by it is not looked at");
    }
});
static RECORDINGS: Mutex<Vec<Arc<Mutex<String>>>> = Mutex::new(Vec::new());
/// How many there are, for those who ask before every line.
static OPEN: AtomicUsize = AtomicUsize::new(0);
static SPANS: AtomicU64 = AtomicU64::new(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_what_is_logged_is_recorded_while_somebody_records() {
        let recording = Recording::start();
        log::trace!("logged: {}", 1);
        let span = tracing::trace_span!("span", number = "two");
        span.in_scope(|| tracing::trace!(field = 3, "an event"));
        let lines = recording.lines();
        for part in ["logged: 1", "number=\"two\"", "field=3", "an event"] {
            assert!(lines.contains(part), "{part} in {lines}");
        }
        drop(recording);
        assert!(!tracing::enabled!(tracing::Level::ERROR));
    }
}
