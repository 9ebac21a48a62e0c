//! An observer that keeps every event.

use std::sync::{Arc, Mutex};

use alf_core::{Event, Observer};

#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    /// Every event so far, as `Debug` shows it.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    /// How many events of that name there were.
    pub(crate) fn count(&self, name: &str) -> usize {
        let all = self.0.lock().unwrap();
        all.iter().filter(|event| event.starts_with(name)).count()
    }
}

impl Observer for Events {
    fn on(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}
