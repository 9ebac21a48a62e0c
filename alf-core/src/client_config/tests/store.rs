//! The keys of a store (D13, D17).

use super::*;
use crate::config::{Config, EmptyStore};
use crate::store::TargetRecord;

#[test]
fn d17_a_store_takes_its_key_from_the_configuration() {
    assert_problems(&[
        (
            r#""sealing_key_file":"/no/such""#,
            WITH_STORE,
            "sealing_key_file: /no/such cannot be read",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            WITH_STORE,
            "sealing_key_env: the environment variable NO_SUCH is not set",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            WITHOUT,
            "sealing_key_env: is set, but no store is",
        ),
        (
            r#""sealing_key_env":"NO_SUCH""#,
            WITH_KEY,
            "sealing_key_env: is set more than once",
        ),
        (
            r#""scope":"a""#,
            WITH_STORE,
            "sealing_key: is not set, but a store is",
        ),
        (
            r#""sealing_key_env":"A","sealing_key_file":"b""#,
            WITH_STORE,
            "conflicts with",
        ),
    ]);
}

#[test]
fn d18_a_previous_key_needs_a_key_and_there_is_one() {
    assert_problems(&[
        (
            r#""previous_sealing_key_file":"/no/such""#,
            WITHOUT,
            "previous_sealing_key_file: is set, but no store is",
        ),
        (
            r#""previous_sealing_key_file":"/no/such""#,
            WITH_STORE,
            "sealing_key: is not set, but a store is",
        ),
        (
            r#""previous_sealing_key_file":"/no/such""#,
            WITH_KEY,
            "previous_sealing_key_file: /no/such cannot be read",
        ),
        (
            r#""previous_sealing_key_env":"NO_SUCH""#,
            WITH_KEY,
            "previous_sealing_key_env: the environment variable NO_SUCH is not set",
        ),
        (
            r#""previous_sealing_key_env":"NO_SUCH""#,
            WITH_TWO_KEYS,
            "previous_sealing_key_env: is set more than once",
        ),
        (
            r#""previous_sealing_key_env":"A","previous_sealing_key_file":"b""#,
            WITH_KEY,
            "conflicts with",
        ),
    ]);
}

#[test]
fn d13_a_setting_of_a_store_is_never_ignored() {
    for keys in [
        r#""store_prefix":"x","store_timeout":"2s""#,
        // There is no time for such an attempt.
        r#""attempt_timeout":"15s""#,
        // Shorter than the default of store_timeout.
        r#""acquire_timeout":"1s""#,
    ] {
        assert!(parsed(keys, WITH_KEY).unwrap().store.is_some(), "{keys}");
    }
    assert_problems(&[
        (
            r#""store_prefix":"a b""#,
            WITH_KEY,
            "store_prefix: should be 1 to 64 letters",
        ),
        (
            r#""scope":"a""#,
            |builder| WITH_STORE(WITH_KEY(builder)),
            "store: is set more than once",
        ),
        (
            r#""store_timeout":"0s""#,
            WITH_KEY,
            "store_timeout: is zero",
        ),
        (
            r#""store_timeout":"3s""#,
            WITH_KEY,
            "store_timeout: is longer than a quarter of acquire_timeout (2.5s)",
        ),
        (
            r#""store_timeout":"1s""#,
            WITHOUT,
            "store_timeout: is set, but no store is",
        ),
        (
            r#""store_prefix":"a""#,
            WITHOUT,
            "store_prefix: is set, but no store is",
        ),
        (
            r#""attempt_timeout":"15s","acquire_timeout":"20s""#,
            WITH_KEY,
            "attempt_timeout: is longer than 14 s",
        ),
    ]);
}

/// RFC 8705 §3: a token may be bound to the certificate, which only the HTTP client knows.
#[test]
fn d17_instances_with_different_certificates_have_prefixes_of_their_own() {
    for method in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let built = |keys: &str| {
            let config = read(&format!(
                r#"{{"token_endpoint":"https://as.example/token","client_id":"me",
                    "token_endpoint_auth_method":"{method}"{keys}}}"#
            ));
            let builder = config.unwrap().builder().unwrap();
            Config::parse(WITH_KEY(builder).settings)
        };
        let error = built("").err().unwrap().to_string();
        let expected =
            "store_prefix: is not set, but tokens may be bound to the client certificate";
        assert!(error.contains(expected), "{error}");
        assert!(built(r#","store_prefix":"certificate-1""#).is_ok());
    }
}

/// Some servers have several token endpoints for one issuer.
#[test]
fn d17_a_metadata_url_counts() {
    let keys = ["https://as.example/a", "https://as.example/b"].map(|url| {
        let config = read(&format!(
            r#"{{"issuer":"https://as.example","metadata_url":"{url}","client_id":"me",
                "client_secret":"s3cr3t"}}"#
        ));
        let builder: Builder = config.unwrap().builder().unwrap();
        record(&Config::parse(WITH_KEY(builder).settings).unwrap()).key
    });
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn d18_the_configuration_has_the_previous_key() {
    let path = std::env::temp_dir().join(format!("alf-previous-key-{}", std::process::id()));
    std::fs::write(&path, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let config = read(&format!(
        r#"{{"token_endpoint":"https://as.example/token","client_id":"me",
            "client_secret":"s3cr3t","previous_sealing_key_file":{path:?}}}"#
    ));
    let builder = config.unwrap().builder::<CustomTransport>().unwrap();
    let builder = builder.store(EmptyStore, SealingKey::from_bytes(*OTHER_KEY));
    let config = Config::parse(builder.settings).unwrap();
    std::fs::remove_file(path).unwrap();
    let record = record(&config);
    assert_ne!(record.previous.unwrap(), record.key);
}

type Builder = ClientBuilder<CustomTransport>;
type SetStore = fn(Builder) -> Builder;

const KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";
const OTHER_KEY: &[u8; 32] = b"fedcba9876543210fedcba9876543210";

const WITHOUT: SetStore = |builder| builder;
const WITH_STORE: SetStore = |builder| builder.store(EmptyStore, None);
const WITH_KEY: SetStore = |builder| builder.store(EmptyStore, SealingKey::from_bytes(*KEY));
const WITH_TWO_KEYS: SetStore = |builder| {
    let key = SealingKey::from_bytes(*KEY);
    let keys = key.with_previous(SealingKey::from_bytes(*OTHER_KEY));
    builder.store(EmptyStore, keys)
};

#[track_caller]
fn assert_problems(cases: &[(&str, SetStore, &str)]) {
    for (keys, set_store, expected) in cases {
        let error = parsed(keys, *set_store).err().unwrap().to_string();
        assert!(error.contains(expected), "{keys}: {error}");
    }
}

fn record(config: &Config) -> TargetRecord {
    config.record(&config.target).unwrap()
}

fn parsed(keys: &str, set_store: SetStore) -> Result<Config, ConfigError> {
    let config = read(&format!(
        r#"{{"token_endpoint":"https://as.example/token","client_id":"me",
            "client_secret":"s3cr3t",{keys}}}"#
    ));
    let builder = config.unwrap().builder()?;
    Config::parse(set_store(builder).settings)
}
