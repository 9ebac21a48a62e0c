//! What errors call a setting that was not set by code.

use crate::ConfigError;

/// Settings, by the names of their setters, and what whoever wrote them calls them. Those that are
/// not here bear the name of their setter.
#[derive(Default)]
pub(crate) struct Names(Vec<(&'static str, String)>);

impl Names {
    /// The error under the name that was written.
    pub(super) fn of(&self, error: ConfigError) -> ConfigError {
        let mut names = self.0.iter();
        match names.find(|(setter, _)| *setter == error.setting()) {
            Some((_, written)) => error.renamed(written.clone()),
            None => error,
        }
    }
}

#[cfg(feature = "config")]
impl FromIterator<(&'static str, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (&'static str, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}
