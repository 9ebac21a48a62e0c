//! An observer that keeps every event.

use std::sync::{Arc, Mutex};

use alf_core::{Event, EventContext, Observer};

#[derive(Clone, Default)]
pub(crate) struct Events(Arc<Mutex<Vec<SeenEvent>>>);

struct SeenEvent {
    /// As `Debug` shows it, and what the token is for.
    event: String,
    client_id: String,
    token_endpoint: String,
}

impl Events {
    /// Every event so far, as `Debug` shows it.
    pub(crate) fn all(&self) -> Vec<String> {
        let all = self.0.lock().unwrap();
        all.iter().map(|seen| seen.event.clone()).collect()
    }

    /// How many events of that name there were.
    pub(crate) fn count(&self, name: &str) -> usize {
        let all = self.all();
        all.iter().filter(|event| event.starts_with(name)).count()
    }

    /// The token endpoint of the first event of that name. All events are of that client.
    pub(crate) fn token_endpoint(&self, client_id: &str, name: &str) -> String {
        let all = self.0.lock().unwrap();
        assert!(all.iter().all(|seen| seen.client_id == client_id));
        let first = all.iter().find(|seen| seen.event.starts_with(name));
        first.expect("there was one").token_endpoint.clone()
    }
}

impl Observer for Events {
    fn on(&self, event: &Event<'_>, context: &EventContext<'_>) {
        self.0.lock().unwrap().push(SeenEvent {
            event: format!("{event:?} for {:?}", context.target),
            client_id: context.client_id.to_owned(),
            token_endpoint: context.token_endpoint.to_owned(),
        });
    }
}
