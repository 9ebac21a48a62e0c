//! The keys of a store (D13, D17).

use super::*;
use crate::{StoreError, StoreKey, Stored, TokenStore, Version, Written};

#[test]
fn d17_a_store_takes_its_key_from_the_configuration() {
    let problem = |keys: &str, with: fn(Builder) -> Builder| {
        let config = read(&format!(
            r#"{{"token_endpoint":"https://as.example/token","client_id":"me",
                "client_secret":"s3cr3t",{keys}}}"#
        ));
        let builder = config.unwrap().builder::<CustomTransport>()?;
        crate::config::Config::parse(with(builder).settings).map(|config| config.store.is_some())
    };
    let with_store = |builder: Builder| builder.store(NoStore, None);
    let with_key = |builder: Builder| builder.store(NoStore, SealingKey::from_bytes([1; 32]));
    let without = |builder: Builder| builder;
    assert!(problem(r#""store_prefix":"x","store_timeout":"2s""#, with_key).unwrap());
    for (keys, with, expected) in [
        (
            r#""sealing_key_file":"/no/such""#,
            with_store as fn(Builder) -> Builder,
            "sealing_key_file: /no/such cannot be read",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            with_store,
            "sealing_key_env: its environment variable is not set",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            without,
            "sealing_key_env: is set, but no store is",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            with_key,
            "sealing_key_env: is set more than once",
        ),
        (
            r#""scope":"a""#,
            with_store,
            "sealing_key: is not set, but a store is",
        ),
        (
            r#""sealing_key_env":"A","sealing_key_file":"b""#,
            with_store,
            "conflicts with",
        ),
        (
            r#""store_prefix":"a b""#,
            with_key,
            "store_prefix: should be letters",
        ),
        (
            r#""store_timeout":"0s""#,
            with_key,
            "store_timeout: is zero",
        ),
    ] {
        let error = problem(keys, with).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

type Builder = ClientBuilder<CustomTransport>;

struct NoStore;

#[async_trait::async_trait]
impl TokenStore for NoStore {
    async fn read(&self, _: &StoreKey) -> Result<Option<Stored>, StoreError> {
        Ok(None)
    }

    async fn write(
        &self,
        _: &StoreKey,
        _: Option<&Version>,
        _: &[u8],
        _: Duration,
    ) -> Result<Written, StoreError> {
        Ok(Written::Conflict)
    }
}
