//! Long random sequences of events at random times break no rule.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::model::{CheckedMachine, Event, ORIGINS, SentToken};
use super::*;

/// From a nanosecond to a day, as often short as long.
fn times() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (0_u64..2_000_000_000).prop_map(Duration::from_nanos),
        (0_u64..20_000).prop_map(millis),
        (0_u64..86_400).prop_map(secs),
    ]
}

fn lifetimes() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(Duration::ZERO)),
        1 => Just(Some(secs(1 << 63))),
        4 => (0_u64..10_000).prop_map(|time| Some(millis(time))),
        4 => (0_u64..4000).prop_map(|time| Some(secs(time))),
    ]
}

fn policies() -> impl Strategy<Value = Policy> {
    (times(), prop::option::of(times()), times()).prop_map(
        |(leeway, default_lifetime, acquisition_timeout)| Policy {
            leeway,
            default_lifetime,
            acquisition_timeout: acquisition_timeout.max(secs(1)),
        },
    )
}

fn events() -> impl Strategy<Value = Event> {
    let which = || prop_oneof![3 => Just(SentToken::Held), 1 => Just(SentToken::Older)];
    let outcome = prop_oneof![
        Just(ReplayOutcome::Accepted),
        Just(ReplayOutcome::RejectedAgain)
    ];
    let retry_after = prop_oneof![2 => Just(Duration::ZERO), 1 => times()];
    prop_oneof![
        6 => times().prop_map(Event::Pass),
        6 => Just(Event::Demand),
        4 => (which(), 0..ORIGINS).prop_map(|(which, origin)| Event::Reject(which, origin)),
        1 => (0..ORIGINS).prop_map(Event::RejectEarly),
        2 => (which(), 0..ORIGINS).prop_map(|(which, origin)| Event::Accept(which, origin)),
        1 => Just(Event::AttemptFailure),
        3 => (lifetimes(), 0.0..1.0)
            .prop_map(|(states, jitter)| Event::ObtainNew { states, jitter }),
        2 => (lifetimes(), 0.0..1.0)
            .prop_map(|(states, jitter)| Event::ObtainSame { states, jitter }),
        2 => (retry_after, any::<bool>()).prop_map(|(retry_after, is_transient)| {
            Event::Fail(if is_transient {
                Failure::Transient { retry_after }
            } else {
                Failure::Permanent { retry_after }
            })
        }),
        1 => Just(Event::FailAlone(Failure::PERMANENT)),
        1 => Just(Event::Abort),
        1 => Just(Event::EndLate),
        2 => (which(), 0..ORIGINS, outcome)
            .prop_map(|(which, origin, outcome)| Event::Replayed(which, origin, outcome)),
    ]
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(256) })]

    #[test]
    fn no_rule_is_broken_at_random_times(
        policy in policies(),
        events in prop::collection::vec(events(), 1..120),
    ) {
        let mut machine = CheckedMachine::new(policy);
        for event in &events {
            if let Err(rule) = machine.step(event) {
                return Err(TestCaseError::fail(rule));
            }
        }
    }

    #[test]
    fn x5_every_acquisition_ends(
        timeout in 1_u64..60_000,
        after_failure: bool,
        failures in prop::collection::vec((0_u64..2000, 0_u64..500), 100..200),
    ) {
        let deadline = at(0) + millis(timeout);
        let claim = Claim { target: TargetId(0), id: AcquisitionId(1), deadline };
        let mut breaker = Breaker::new();
        let mut now = at(0);
        if after_failure {
            let earlier = Claim { target: TargetId(1), id: AcquisitionId(1), deadline };
            breaker.acquisition_failed(now, earlier, &Failure::TRANSIENT, |_| ());
        }
        let mut stopped = false;
        for (retry_after, takes) in failures {
            now = now + millis(takes);
            let retry_at = breaker.attempt_failed(now, claim, millis(retry_after), 0.0, ());
            let Some(retry_at) = retry_at else {
                stopped = true;
                break;
            };
            prop_assert!(now <= retry_at && retry_at < deadline, "S5: within the deadline");
            now = retry_at;
        }
        prop_assert!(stopped || now < deadline);
    }
}
