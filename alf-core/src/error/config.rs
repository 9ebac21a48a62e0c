//! The error of a client that cannot be built.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::iter::successors;
use std::sync::Arc;

/// A client could not be built: a setting is missing, conflicts with another, or is not valid.
///
/// Its cause is in the code or the configuration that builds the client, never in the answer of a server.
/// It names the setting, and never shows a secret.
///
/// Its text ends with the innermost cause, if another error caused it.
#[derive(Clone, thiserror::Error)]
#[error("{setting}: {problem}{}", innermost(.source.as_deref()))]
pub struct ConfigError {
    setting: Cow<'static, str>,
    problem: Cow<'static, str>,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ConfigError {
    /// Returns an error about the setting of this name.
    pub fn new(
        setting: impl Into<Cow<'static, str>>,
        problem: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
            source: None,
        }
    }

    /// Adds the error that caused this one, such as an error of the HTTP library.
    #[must_use]
    pub fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The same problem, with the setting under another name.
    pub(crate) fn renamed(mut self, setting: String) -> Self {
        self.setting = Cow::Owned(setting);
        self
    }

    /// Returns the name of the setting. This is the name of its setter. If the setting is from a
    /// `ClientConfig`, it is the name of its key or environment variable.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

/// With the whole text, since `main` prints the `Debug` of an error that it returns.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigError")
            .field("message", &self.to_string())
            .finish_non_exhaustive()
    }
}

/// The text of the last error in the chain, after a colon.
fn innermost(source: Option<&(dyn StdError + Send + Sync + 'static)>) -> String {
    let first = source.map(|source| source as &(dyn StdError + 'static));
    let Some(last) = successors(first, |error| (*error).source()).last() else {
        return String::new();
    };
    let text = last.to_string();
    let text = text.chars().filter(|c| !c.is_control()).take(LONGEST);
    format!(": {}", text.collect::<String>())
}

const LONGEST: usize = 256;
