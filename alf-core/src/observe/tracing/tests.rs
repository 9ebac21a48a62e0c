use super::*;

fn at(seconds: u64) -> Moment {
    Moment::START + Duration::from_secs(seconds)
}

#[test]
fn l3_each_origin_is_logged_once_a_minute_and_at_most_64_are() {
    let observer = TracingObserver::new();
    let origins = (0..100).map(|n| format!("https://api-{n}.example").parse().unwrap());
    let origins: Vec<http::Uri> = origins.collect();
    let origins: Vec<Origin> = origins
        .iter()
        .map(|uri| crate::OriginRef::of(uri).unwrap().to_origin())
        .collect();
    for (seconds, expected) in [(0, 64), (1, 0), (59, 0), (60, 64)] {
        let is_first = |origin| observer.is_first_in_a_minute(Some(origin), at(seconds));
        let logged = origins.iter().filter(|origin| is_first(origin)).count();
        assert_eq!(logged, expected, "{seconds}");
    }
    assert!(!observer.is_first_in_a_minute(None, at(100)));
    assert!(observer.is_first_in_a_minute(None, at(120)));
    assert!(!observer.is_first_in_a_minute(None, at(179)));
}

#[test]
fn l4_times_and_durations_are_plain() {
    let expected = [
        (0, "0s"),
        (412, "412ms"),
        (1_000_000, "16m 40s"),
        (3_599_999, "59m 59s 999ms"),
    ];
    for (milliseconds, text) in expected {
        let shown = plain(Duration::from_millis(milliseconds));
        assert_eq!(format!("{shown:?}"), text);
    }
    plain(Duration::MAX);
    let time = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    assert_eq!(rfc_3339(time).unwrap(), "2023-11-14T22:13:20.123Z");
    assert_eq!(rfc_3339(UNIX_EPOCH - Duration::from_secs(1)), None);
    assert_eq!(rfc_3339(UNIX_EPOCH + Duration::from_secs(1 << 40)), None);
}
