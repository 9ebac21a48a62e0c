//! The errors of a call, and how they are put into one box.

use alf_core::{NotAllowed, TokenError};

/// Any error, as in tower.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The service's own error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ServiceError(pub(crate) BoxError);

/// Any of the errors of a call, unchanged.
pub(crate) struct Failure(BoxError);

impl Failure {
    pub(crate) fn into_inner(self) -> BoxError {
        self.0
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self(error.into())
    }
}

impl From<NotAllowed> for Failure {
    fn from(error: NotAllowed) -> Self {
        Self(error.into())
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self(error.0)
    }
}
