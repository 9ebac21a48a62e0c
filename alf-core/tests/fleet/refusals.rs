//! An instance is refused: with a store, it sends no more token requests than without one (D11, D15).

use crate::clients::call;
use crate::fleet::{Fleet, Instance, seconds};
use crate::server::Secret;
use crate::store::Mode;

/// Without a store: one acquisition at 0, 1, 3, 7, 15, 31, 63, 123, 183 and 243 s.
const ACQUISITIONS: usize = 10;

#[test]
fn d11_credentials_that_are_new_at_each_read_cost_no_further_requests() {
    let requests = |choose: fn(&mut Fleet) -> Instance| {
        let mut fleet = Fleet::new();
        let instances: Vec<_> = (0..3).map(|_| choose(&mut fleet)).collect();
        fleet.give(Secret::New, 0..3);
        call_every_second(&fleet, &instances, |_| {});
        fleet.requests()
    };
    // B3: each acquisition makes two attempts.
    let alone = requests(Fleet::instance_without_store);
    assert_eq!(alone, 3 * 2 * ACQUISITIONS);
    let shared = requests(Fleet::instance);
    assert!(shared <= alone, "{shared}");
}

#[test]
fn d11_a_store_that_fails_at_times_costs_no_further_requests() {
    let mut fleet = Fleet::new();
    let instance = fleet.instance();
    fleet.give(Secret::Wrong, [0]);
    call_every_second(&fleet, &[instance], |second| {
        fleet.store.set(if second % 20 < 10 {
            Mode::Works
        } else {
            Mode::Fails
        });
    });
    assert!(
        fleet.requests() <= ACQUISITIONS,
        "{:?}",
        fleet.request_times()
    );
}

/// For 300 s. `before` is called with the second.
fn call_every_second(fleet: &Fleet, instances: &[Instance], before: impl Fn(u64)) {
    for second in 0..300 {
        fleet.run_until(seconds(second).max(fleet.runtime.time().elapsed()));
        before(second);
        for instance in instances {
            call(fleet, &instance.tokens).unwrap_err();
        }
    }
}
