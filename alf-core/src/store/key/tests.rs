use std::collections::HashSet;

use http::HeaderValue;
use http::header::HOST;
use zeroize::Zeroizing;

use super::*;

#[test]
fn d17_every_part_of_a_name_counts() {
    let headers = [(HOST, HeaderValue::from_static("tenant"))];
    let metadata = [Uri::from_static("https://as.example/metadata")];
    let target = TokenTarget::new;
    let targets = [
        target().with_scope("a"),
        target().with_scope("a b"),
        target().with_audience("a"),
        target().with_resource("https://a.example"),
        target()
            .with_resource("https://a.example")
            .with_resource("https://b.example"),
        target().with_parameter("a", "b"),
        target().with_parameter("ab", ""),
    ];
    let plain = target();
    let name = |target| RecordName {
        server: "https://as.example/token",
        metadata: &[],
        grant_type: "client_credentials",
        client_id: "client-id",
        method: Some("client_secret_basic"),
        headers: &[],
        target,
    };
    let mut names: Vec<_> = targets.iter().map(name).collect();
    names.push(name(&plain));
    let plain = || name(&plain);
    names.extend([
        RecordName {
            server: "https://other.example/token",
            ..plain()
        },
        RecordName {
            metadata: &metadata,
            ..plain()
        },
        RecordName {
            grant_type: "another",
            ..plain()
        },
        RecordName {
            client_id: "another",
            ..plain()
        },
        RecordName {
            method: Some("tls_client_auth"),
            ..plain()
        },
        RecordName {
            headers: &headers,
            ..plain()
        },
    ]);
    let keys: HashSet<_> = names
        .iter()
        .map(|name| name.store_key("alf", &sealer(1)))
        .collect();
    assert_eq!(keys.len(), names.len());
    assert_eq!(
        plain().store_key("alf", &sealer(1)),
        plain().store_key("alf", &sealer(1))
    );
    assert_ne!(
        plain().store_key("alf", &sealer(1)),
        plain().store_key("other", &sealer(1)),
        "another prefix has another record"
    );
    assert_ne!(
        plain().store_key("alf", &sealer(1)),
        plain().store_key("alf", &sealer(2)),
        "another sealing key has another record"
    );
}

#[test]
fn d17_a_store_key_shows_its_prefix_and_nothing_of_the_settings() {
    let target = TokenTarget::new().with_scope("read");
    let name = RecordName {
        server: "https://as.example/token",
        metadata: &[],
        grant_type: "client_credentials",
        client_id: "client-id",
        method: None,
        headers: &[],
        target: &target,
    };
    let key = name.store_key("my-service", &sealer(1));
    let hash = key.as_str().strip_prefix("my-service:").unwrap();
    assert_eq!(hash.len(), 32);
    assert!(hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
}

fn sealer(key: u8) -> Sealer {
    Sealer::new(Zeroizing::new([key; 32]))
}
