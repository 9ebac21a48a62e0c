//! The errors of a call, in one box.

/// Any error, as in tower.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The service's own error.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ServiceError(pub(crate) BoxError);

/// Returns each of the errors of a call unchanged.
pub(crate) fn unchanged(error: alf_core::Error<ServiceError>) -> BoxError {
    match error.convert::<BoxError>().downcast::<ServiceError>() {
        Ok(error) => error.0,
        Err(of_alf) => of_alf,
    }
}
