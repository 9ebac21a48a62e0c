//! E1, E5, T9: the stages of a token.

use super::machines::Machines;
use super::scenario::{Action, Scenario};
use super::*;

const LEEWAY: Duration = secs(10);
const CENTURY: Duration = secs(100 * 365 * 86_400);
const LONGEST: Duration = secs(1 << 63);

/// The lifetime of a token that was requested and obtained at the start and states `seconds`.
fn lifetime(seconds: u64) -> Lifetime {
    Lifetime::new(at(0), Duration::ZERO, secs(seconds), LEEWAY, 0.0)
}

#[test]
fn t9_the_time_between_the_answer_and_its_use_counts() {
    let mut scenario = Scenario::acquiring().after(secs(40));
    let obtained = Obtained {
        token: 1,
        lifetime: Some(secs(100)),
        requested_at: at(0),
        age: secs(2),
    };
    let (now, started) = (scenario.now(), scenario.started());
    scenario.machine.succeeded(now, started, obtained, 0.0);
    scenario.pass(secs(39));
    assert_eq!(scenario.demand(), Action::Use);
    scenario.pass(secs(1));
    assert_eq!(scenario.demand(), Action::UseAndRenew);
}

#[test]
fn e1_token_is_fresh_then_due_then_within_leeway_then_expired() {
    let hour = lifetime(3600);
    for (now, stage) in [
        (at(0), Stage::Fresh),
        (at(2879), Stage::Fresh),
        (at(2880), Stage::Due),
        (at(3589), Stage::Due),
        (at(3590), Stage::WithinLeeway),
        (at(3599), Stage::WithinLeeway),
        (at(3600), Stage::Expired),
        (Moment::NEVER, Stage::Expired),
    ] {
        assert_eq!(hour.stage(now), stage, "{now:?}");
    }
}

#[test]
fn e1_each_stage_starts_at_its_exact_nanosecond() {
    let hour = lifetime(3600);
    for (start, stage) in [
        (hour.due, Stage::Due),
        (hour.within_leeway, Stage::WithinLeeway),
        (hour.expires, Stage::Expired),
    ] {
        let before = start.saturating_sub(Duration::from_nanos(1));
        assert!(hour.stage(before) < stage, "{stage:?}");
        assert_eq!(hour.stage(start), stage);
    }
}

#[test]
fn e1_leeway_is_never_more_than_a_tenth_of_the_lifetime() {
    for (stated, leeway, expired) in [
        (secs(3600), secs(10), secs(3590)),
        (secs(100), secs(10), secs(90)),
        (secs(50), secs(10), secs(45)),
        (secs(50), secs(0), secs(50)),
        (secs(50), Duration::MAX, secs(45)),
    ] {
        let lifetime = Lifetime::new(at(0), Duration::ZERO, stated, leeway, 0.0);
        assert_eq!(
            lifetime.within_leeway,
            at(0) + expired,
            "{stated:?} {leeway:?}"
        );
        assert_eq!(lifetime.expires, at(0) + stated);
    }
}

#[test]
fn e1_due_is_at_80_percent_less_a_jitter_of_up_to_10() {
    for (jitter, due) in [(0.0, 800), (0.5, 750), (1.0, 700), (-3.0, 800), (7.0, 700)] {
        let lifetime = Lifetime::new(at(0), Duration::ZERO, secs(1000), LEEWAY, jitter);
        assert_eq!(lifetime.due, at(due), "jitter {jitter}");
    }
}

#[test]
fn e1_due_comes_before_within_leeway_for_every_lifetime() {
    for stated in [
        Duration::ZERO,
        Duration::from_nanos(1),
        millis(1),
        secs(1),
        secs(2),
        secs(10),
        secs(3600),
        LONGEST,
    ] {
        for jitter in [0.0, 0.5, 1.0] {
            let lifetime = Lifetime::new(at(7), Duration::ZERO, stated, LEEWAY, jitter);
            assert!(lifetime.due <= lifetime.within_leeway, "{stated:?}");
            assert!(lifetime.within_leeway <= lifetime.expires, "{stated:?}");
            let has_end = lifetime.expires < Moment::NEVER;
            assert!(
                !has_end || lifetime.due < lifetime.within_leeway,
                "{stated:?}"
            );
        }
    }
}

#[test]
fn e1_two_second_token_has_all_stages() {
    let lifetime = lifetime(2);
    assert_eq!(lifetime.due, at(0) + millis(1600));
    assert_eq!(lifetime.within_leeway, at(0) + millis(1800));
    assert_eq!(lifetime.expires, at(2));
}

#[test]
fn e1_token_is_usable_for_a_second_after_it_was_obtained() {
    for (stated, obtained_after, usable_until) in [
        (secs(0), millis(0), millis(1000)),
        (secs(0), millis(300), millis(1300)),
        (millis(1), millis(1), millis(1001)),
        (secs(1), millis(0), millis(1000)),
        (secs(2), secs(5), secs(6)), // an AS slower than its tokens
        (secs(2), millis(500), millis(1800)),
    ] {
        let lifetime = Lifetime::new(at(0) + obtained_after, obtained_after, stated, LEEWAY, 0.0);
        let until = at(0) + usable_until;
        assert_eq!(
            lifetime.within_leeway, until,
            "{stated:?} {obtained_after:?}"
        );
        assert!(lifetime.expires >= until);
        let just_before = until.saturating_sub(Duration::from_nanos(1));
        assert!(lifetime.stage(just_before) < Stage::WithinLeeway);
    }
}

#[test]
fn e1_jitter_is_drawn_for_every_token() {
    let mut machine = Machines::new(scenario::POLICY);
    let mut due_at = |now, token, jitter| {
        let started = machine.demand(now).start.expect("there is no usable token");
        let obtained = Obtained {
            token,
            lifetime: Some(secs(100)),
            requested_at: now,
            age: Duration::ZERO,
        };
        machine.succeeded(now, started, obtained, jitter);
        machine.cacheable_until(now).expect("it is fresh")
    };
    assert_eq!(due_at(at(0), 1, 0.0), at(80));
    assert_eq!(due_at(at(1000), 2, 1.0), at(1070));
}

#[test]
fn e5_token_of_unknown_lifetime_is_used_until_it_is_rejected() {
    let mut scenario = Scenario::acquiring();
    scenario.obtain_new_for(None);
    for _ in 0..3 {
        scenario.pass(CENTURY);
        assert_eq!(scenario.demand(), Action::Use);
    }
    assert_eq!(scenario.cacheable_until(), Some(Moment::NEVER));
    assert_eq!(scenario.reject(), Action::Start);
}

#[test]
fn e5_default_lifetime_replaces_an_unknown_one_only() {
    let mut scenario = Scenario::with(Policy {
        default_lifetime: Some(secs(50)),
        ..scenario::POLICY
    });
    assert_eq!(scenario.demand(), Action::Start);
    scenario.obtain_new_for(None);
    assert_eq!(scenario.cacheable_until(), Some(at(40)));

    let mut scenario = scenario.after(secs(50));
    assert_eq!(scenario.demand(), Action::Start);
    scenario.obtain_new_for(Some(secs(100)));
    assert_eq!(scenario.cacheable_until(), Some(at(130)));
}

#[test]
fn t5_no_lifetime_overflows() {
    for stated in [LONGEST, Duration::from_secs(u64::MAX), Duration::MAX] {
        for obtained_at in [at(0), at(1 << 33), Moment::NEVER] {
            let lifetime = Lifetime::new(obtained_at, Duration::ZERO, stated, LEEWAY, 0.5);
            assert_eq!(lifetime.expires, Moment::NEVER);
            assert!(lifetime.due <= lifetime.within_leeway);
        }
    }
}

#[test]
fn t9_lifetime_is_counted_from_before_its_request_was_sent() {
    let slow = Lifetime::new(at(19), secs(9), secs(100), LEEWAY, 0.0);
    assert_eq!(slow.due, at(90));
    assert_eq!(slow.within_leeway, at(100));
    assert_eq!(slow.expires, at(110));
}

#[test]
fn t9_machine_counts_a_lifetime_from_its_request() {
    let mut scenario = Scenario::acquiring().after(secs(9));
    scenario.obtain_new();
    assert_eq!(scenario.cacheable_until(), Some(at(80)));
}
