//! What is wrong with the set-up.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

/// A client could not be built: a setting is missing, contradicts another, or makes no sense.
///
/// It is caused by the code or the configuration that builds the client, never by what a server
/// answers, and it names the setting. It never shows a secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{setting}: {problem}")]
pub struct ConfigError {
    setting: Cow<'static, str>,
    problem: Cow<'static, str>,
    #[source]
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl ConfigError {
    /// A problem with the setting of that name.
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

    /// The error that lies beneath: the HTTP library's own, say.
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

    /// The setting's name: as the builder spells it, or the key or variable that a `ClientConfig`
    /// has it from.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}
