//! What one instance does with the shared record (D3 to D12, D16).

use super::super::shared_record::SharedPause;
use super::scenario::{Action, Scenario};
use super::*;

type Record = SharedRecord<&'static str, &'static str>;
type Instance = Sharing<u32>;

const ATTEMPT: Duration = Duration::from_secs(5);
const ACQUIRE: Duration = Duration::from_secs(60);
const LEEWAY: Duration = Duration::from_secs(10);
const REFUSED: CredentialHash = CredentialHash([1; 32]);
const TAKE_LEASE: ReadDecision<&str> = ReadDecision::TakeLease { refused: None };

#[test]
fn d3_a_lease_counts_from_when_its_version_was_first_read() {
    let mut instance = Instance::new(ACQUIRE);
    let leased = leased(7, 1, millis(6_000));
    assert_eq!(read(&mut instance, 100.0, 1, &leased), await_lease(106.0));
    assert_eq!(read(&mut instance, 105.9, 1, &leased), await_lease(106.0));
    // Another version, with the same content: somebody wrote it since.
    assert_eq!(read(&mut instance, 105.9, 2, &leased), await_lease(111.9));
    assert_eq!(read(&mut instance, 111.9, 2, &leased), TAKE_LEASE);
}

#[test]
fn d3_a_lease_is_not_compared_with_the_wall_clock() {
    let mut instance = Instance::new(ACQUIRE);
    let leased = leased(7, 1, millis(6_000));
    assert_eq!(read(&mut instance, 100.0, 1, &leased), await_lease(106.0));
    let clocks = clocks(100.1, 1_000_000.0);
    let decision = instance.decide(clocks, Some(1), &leased, LEEWAY);
    assert_eq!(decision, await_lease(106.0));
}

#[test]
fn d4_an_empty_record_is_leased_at_once() {
    assert_eq!(
        Instance::new(ACQUIRE).decide(clocks(1.0, 1.0), None, &Record::EMPTY, LEEWAY),
        TAKE_LEASE
    );
}

#[test]
fn d4_a_token_comes_before_a_lease_and_a_pause() {
    let with_token = |record: Record| Record {
        token: Some(token(1, 0.0)),
        ..record
    };
    for record in [
        with_token(leased(2, 1, ATTEMPT)),
        with_token(failed(2, 1, Duration::ZERO).0),
    ] {
        assert_eq!(
            read(&mut Instance::new(ACQUIRE), 10.0, 1, &record),
            ReadDecision::UseToken
        );
    }
}

#[test]
fn d4_a_pause_ends_by_its_length_or_by_the_wall_clock() {
    let (record, pause) = failed(1, 6, Duration::ZERO);
    assert_eq!(pause, millis(3_200));
    // Ahead by 1000 s: by the wall clock it is over.
    let ahead = clocks(10.0, 1_010.0);
    let mut instance = Instance::new(ACQUIRE);
    assert_eq!(instance.decide(ahead, Some(1), &record, LEEWAY), TAKE_LEASE);
    // Behind by 10 s: it lasts no longer than its length from the first reading.
    let mut instance = Instance::new(ACQUIRE);
    let behind = clocks(10.0, 0.0);
    let decision = instance.decide(behind, Some(1), &record, LEEWAY);
    assert_eq!(
        decision,
        ReadDecision::AwaitPause {
            until: at_seconds(13.2),
            error: "503"
        }
    );
}

#[test]
fn d5_the_same_or_an_older_token_does_not_help() {
    let mut instance = Instance::new(ACQUIRE);
    instance.hold(4);
    for (number, helps) in [(3, false), (4, false), (5, true)] {
        let record = Record {
            number: 5,
            token: Some(token(number, 0.0)),
            ..Record::EMPTY
        };
        let decision = read(&mut instance, 1.0, 1, &record);
        let expected = if helps {
            ReadDecision::UseToken
        } else {
            TAKE_LEASE
        };
        assert_eq!(decision, expected, "{number}");
    }
}

#[test]
fn d5_a_token_within_leeway_does_not_help_unless_it_was_waited_for() {
    // Of 100 s, used until 90 s.
    for (now, helps) in [(89.9, true), (90.0, false), (200.0, false)] {
        let record = Record {
            number: 1,
            token: Some(token(1, 0.0)),
            ..Record::EMPTY
        };
        let decision = read(&mut Instance::new(ACQUIRE), now, 1, &record);
        assert_eq!(decision == ReadDecision::UseToken, helps, "{now}");
    }
}

#[test]
fn d6_who_waited_for_a_lease_takes_its_token_whatever_its_age() {
    let record = Record {
        number: 7,
        token: Some(token(7, 0.0)),
        ..Record::EMPTY
    };
    // Behind the lease 7.
    let mut instance = Instance::new(ACQUIRE);
    read(&mut instance, 500.0, 1, &leased(7, 1, ATTEMPT));
    assert_eq!(
        read(&mut instance, 501.0, 2, &record),
        ReadDecision::UseToken
    );
    // Its own lease 7 met a conflict.
    let mut instance = Instance::new(ACQUIRE);
    read(
        &mut instance,
        500.0,
        1,
        &Record {
            token: None,
            number: 6,
            ..record.clone()
        },
    );
    instance.take_lease(&record, ATTEMPT);
    instance.conflicted();
    assert_eq!(
        read(&mut instance, 501.0, 2, &record),
        ReadDecision::UseToken
    );
    // The next acquisition has not waited.
    instance.start();
    assert_eq!(read(&mut instance, 502.0, 2, &record), TAKE_LEASE);
}

#[test]
fn d6_an_age_is_at_least_zero_and_at_most_the_lifetime() {
    let token = token(1, 100.0);
    for (wall, age) in [(50.0, 0.0), (130.0, 30.0), (9_999.0, 100.0)] {
        assert_eq!(token.age(at_wall(wall)), Duration::from_secs_f64(age));
    }
}

#[test]
fn d7_a_lease_has_a_higher_number_than_any_that_was_seen() {
    let mut instance = Instance::new(ACQUIRE);
    read(&mut instance, 1.0, 1, &leased(7, 3, ATTEMPT));
    // The store went back to an older value.
    let old = Record {
        number: 2,
        attempts: 9,
        ..Record::EMPTY
    };
    read(&mut instance, 1.0, 2, &old);
    let record = instance.take_lease(&old, ATTEMPT);
    assert_eq!((record.number, record.attempts), (8, 10));
    assert_eq!(instance.take_lease(&old, ATTEMPT).number, 9);
}

#[test]
fn d7_the_leases_of_the_second_to_fifth_attempt_are_short() {
    for (attempts, length) in [(0, 6_000), (1, 1_500), (4, 1_500), (5, 6_000)] {
        let before = Record {
            attempts,
            ..Record::EMPTY
        };
        let record = Instance::new(ACQUIRE).take_lease(&before, ATTEMPT);
        let length = millis(length);
        assert_eq!(record.occupancy, Occupancy::Leased { length }, "{attempts}");
    }
    let short = Instance::new(ACQUIRE).take_lease(&leased(1, 1, ATTEMPT), millis(200));
    let length = millis(1_200);
    assert_eq!(short.occupancy, Occupancy::Leased { length });
}

#[test]
fn d9_a_token_is_saved_unless_a_later_one_is_there() {
    let claimed = leased(5, 3, ATTEMPT);
    let saved = claimed.saved(token(5, 0.0)).unwrap();
    assert_eq!((saved.number, saved.attempts), (5, 0));
    assert_eq!(saved.occupancy, Occupancy::Free);
    assert_eq!(saved.saved(token(5, 0.0)), None);
    assert_eq!(saved.saved(token(4, 0.0)), None);
    // A later attempt is under way: its lease stays.
    let later = leased(6, 1, ATTEMPT).saved(token(5, 0.0)).unwrap();
    assert_eq!(later.number, 6);
    assert_eq!(later.occupancy, Occupancy::Leased { length: ATTEMPT });
    // The store lost its data meanwhile.
    assert_eq!(Record::EMPTY.saved(token(5, 0.0)).unwrap().number, 5);
}

#[test]
fn d10_pauses_double_and_a_longer_retry_after_counts() {
    let pause = |attempts, retry_after| failed(1, attempts, retry_after).1;
    let pauses = [0, 1, 2, 3, 4, 5, 6, 7, 8, u32::MAX];
    let expected = [100, 100, 200, 400, 800, 1_600, 3_200, 4_000, 4_000, 4_000];
    for (attempts, expected) in pauses.into_iter().zip(expected) {
        assert_eq!(pause(attempts, Duration::ZERO), millis(expected));
    }
    assert_eq!(pause(1, secs(7)), secs(7));
    assert_eq!(pause(1, secs(100_000)), secs(300));
}

#[test]
fn d11_a_refusal_pauses_those_with_the_same_credentials() {
    let mut record = leased(1, 1, ATTEMPT);
    let pause = record.refuse(at_wall(10.0), Duration::ZERO, REFUSED, "401");
    assert_eq!(pause, secs(1));
    let refused = Some((REFUSED, "401"));
    let mut instance = Instance::new(ACQUIRE);
    assert_eq!(
        read(&mut instance, 10.0, 1, &record),
        ReadDecision::TakeLease { refused }
    );
    assert_eq!(read(&mut instance, 11.0, 1, &record), TAKE_LEASE);
    let mut record = leased(1, 20, ATTEMPT);
    let long = record.refuse(at_wall(10.0), Duration::ZERO, REFUSED, "401");
    assert_eq!(long, secs(60));
}

#[test]
fn d11_after_a_permanent_failure_the_next_attempt_waits() {
    let refused = Failure::PERMANENT;
    let mut refusal = Refusal::none();
    assert_eq!(refusal.error_at(at(0)), None);
    // 1 s, 2 s, …, 60 s.
    for (now, until) in [
        (0, 1),
        (10, 12),
        (20, 24),
        (30, 38),
        (40, 56),
        (60, 92),
        (100, 160),
        (200, 260),
    ] {
        refusal.refused(at(now), &refused, "401");
        assert_eq!(refusal.error_at(at(until - 1)), Some(&"401"), "{now}");
        // The attempts of other targets, which were under way.
        refusal.refused(at(now), &refused, "later");
        assert_eq!(refusal.error_at(at(until)), None, "{now}");
    }
    let retry_after = Failure::Permanent {
        retry_after: secs(1_000),
    };
    refusal.refused(at(400), &retry_after, "at most 5 min");
    refusal.refused(at(500), &retry_after, "longer");
    assert_eq!(refusal.error_at(at(799)), Some(&"longer"));
    assert_eq!(refusal.error_at(at(800)), None);
    refusal.ended();
    refusal.refused(at(900), &refused, "401");
    assert_eq!(refusal.error_at(at(901)), None);
}

#[test]
fn d12_polls_double_and_look_when_the_lease_is_over() {
    let mut instance = Instance::new(ACQUIRE);
    instance.start();
    let mut next =
        |until, urgency, random| instance.next_read(at(0), until, urgency, [random, 1.0]);
    let far = Some(at(100));
    for expected in [50, 100, 200, 400, 500, 500] {
        let poll = next(far, Urgency::Awaited, 0.5);
        assert_eq!(poll, Moment::START + millis(expected));
    }
    let nobody_waits = Urgency::Background;
    assert_eq!(next(far, nobody_waits, 0.0), Moment::START + millis(400));
    assert_eq!(next(None, nobody_waits, 1.0), Moment::START + millis(600));
    let soon = Some(Moment::START + millis(100));
    assert_eq!(next(soon, nobody_waits, 1.0), Moment::START + millis(200));
}

#[test]
fn d12_a_pause_is_followed_by_a_read_within_250_ms() {
    let until = at(10);
    assert_eq!(read_after_pause(until, 0.0), until);
    assert_eq!(read_after_pause(until, 1.0), until + millis(250));
    assert_eq!(AFTER_PAUSE, millis(250));
}

#[test]
fn d13_a_store_in_trouble_is_left_alone() {
    let mut health = StoreHealth::new();
    let mut now = at(0);
    for (i, pause) in [1, 2, 4, 8, 16, 30, 30].into_iter().enumerate() {
        assert_eq!(health.failed(now, Operation::Read), i == 0, "reported once");
        // Operations that were under way when it failed.
        assert!(!health.failed(now, Operation::Read));
        assert_eq!(health.left_alone_until(now), Some(now + secs(pause)));
        now = now + secs(pause);
        assert_eq!(health.left_alone_until(now), None);
        assert!(health.is_in_trouble());
    }
    assert!(health.succeeded(Operation::Read));
    assert!(!health.succeeded(Operation::Read));
    assert!(health.failed(now, Operation::Read));
    assert_eq!(health.left_alone_until(now), Some(now + secs(1)));
}

#[test]
fn d13_a_read_does_not_end_the_trouble_after_a_write_that_failed() {
    let mut health = StoreHealth::new();
    assert!(health.failed(at(0), Operation::Read));
    assert!(!health.failed(at(0), Operation::Write));
    for (now, pause) in [(2, 2), (5, 4), (20, 8)] {
        assert!(!health.succeeded(Operation::Read));
        assert!(health.is_in_trouble());
        assert!(!health.failed(at(now), Operation::Write));
        assert_eq!(health.left_alone_until(at(now)), Some(at(now + pause)));
    }
    assert!(health.succeeded(Operation::Write));
    assert!(!health.succeeded(Operation::Read));
    assert!(health.failed(at(40), Operation::Read));
    assert!(health.succeeded(Operation::Read));
}

#[test]
fn d13_a_record_that_another_instance_has_written_is_new() {
    let mut instance = Instance::new(ACQUIRE);
    assert!(!instance.is_new(Some(&1)));
    read(&mut instance, 0.0, 1, &Record::EMPTY);
    assert!(!instance.is_new(Some(&1)));
    assert!(!instance.is_new(None), "the store has deleted it");
    assert!(instance.is_new(Some(&2)));
    instance.written(at(1), 2);
    assert!(!instance.is_new(Some(&2)));
}

#[test]
fn d13_a_token_without_the_store_has_the_next_number() {
    let mut instance = Instance::new(ACQUIRE);
    assert_eq!(instance.next_number(), 1);
    read(&mut instance, 1.0, 1, &leased(7, 1, ATTEMPT));
    assert_eq!(instance.next_number(), 8);
    assert_eq!(instance.take_lease(&Record::EMPTY, ATTEMPT).number, 9);
    assert_eq!(instance.next_number(), 10);
}

#[test]
fn d8_an_instance_does_not_wait_for_its_own_lease() {
    let mut instance = Instance::new(ACQUIRE);
    let leased = instance.take_lease(&Record::EMPTY, ATTEMPT);
    instance.written(at(0), 1);
    instance.leased(1);
    assert_eq!(read(&mut instance, 1.0, 1, &leased), TAKE_LEASE);
    assert_eq!(read(&mut instance, 1.0, 2, &leased), await_lease(7.0));
}

#[test]
fn d13_conflicts_with_one_version_show_that_reads_are_old() {
    let mut instance = Instance::new(ACQUIRE);
    let mut conflicts = |version| {
        read(&mut instance, 1.0, version, &Record::EMPTY);
        (0..5).map(|_| instance.conflicted()).collect::<Vec<_>>()
    };
    for version in [1, 2] {
        let reads = conflicts(version);
        assert_eq!(reads.last(), Some(&true));
        assert!(reads[..4].iter().all(|are_old| !are_old));
    }
}

#[test]
fn d14_a_due_token_is_renewed_without_the_store_from_the_middle_on() {
    // It is due from 80 s on, and within leeway from 90 s on.
    for (left_alone, renewed) in [(secs(2), secs(2)), (secs(30), secs(5))] {
        let mut scenario = Scenario::due();
        assert_eq!(scenario.demand(), Action::UseAndRenew);
        let until = scenario.now() + left_alone;
        let id = scenario.acquisition();
        assert!(scenario.machine.renewal.may_postpone(at(80)));
        assert!(scenario.machine.renewal.postponed(id, until));
        scenario.pass(renewed.saturating_sub(millis(1)));
        assert_eq!(scenario.demand(), Action::Use);
        scenario.pass(millis(1));
        assert_eq!(scenario.demand(), Action::UseAndRenew, "{left_alone:?}");
    }
    assert!(!Scenario::due().machine.renewal.may_postpone(at(85)));
    assert!(!Scenario::rejected().machine.renewal.may_postpone(at(6)));
}

#[test]
fn d16_whatever_is_written_a_lease_and_a_pause_have_limits() {
    for (written, counted) in [(0, 500), (u64::MAX, 15_000)] {
        let record = leased(1, 1, millis(written));
        let until = at_seconds(100.0) + millis(counted);
        assert_eq!(
            read(&mut Instance::new(ACQUIRE), 100.0, 1, &record),
            ReadDecision::AwaitLease { until }
        );
    }
    // Two thirds of the time that an acquisition has.
    for (acquire_timeout, counted) in [(5_001, 3_334), (300, 200), (u64::MAX, 15_000)] {
        let record = leased(1, 1, Duration::MAX);
        let until = at_seconds(100.0) + millis(counted);
        let mut instance = Instance::new(millis(acquire_timeout));
        assert_eq!(
            read(&mut instance, 100.0, 1, &record),
            ReadDecision::AwaitLease { until }
        );
    }
    let record = Record {
        occupancy: Occupancy::Paused(SharedPause {
            length: Duration::MAX,
            ends_at: WallTime(Duration::MAX),
            credential: None,
            error: "503",
        }),
        ..Record::EMPTY
    };
    let until = at_seconds(400.0);
    assert_eq!(
        read(&mut Instance::new(ACQUIRE), 100.0, 1, &record),
        ReadDecision::AwaitPause {
            until,
            error: "503"
        }
    );
}

#[test]
fn d16_huge_numbers_neither_overflow_nor_wrap() {
    let record = leased(u64::MAX, u32::MAX, Duration::MAX);
    let mut instance = Instance::new(ACQUIRE);
    read(&mut instance, 1.0, 1, &record);
    let next = instance.take_lease(&record, Duration::MAX);
    assert_eq!((next.number, next.attempts), (u64::MAX, u32::MAX));
    assert_eq!(instance.next_number(), u64::MAX);
    let old = SharedToken {
        lifetime: Some(Duration::MAX),
        obtained_at: WallTime(Duration::MAX),
        ..token(1, 0.0)
    };
    let kept = Record {
        token: Some(old),
        ..record
    };
    assert_eq!(kept.keep_for(at_wall(0.0)), Duration::MAX);
}

#[test]
fn d16_a_record_is_kept_for_its_token_and_a_minute() {
    let kept = |lifetime, wall| {
        let token = SharedToken {
            lifetime,
            ..token(1, 0.0)
        };
        let record = Record {
            token: Some(token),
            ..Record::EMPTY
        };
        record.keep_for(at_wall(wall))
    };
    assert_eq!(kept(Some(secs(3_600)), 600.0), secs(3_060));
    assert_eq!(kept(Some(secs(3_600)), 3_599.0), secs(360));
    assert_eq!(kept(None, 0.0), secs(30 * 24 * 3_600 + 60));
    assert_eq!(Record::EMPTY.keep_for(at_wall(0.0)), secs(360));
}

fn read(
    instance: &mut Instance,
    now: f64,
    version: u32,
    record: &Record,
) -> ReadDecision<&'static str> {
    instance.decide(clocks(now, now), Some(version), record, LEEWAY)
}

fn await_lease(until: f64) -> ReadDecision<&'static str> {
    let until = at_seconds(until);
    ReadDecision::AwaitLease { until }
}

fn leased(number: u64, attempts: u32, length: Duration) -> Record {
    Record {
        number,
        attempts,
        token: None,
        occupancy: Occupancy::Leased { length },
    }
}

/// After an attempt that failed at 10 s, and its pause.
fn failed(number: u64, attempts: u32, retry_after: Duration) -> (Record, Duration) {
    let mut record = leased(number, attempts, ATTEMPT);
    let pause = record.fail(at_wall(10.0), retry_after, "503");
    (record, pause)
}

/// It lives 100 s.
fn token(number: u64, obtained_at: f64) -> SharedToken<&'static str> {
    SharedToken {
        token: "token",
        number,
        obtained_at: at_wall(obtained_at),
        lifetime: Some(secs(100)),
    }
}

fn clocks(now: f64, wall: f64) -> Clocks {
    Clocks {
        now: at_seconds(now),
        wall: at_wall(wall),
    }
}

fn at_seconds(seconds: f64) -> Moment {
    Moment::START + Duration::from_secs_f64(seconds)
}

fn at_wall(seconds: f64) -> WallTime {
    WallTime(Duration::from_secs_f64(seconds))
}
