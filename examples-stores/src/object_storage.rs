//! A token store on S3, Google Cloud Storage or Azure Blob Storage, with `object_store`.

use std::sync::Arc;
use std::time::Duration;

use alf_core::{StoreError, StoreKey, Stored, TokenStore, Version, Written};
use async_trait::async_trait;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion};

/// A [`TokenStore`] in a bucket: one object for each token target, replaced by conditional put (`If-Match`, `If-None-Match`).
///
/// Set `max_retries` to 0, as below. alf handles errors itself. If a put is applied but answered with a 5xx, a retry would find the object
/// of the first try, and report a conflict.
///
/// Objects are never deleted, and may be deleted at any time. A lifecycle rule of the bucket can remove the objects of settings that
/// are no longer used, a month after their last change.
///
/// On S3 it needs `s3:GetObject`, `s3:PutObject` and `s3:ListBucket`. Without the last one, S3 answers 403 instead of 404 for
/// an object that does not exist.
///
/// ```
/// use object_store::RetryConfig;
/// use object_store::aws::AmazonS3Builder;
///
/// # fn store() -> object_store::Result<examples_stores::ObjectStorage> {
/// // The region and the credentials are in AWS_REGION, AWS_ACCESS_KEY_ID, and so on.
/// let bucket = AmazonS3Builder::from_env()
///     .with_url("s3://my-bucket")
///     .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() })
///     .build()?;
/// # Ok(examples_stores::ObjectStorage::new(bucket))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ObjectStorage {
    bucket: Arc<dyn ObjectStore>,
}

impl ObjectStorage {
    /// Returns a store in this bucket. `object_store::prefix::PrefixStore` chooses a folder of it.
    pub fn new(bucket: impl ObjectStore) -> Self {
        let bucket = Arc::new(bucket);
        Self { bucket }
    }
}

#[async_trait]
impl TokenStore for ObjectStorage {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let found = match self.bucket.get(&Path::from(key.as_str())).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version = version(found.meta.e_tag.as_ref(), found.meta.version.as_ref());
        let value = found.bytes().await.map_err(failed)?;
        Ok(Some(Stored::new(value, version)))
    }

    /// `keep_for` is not used: objects do not expire.
    async fn write(
        &self,
        key: &StoreKey,
        expected: Option<&Version>,
        value: &[u8],
        _keep_for: Duration,
    ) -> Result<Written, StoreError> {
        let mode = match expected {
            None => PutMode::Create,
            Some(version) => PutMode::Update(update_version(version)),
        };
        let path = Path::from(key.as_str());
        let put = self
            .bucket
            .put_opts(&path, value.to_vec().into(), mode.into());
        match put.await {
            Ok(put) => Ok(Written::Done(version(
                put.e_tag.as_ref(),
                put.version.as_ref(),
            ))),
            // S3 also answers 409, which is `AlreadyExists`, to one of two puts at the same time. An object that was deleted does not
            // have the expected version either.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(Written::Conflict),
            Err(error) => Err(failed(error)),
        }
    }
}

/// S3 and Azure compare the `ETag`, Google Cloud Storage the version. An `ETag` of S3 is a hash of the value, and no two values are
/// equal, so none occurs twice.
fn version(e_tag: Option<&String>, version: Option<&String>) -> Version {
    let [e_tag, version] = [e_tag, version].map(|part| part.map_or("", String::as_str));
    Version::new(format!("{e_tag}\n{version}"))
}

fn update_version(version: &Version) -> UpdateVersion {
    let version = String::from_utf8_lossy(version.as_bytes());
    let mut parts = version
        .split('\n')
        .map(|part| Some(part).filter(|part| !part.is_empty()));
    let mut next = || parts.next().flatten().map(str::to_owned);
    UpdateVersion {
        e_tag: next(),
        version: next(),
    }
}

/// `Denied` means that nothing was changed, and that somebody must correct the permissions. If no answer has arrived, it is not
/// known whether the value was replaced: that is `Unavailable`.
fn failed(error: Error) -> StoreError {
    if matches!(
        error,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
    ) {
        StoreError::denied(error)
    } else {
        StoreError::unavailable(error)
    }
}
