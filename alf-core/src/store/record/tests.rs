use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn d16_a_record_is_read_as_it_was_written() {
    let token = json!({
        "value": "token",
        "type": "Bearer",
        "scope": "a b",
        "extra": [["instance_url", "https://a.example"]],
        "number": 7,
        "obtained_at": 2_000_000_000_123_u64,
        "lifetime": 3_600_000,
    });
    let error = json!({
        "kind": "refused",
        "is_transient": false,
        "is_about_target": true,
        "status": 400,
        "code": "invalid_scope",
        "description": "no",
        "detail": "something",
    });
    let pause = json!({
        "length": 4_000,
        "ends_at": 2_000_000_004_123_u64,
        "credential": u64::MAX,
        "error": error,
    });
    for record in [
        json!({"number": 0, "attempts": 0}),
        json!({"number": 7, "attempts": 0, "token": token}),
        json!({"number": 8, "attempts": 2, "token": token, "lease": 6_000}),
        json!({"number": 8, "attempts": 2, "pause": pause}),
    ] {
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
            let read = WrittenError::from(&cause).into_cause();
            assert_eq!((read.kind, read.failure), (kind, failure));
        }
    }
}

#[test]
fn d16_what_a_later_version_adds_costs_no_token() {
    let token = json!({
        "value": "token", "type": "Bearer", "number": 7, "obtained_at": 1, "later": [1],
    });
    let error = json!({
        "kind": "unheard_of", "is_transient": true, "is_about_target": false, "later": 1,
    });
    let record = json!({
        "number": 8, "attempts": 1, "token": token, "later": {"version": 2},
        "pause": {"length": 1, "ends_at": 1, "error": error, "later": null},
    });
    let record = read(&record).unwrap();
    assert_eq!(record.number, 8);
    assert_eq!(record.token.unwrap().token.access_token.as_str(), "token");
    let Occupancy::Paused(pause) = record.occupancy else {
        panic!("it is paused");
    };
    assert_eq!(pause.error.kind, TokenErrorKind::Exchange);
    assert!(pause.error.failure.is_transient());
}

#[test]
fn d16_what_is_not_a_record_is_not_read() {
    for text in [
        "",
        "{}",
        "null",
        "[1]",
        "{\"number\":1",
        "{\"number\":-1,\"attempts\":0}",
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
        let token = r#"{"value":"t","type":"","number":1,"obtained_at":9,"lifetime":9}"#;
        let error = r#"{"kind":"","is_transient":true,"is_about_target":true,"status":503,"code":"c"}"#;
        let pause = format!(r#"{{"length":9,"ends_at":9,"credential":9,"error":{error}}}"#);
        let record = format!(r#"{{"number":1,"attempts":1,"token":{token},"pause":{pause}}}"#);
        let mut record = record.into_bytes();
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
    let max = u64::MAX;
    let token = json!({
        "value": "token", "type": "Bearer", "number": max, "obtained_at": max, "lifetime": max,
    });
    let record = json!({"number": max, "attempts": u32::MAX, "token": token, "lease": max});
    let record = read(&record).unwrap();
    let token = record.token.as_ref().unwrap();
    // No wall clock has a time that late.
    let _ = token.token.expires_at;
    let _ = record.keep_for(WallTime(Duration::from_secs(2_000_000_000)));
}

#[test]
fn t4_text_of_another_instance_is_cut_and_cleaned() {
    let long = "x".repeat(10_000);
    let error = json!({
        "kind": "refused", "is_transient": false, "is_about_target": false,
        "status": 99_u16, "code": "a\u{1b}[31m\nb", "description": long, "detail": "\u{0}",
    });
    let record = read(&paused(&error)).unwrap();
    let Occupancy::Paused(pause) = record.occupancy else {
        panic!("it is paused");
    };
    let answer = &pause.error.answer;
    assert_eq!(answer.status, None);
    let code = answer.error.as_deref().unwrap();
    assert!(!code.chars().any(char::is_control), "{code:?}");
    assert!(answer.description.as_deref().unwrap().len() <= 256 + 3);
}

#[test]
fn e5_a_token_without_a_lifetime_has_the_default_of_this_instance() {
    let token = json!({"value": "t", "type": "Bearer", "number": 1, "obtained_at": 5_000});
    let record = json!({"number": 1, "attempts": 0, "token": token});
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
    json!({"number": 1, "attempts": 1, "pause": {"length": 1, "ends_at": 1, "error": error}})
}
