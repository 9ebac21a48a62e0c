//! L6: what `MetricsObserver` counts of a store.

use alf_core::MetricsObserver;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use crate::clients::{renew, start};
use crate::fleet::{Fleet, key, seconds};
use crate::store::Mode;

#[test]
fn l6_what_happens_with_a_store_is_counted() {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        let mut fleet = Fleet::new();
        let mut instance =
            || fleet.instance_with(key(7), |builder| builder.observer(MetricsObserver::new()));
        let (first, second) = (instance(), instance());
        let (one, other) = (start(&fleet, &first), start(&fleet, &second));
        fleet.run_until(seconds(2));
        drop((one, other));
        assert_eq!(fleet.requests(), 1);
        assert_eq!(
            counted(&snapshotter),
            [
                "alf.store.in_trouble{} 0",
                "alf.store.leases.conflicts{} 1",
                "alf.store.leases.taken{} 1",
                "alf.store.tokens.taken{} 1",
                "alf.token.renewals{success} 2",
                "alf.token.requests{success} 1",
            ]
        );
        fleet.store.set(Mode::Fails);
        renew(&fleet, &first);
        assert!(counted(&snapshotter).contains(&"alf.store.in_trouble{} 1".to_owned()));
        fleet.run_until(seconds(4));
        fleet.store.set(Mode::Works);
        fleet.run_until(seconds(40));
        renew(&fleet, &first);
        fleet.run_until(seconds(42));
        // One less than 1: a snapshot sets the gauge to 0.
        assert!(counted(&snapshotter).contains(&"alf.store.in_trouble{} -1".to_owned()));
        fleet.store.set(Mode::Fails);
        renew(&fleet, &first);
        assert!(counted(&snapshotter).contains(&"alf.store.in_trouble{} 1".to_owned()));
        // A client that no longer exists is not in trouble.
        drop((fleet, first, second));
        assert!(counted(&snapshotter).contains(&"alf.store.in_trouble{} -1".to_owned()));
    });
}

/// The counters above 0, and the gauge of the store's trouble.
fn counted(snapshotter: &Snapshotter) -> Vec<String> {
    let metrics = snapshotter.snapshot().into_vec();
    let mut lines: Vec<_> = metrics
        .into_iter()
        .filter_map(|(key, _, _, value)| {
            let name = key.key().name();
            let value = match value {
                DebugValue::Counter(count) if count > 0 => count.to_string(),
                DebugValue::Gauge(value) if name == "alf.store.in_trouble" => value.to_string(),
                DebugValue::Counter(_) | DebugValue::Gauge(_) | DebugValue::Histogram(_) => {
                    return None;
                }
            };
            let outcome = key.key().labels().next().map_or("", |label| label.value());
            Some(format!("{name}{{{outcome}}} {value}"))
        })
        .collect();
    lines.sort();
    lines
}
