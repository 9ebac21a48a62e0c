//! Whether isahc's log can be kept out in this build.

use tracing::subscriber::{NoSubscriber, with_default};

/// Another crate of the build has turned it on: then isahc's log cannot be kept out (see
/// `silence.rs`). With it, a span that is not enabled is something all the same.
pub(crate) fn tracing_has_its_feature_log() -> bool {
    let off = NoSubscriber::default();
    !with_default(off, || tracing::debug_span!("off")).is_none()
}
