//! The origins of which it matters whether they accept the held token, for readers that take no lock (R6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use crate::machine::Moment;
use crate::{Origin, OriginRef};

/// Almost always empty. Each accepted request looks here, and costs one relaxed load if it is.
pub(super) struct AwaitedOrigins {
    is_empty: AtomicBool,
    origins: ArcSwap<Vec<AwaitedOrigin>>,
}

/// An origin, and until when it matters.
type AwaitedOrigin = (Origin, Moment);

impl AwaitedOrigins {
    pub(super) fn new() -> Self {
        Self {
            is_empty: AtomicBool::new(true),
            origins: ArcSwap::default(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.is_empty.load(Ordering::Relaxed)
    }

    /// Whether the machine must be asked: about an acceptance of `origin`, or because this list is outdated.
    pub(super) fn concerns(&self, origin: OriginRef<'_>, now: Moment) -> bool {
        let origins = self.origins.load();
        origins
            .iter()
            .any(|(awaited, until)| awaited.as_ref() == origin || *until <= now)
    }

    /// Publishes what the machine says.
    pub(super) fn write(&self, origins: Vec<AwaitedOrigin>) {
        if origins.is_empty() && self.is_empty() {
            return;
        }
        self.is_empty.store(origins.is_empty(), Ordering::Relaxed);
        if **self.origins.load() != origins {
            self.origins.store(Arc::new(origins));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: OriginRef<'static> = OriginRef::NOWHERE;

    fn other() -> Origin {
        Origin::parse("https://other.example").unwrap()
    }

    #[test]
    fn r6_only_an_acceptance_of_an_awaited_origin_concerns_the_machine() {
        let awaited = AwaitedOrigins::new();
        assert!(awaited.is_empty());
        awaited.write(vec![(other(), Moment::NEVER)]);
        assert!(!awaited.is_empty());
        assert!(awaited.concerns(other().as_ref(), Moment::START));
        assert!(!awaited.concerns(API, Moment::START));
    }

    #[test]
    fn r6_any_acceptance_concerns_the_machine_once_the_time_is_over() {
        let until = Moment::from_nanos(1000);
        let awaited = AwaitedOrigins::new();
        awaited.write(vec![(other(), until)]);
        assert!(!awaited.concerns(API, Moment::from_nanos(999)));
        assert!(awaited.concerns(API, until));
        awaited.write(Vec::new());
        assert!(awaited.is_empty());
        assert!(!awaited.concerns(API, until));
    }
}
