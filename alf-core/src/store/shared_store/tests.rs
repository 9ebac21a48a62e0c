use async_trait::async_trait;
use pollster::block_on;
use zeroize::Zeroizing;

use super::*;
use crate::TokenTarget;
use crate::store::Stored;

/// A wrong key of the store may have any value.
#[test]
fn d16_a_value_that_is_too_large_for_a_record_counts_as_empty() {
    for (length, number) in [(1_000, 7), (LARGEST, 0)] {
        let value = "x".repeat(length);
        let json = format!(r#"{{"number":7,"attempts":0,"occupancy":"Free","unknown":"{value}"}}"#);
        let store = SharedStore {
            store: Arc::new(WithValue(json.into_bytes())),
            sealer: Sealer::new(Zeroizing::new(KEY)),
            previous: None,
            prefix: "alf".to_owned(),
            timeout: Duration::from_secs(1),
            awaits_saves: false,
            health: Mutex::new(StoreHealth::new()),
            refusal: Mutex::new(Refusal::none()),
        };
        let name = RecordName {
            server: "https://as.example/token",
            metadata: &[],
            grant_type: "client_credentials",
            client_id: "client-id",
            method: None,
            headers: &[],
            target: &TokenTarget::new(),
        };
        let record = TargetRecord::new(Arc::new(store), &name, Duration::from_secs(10));
        let read = block_on(record.read(None)).unwrap();
        assert_eq!(read.record.number, number);
        // It is replaced.
        assert_eq!(read.version, Some(Version::new(*b"1")));
    }
}

const KEY: [u8; 32] = [1; 32];

struct WithValue(Vec<u8>);

#[async_trait]
impl TokenStore for WithValue {
    async fn read(&self, key: &StoreKey) -> Result<Option<Stored>, StoreError> {
        let sealed = Sealer::new(Zeroizing::new(KEY)).seal(key, &self.0);
        Ok(sealed.map(|sealed| Stored::new(sealed, Version::new(*b"1"))))
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
