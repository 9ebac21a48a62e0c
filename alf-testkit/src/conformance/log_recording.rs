//! [`LogRecording`]: what `log` and `tracing` log in this process, at every level.

use std::fmt::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use log::{LevelFilter, Log};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use crate::waiting::locked;

/// Records what is logged in this process while it exists, by `log` and by `tracing`, at every
/// level, to check that no secret is in it.
///
/// A process can set the loggers of `log` and `tracing` only once. The first recording sets both. If
/// another logger is set already, it stays, and nothing is recorded.
///
/// # Examples
///
/// ```
/// use alf_testkit::conformance::LogRecording;
///
/// let recording = LogRecording::start();
/// // … the calls to check …
/// assert!(!recording.lines().contains("a secret"));
/// ```
#[derive(Debug)]
pub struct LogRecording {
    lines: Arc<Mutex<String>>,
}

impl LogRecording {
    /// Starts the recording.
    #[must_use = "the recording ends when this is dropped"]
    pub fn start() -> Self {
        LazyLock::force(&INSTALLED);
        let lines = Arc::default();
        let mut recordings = locked(&RECORDINGS);
        recordings.push(Arc::clone(&lines));
        log::set_max_level(LevelFilter::Trace);
        drop(recordings);
        Self { lines }
    }

    /// Returns what was logged so far: a line for each record, which starts with its target.
    pub fn lines(&self) -> String {
        locked(&self.lines).clone()
    }
}

impl Drop for LogRecording {
    fn drop(&mut self) {
        let mut recordings = locked(&RECORDINGS);
        recordings.retain(|lines| !Arc::ptr_eq(lines, &self.lines));
        if recordings.is_empty() {
            log::set_max_level(LevelFilter::Off);
        }
    }
}

struct LogRecorder;

impl Log for LogRecorder {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        is_recording()
    }

    fn log(&self, record: &log::Record<'_>) {
        add_line(record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}

impl Subscriber for LogRecorder {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        is_recording()
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        add_fields(span.metadata().target(), |fields| span.record(fields));
        // No span is looked up by its id.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        add_fields("a span", |fields| values.record(fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        add_fields(event.metadata().target(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The fields of an event or a span, as text.
#[derive(Default)]
struct FieldsText(String);

impl Visit for FieldsText {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a String cannot fail.
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

/// Without the lock: it is asked before every line.
fn is_recording() -> bool {
    log::max_level() > LevelFilter::Off
}

fn add_fields(target: &str, visit: impl FnOnce(&mut FieldsText)) {
    let mut fields = FieldsText::default();
    visit(&mut fields);
    add_line(target, &fields.0);
}

fn add_line(target: &str, text: &str) {
    let line = format!("{target}: {text}\n");
    for lines in locked(&RECORDINGS).iter() {
        locked(lines).push_str(&line);
    }
}

static INSTALLED: LazyLock<()> = LazyLock::new(|| {
    let log = log::set_logger(&LogRecorder);
    let tracing = tracing::subscriber::set_global_default(LogRecorder);
    if log.is_err() || tracing.is_err() {
        eprintln!("another logger is set: what the library logs is not checked");
    }
});
static RECORDINGS: Mutex<Vec<Arc<Mutex<String>>>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x1_what_is_logged_is_recorded_until_the_recording_ends() {
        let recording = LogRecording::start();
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
