//! The origins of which it matters whether they accept the held token, for readers that take no lock (R6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;

use crate::{Origin, OriginRef};

/// Almost always empty. Each accepted request looks here, and costs one relaxed load if it is.
pub(super) struct AwaitedOrigins {
    is_empty: AtomicBool,
    origins: ArcSwap<Vec<Origin>>,
}

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

    pub(super) fn contains(&self, origin: OriginRef<'_>) -> bool {
        let origins = self.origins.load();
        origins.iter().any(|awaited| awaited.as_ref() == origin)
    }

    /// Publishes what the machine says.
    pub(super) fn write(&self, origins: Vec<Origin>) {
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
        awaited.write(vec![other()]);
        assert!(!awaited.is_empty());
        assert!(awaited.contains(other().as_ref()));
        assert!(!awaited.contains(API));
        awaited.write(Vec::new());
        assert!(awaited.is_empty());
        assert!(!awaited.contains(other().as_ref()));
    }
}
