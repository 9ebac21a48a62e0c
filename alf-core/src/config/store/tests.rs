use std::collections::HashSet;

use super::*;
use crate::builder::ClientBuilder;
use crate::{
    Client, CustomTransport, SealingKey, StoreError, StoreKey, Stored, TokenStore, Version, Written,
};

type Builder = ClientBuilder<CustomTransport>;

#[test]
fn d17_every_part_of_a_name_counts() {
    let different: &[fn() -> Builder] = &[
        plain,
        || plain().scope("a"),
        || plain().scope("a b"),
        || plain().audience("a"),
        || plain().resource("https://a.example"),
        || {
            plain()
                .resource("https://a.example")
                .resource("https://b.example")
        },
        || plain().parameter("a", "b"),
        || plain().parameter("ab", ""),
        || plain().grant_type("another"),
        || plain().token_request_header("x-tenant", "a"),
        || plain().store_prefix("other"),
        || at("https://other.example/token").client_secret("client-id", "secret"),
        || at("https://as.example/token").client_secret("another", "secret"),
        || at("https://as.example/token").client_secret_post("client-id", "secret"),
        || {
            Client::builder("https://as.example/token")
                .client_secret("client-id", "secret")
                .store(
                    EmptyStore,
                    SealingKey::from_bytes(*b"fedcba9876543210fedcba9876543210"),
                )
        },
    ];
    let keys: HashSet<_> = different.iter().map(|builder| key(builder())).collect();
    assert_eq!(keys.len(), different.len());
    assert_eq!(key(plain()), key(plain()));
    let other_secret = at("https://as.example/token").client_secret("client-id", "rotated");
    assert_eq!(key(plain()), key(other_secret));
}

#[test]
fn d17_a_store_key_shows_its_prefix_and_nothing_of_the_settings() {
    let key = key(plain().scope("read").store_prefix("my-service"));
    let hash = key.as_str().strip_prefix("my-service:").unwrap();
    assert_eq!(hash.len(), 32);
    assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

fn plain() -> Builder {
    at("https://as.example/token").client_secret("client-id", "secret")
}

fn at(endpoint: &str) -> Builder {
    Client::builder(endpoint).store(
        EmptyStore,
        SealingKey::from_bytes(*b"0123456789abcdef0123456789abcdef"),
    )
}

fn key(builder: Builder) -> StoreKey {
    let config = Config::parse(builder.settings).unwrap();
    config.record(&config.target).unwrap().key
}

/// A store without values, which takes none.
pub(crate) struct EmptyStore;

#[async_trait::async_trait]
impl TokenStore for EmptyStore {
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
