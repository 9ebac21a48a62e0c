use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::machine::Occupancy;

#[test]
fn d16_a_record_is_read_as_it_was_written() {
    let error = json!({
        "kind": "Refused",
        "is_transient": false,
        "is_about_target": true,
        "status": 400,
        "code": "invalid_scope",
        "description": "no",
        "detail": "something",
    });
    let pause = json!({
        "length": seconds(4),
        "ends_at": seconds(2_000_000_004),
        "credential": vec![7_u8; 32],
        "error": error,
    });
    let mut full = token();
    full["token"]["extra"] = json!([["instance_url", "https://a.example"]]);
    for (token, occupancy) in [
        (json!(null), json!("Free")),
        (full.clone(), json!("Free")),
        (full, json!({"Leased": {"length": seconds(6)}})),
        (json!(null), json!({"Paused": pause})),
    ] {
        let record = json!({
            "number": 8, "attempts": 2, "token": token, "occupancy": occupancy,
        });
        let read = read(&record).unwrap();
        let written: Value = serde_json::from_slice(&encode(&read)).unwrap();
        assert_eq!(written, record);
    }
}

#[test]
fn d16_every_kind_of_error_is_written_and_read() {
    let phases = [TimeoutPhase::Attempt, TimeoutPhase::Acquire];
    for kind in [
        TokenErrorKind::Authentication,
        TokenErrorKind::Discovery,
        TokenErrorKind::Certificate,
        TokenErrorKind::Connect,
        TokenErrorKind::Exchange,
        TokenErrorKind::Refused,
        TokenErrorKind::Redirected,
        TokenErrorKind::Unreadable,
        TokenErrorKind::TokenType,
        TokenErrorKind::Aborted,
    ]
    .into_iter()
    .chain(phases.map(TokenErrorKind::Timeout))
    {
        for failure in [Failure::TRANSIENT, Failure::PERMANENT] {
            let cause = Cause::new(kind, failure);
            let written = serde_json::to_string(&SharedError::from(&cause)).unwrap();
            let read: SharedError = serde_json::from_str(&written).unwrap();
            let read = Cause::from(read);
            assert_eq!((read.kind, read.failure), (kind, failure));
        }
    }
}

#[test]
fn d16_what_a_later_version_adds_costs_no_token() {
    let mut token = token();
    token["later"] = json!([1]);
    let error = json!({
        "kind": "UnheardOf", "is_transient": true, "is_about_target": false, "later": 1,
    });
    let mut record = paused(&error);
    record["token"] = token;
    record["later"] = json!({"version": 2});
    let record = read(&record).unwrap();
    assert_eq!(record.number, 1);
    assert_eq!(
        record.token.as_ref().unwrap().token.access_token.as_str(),
        "token"
    );
    let error = error_of(record);
    assert_eq!(error.kind, TokenErrorKind::Exchange);
    assert!(error.failure.is_transient());
}

#[test]
fn d16_what_is_not_a_record_is_not_read() {
    for text in [
        "",
        "{}",
        "null",
        "[1]",
        r#"{"number":1"#,
        r#"{"number":-1,"attempts":0,"occupancy":"Free"}"#,
    ] {
        assert!(decode(text.as_bytes(), None).is_none(), "{text}");
    }
    assert!(decode(&[0xff; 64], None).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn d16_no_bytes_make_it_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        prop_assert!(decode(&bytes, None).is_none());
        let error = json!({
            "kind": "", "is_transient": true, "is_about_target": true, "status": 503, "code": "c",
        });
        let mut record = paused(&error);
        record["token"] = token();
        let mut record = record.to_string().into_bytes();
        for (index, byte) in changes {
            *index.get_mut(&mut record) = byte;
        }
        if let Some(record) = decode(&record, Some(Duration::MAX)) {
            record.keep_for(WallTime(Duration::MAX));
            prop_assert!(decode(&encode(&record), None).is_some());
        }
    }
}

#[test]
fn d16_huge_numbers_are_read() {
    let mut token = token();
    token["number"] = json!(u64::MAX);
    token["obtained_at"] = seconds(u64::MAX);
    token["token"]["expires_in"] = seconds(u64::MAX);
    let occupancy = json!({"Leased": {"length": seconds(u64::MAX)}});
    let record = json!({
        "number": u64::MAX, "attempts": u32::MAX, "token": token, "occupancy": occupancy,
    });
    let record = read(&record).unwrap();
    let token = record.token.as_ref().unwrap();
    // No wall clock has a time that late.
    assert_eq!(token.token.expires_at, None);
    let _ = record.keep_for(WallTime(Duration::from_secs(2_000_000_000)));
}

#[test]
fn t4_text_of_another_instance_is_cut_and_cleaned() {
    let long = "x".repeat(10_000);
    let error = json!({
        "kind": "Refused", "is_transient": false, "is_about_target": false,
        "status": 99_u16, "code": "a\u{1b}[31m\nb", "description": long, "detail": "\u{0}",
    });
    let answer = error_of(read(&paused(&error)).unwrap()).answer;
    assert_eq!(answer.status, None);
    let code = answer.error.as_deref().unwrap();
    assert!(!code.chars().any(char::is_control), "{code:?}");
    assert!(answer.description.as_deref().unwrap().len() <= 256 + 3);
}

#[test]
fn e5_a_token_without_a_lifetime_has_the_default_of_this_instance() {
    let mut token = token();
    token["token"]["expires_in"] = json!(null);
    let record = json!({"number": 1, "attempts": 0, "token": token, "occupancy": "Free"});
    let default_lifetime = Some(Duration::from_secs(60));
    let read = decode(record.to_string().as_bytes(), default_lifetime).unwrap();
    let shared = read.token.as_ref().unwrap();
    assert_eq!(shared.lifetime, default_lifetime);
    assert_eq!(shared.token.expires_in, None);
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(65);
    assert_eq!(shared.token.expires_at, Some(end));
    // It is not written: another instance may have another.
    let written: Value = serde_json::from_slice(&encode(&read)).unwrap();
    assert_eq!(written, record);
}

#[test]
fn d6_a_wall_clock_before_1970_counts_as_1970() {
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(5);
    assert_eq!(WallTime::from(early), WallTime(Duration::ZERO));
}

fn read(record: &Value) -> Option<TokenRecord> {
    decode(record.to_string().as_bytes(), None)
}

fn paused(error: &Value) -> Value {
    let pause = json!({
        "length": seconds(1), "ends_at": seconds(1), "credential": null, "error": error,
    });
    json!({"number": 1, "attempts": 1, "token": null, "occupancy": {"Paused": pause}})
}

fn error_of(record: TokenRecord) -> Cause {
    let Occupancy::Paused(pause) = record.occupancy else {
        panic!("it is paused");
    };
    pause.error.into()
}

/// Obtained at 5 s.
fn token() -> Value {
    let token = json!({
        "access_token": "token",
        "token_type": "Bearer",
        "scope": "a b",
        "expires_in": seconds(3_600),
        "extra": [],
    });
    json!({"token": token, "number": 1, "obtained_at": seconds(5)})
}

fn seconds(seconds: u64) -> Value {
    json!({"secs": seconds, "nanos": 0})
}
