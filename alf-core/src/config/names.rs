//! The names of settings that were not set by code.

use crate::ConfigError;

/// For the name of a setter, the name that errors use instead: a key, or a variable.
#[derive(Default)]
pub(crate) struct Names(pub(crate) Vec<(String, String)>);

impl Names {
    /// The same error, with the name that was written.
    pub(super) fn rename(&self, error: ConfigError) -> ConfigError {
        let mut names = self.0.iter();
        match names.find(|(setter, _)| setter == error.setting()) {
            Some((_, written)) => error.renamed(written.clone()),
            None => error,
        }
    }
}
