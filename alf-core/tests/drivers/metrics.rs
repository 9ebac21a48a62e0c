//! L6: what `MetricsObserver` counts.

use std::time::{Duration, UNIX_EPOCH};

use alf_core::{Client, MetricsObserver, Observer, Runtime};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

use crate::support::{
    ACQUIRE_TIMEOUT, API, Api, ApiRequest, ApiResponse, CLIENT_ID, DUE, Harness, LIFETIME, Reply,
    SECRET, millis, seconds,
};

/// What was counted while a client was used, one metric a line. A counter of 0 is left out.
fn counted(use_client: impl FnOnce(&Harness, &Client<Api>)) -> Vec<String> {
    counted_by(|_| MetricsObserver::new(), use_client)
}

fn counted_by<O: Observer>(
    observer: impl FnOnce(&Harness) -> O,
    use_client: impl FnOnce(&Harness, &Client<Api>),
) -> Vec<String> {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, || {
        let harness = Harness::new();
        let builder = harness.builder().client_secret(CLIENT_ID, SECRET);
        let client = harness.build(builder.observer(observer(&harness)));
        use_client(&harness, &client);
    });
    shown(&recorder)
}

fn shown(recorder: &DebuggingRecorder) -> Vec<String> {
    let metrics = recorder.snapshotter().snapshot().into_vec();
    let mut lines: Vec<_> = metrics
        .into_iter()
        .filter_map(|(key, _, _, value)| {
            let labels = key.key().labels();
            let labels: Vec<_> = labels
                .map(|l| format!("{}={}", l.key(), l.value()))
                .collect();
            let value = match value {
                DebugValue::Counter(0) => return None,
                DebugValue::Counter(count) => count.to_string(),
                // No client has trouble with a store here.
                DebugValue::Gauge(value) if value.0 == 0.0 => return None,
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(values) => format!("{values:?}"),
            };
            Some(format!(
                "{}{{{}}} {value}",
                key.key().name(),
                labels.join(",")
            ))
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn l6_each_attempt_and_each_acquisition_is_counted() {
    let metrics = counted(|harness, client| {
        harness
            .endpoint
            .reply_after(millis(200), Reply::status(503));
        harness.endpoint.reply_after(millis(300), Reply::Issue);
        let call = harness.ask(client.tokens());
        harness.advance(seconds(1));
        assert!(call.is_finished());
        harness.advance(DUE);
        harness.endpoint.reply(Reply::Token("token-1", Some(500)));
        harness.get_now(client);
    });
    let expires_at = metrics
        .iter()
        .find(|line| line.starts_with("alf.token.expires_at"));
    assert!(expires_at.is_some(), "{metrics:#?}");
    let others: Vec<_> = metrics
        .iter()
        .filter(|line| Some(*line) != expires_at)
        .collect();
    assert_eq!(
        others,
        [
            "alf.token.expires_in{} 500",
            "alf.token.renewals{outcome=success} 1",
            "alf.token.renewals{outcome=unchanged} 1",
            "alf.token.request.duration{outcome=failure} [0.2]",
            "alf.token.request.duration{outcome=success} [0.3, 0.0]",
            "alf.token.requests{outcome=failure,error.type=503} 1",
            "alf.token.requests{outcome=success} 2",
        ]
    );
}

#[test]
fn l6_expiry_is_in_unix_time() {
    let mut expected = Duration::ZERO;
    let metrics = counted(|harness, client| {
        expected = harness
            .runtime
            .wall_clock()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            + LIFETIME;
        harness.get_now(client);
    });
    let expected = format!("alf.token.expires_at{{}} {}", expected.as_secs_f64());
    assert!(metrics.contains(&expected), "{expected}: {metrics:#?}");
}

#[test]
fn l6_attempt_that_ends_an_acquisition_is_counted_once() {
    // The second target is refused without a request: alf backs off.
    let metrics = counted(|harness, client| {
        harness
            .endpoint
            .otherwise(Reply::refuse(400, "invalid_client"));
        let other = client.with_scope("other");
        for client in [client, &other, client] {
            assert!(harness.send_now(client, ApiRequest::get(API)).is_err());
        }
        assert_eq!(harness.endpoint.requests(), 1);
    });
    let requests = "alf.token.requests{outcome=failure,error.type=invalid_client} 1".to_owned();
    assert!(metrics.contains(&requests), "{metrics:#?}");
    // The deadline comes in the pause after the last attempt, or in the attempt.
    for reply in [Reply::status(503), Reply::Never] {
        let mut attempts = 0;
        let metrics = counted(|harness, client| {
            harness.endpoint.otherwise(reply);
            let call = harness.ask(client.tokens());
            harness.advance(ACQUIRE_TIMEOUT);
            assert!(call.is_finished());
            attempts = harness.endpoint.requests();
        });
        let counted = metrics
            .iter()
            .filter_map(|line| line.strip_prefix("alf.token.requests{"));
        let counted =
            counted.map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap());
        assert_eq!(counted.sum::<usize>(), attempts, "{metrics:#?}");
        let renewals = "alf.token.renewals{outcome=failure} 1".to_owned();
        assert!(metrics.contains(&renewals), "{metrics:#?}");
    }
}

#[test]
fn l6_error_type_is_a_registered_code_a_status_or_a_kind() {
    for (reply, expected) in [
        (Reply::refuse(400, "invalid_scope"), "invalid_scope"),
        (Reply::refuse(400, "our_own_code_17"), "400"),
        (Reply::status(429), "429"),
        (Reply::unreachable(), "connect"),
        (Reply::body("<html>"), "unreadable"),
        (Reply::Never, "timeout"),
    ] {
        let metrics = counted(|harness, client| {
            harness.endpoint.otherwise(reply);
            let call = harness.ask(client.tokens());
            harness.advance(ACQUIRE_TIMEOUT);
            assert!(call.is_finished());
        });
        let start = format!("alf.token.requests{{outcome=failure,error.type={expected}}} ");
        assert!(
            metrics.iter().any(|line| line.starts_with(&start)),
            "{expected}: {metrics:#?}"
        );
        let types = metrics.iter().filter(|line| line.contains("error.type="));
        assert_eq!(types.count(), 1, "{metrics:#?}");
    }
}

#[test]
fn l6_replays_and_returned_rejections_are_counted() {
    let metrics = counted(|harness, client| {
        harness.get_now(client);
        harness.api.revoke("token-1");
        harness.get_now(client);
        harness.api.answers(|_| ApiResponse::rejection());
        harness.get_now(client);
        harness.get_now(client);
        harness.get_now(client);
    });
    for expected in [
        "alf.replays{outcome=accepted} 1",
        "alf.replays{outcome=rejected} 1",
        "alf.rejections.returned{} 2",
    ] {
        assert!(
            metrics.contains(&expected.to_owned()),
            "{expected}: {metrics:#?}"
        );
    }
}

#[test]
fn l6_acquisition_that_is_aborted_is_counted() {
    let metrics = counted(|harness, client| {
        harness.endpoint.reply(Reply::Panic);
        harness.get_now(client);
    });
    for expected in [
        "alf.token.renewals{outcome=aborted} 1",
        "alf.token.renewals{outcome=success} 1",
    ] {
        assert!(
            metrics.contains(&expected.to_owned()),
            "{expected}: {metrics:#?}"
        );
    }
}

#[test]
fn l6_no_label_names_the_client_its_target_or_an_origin_but_the_user_may_add_some() {
    let use_client = |harness: &Harness, client: &Client<Api>| {
        let client = client.with_scope("read");
        harness.get_now(&client);
        harness.api.revoke("token-1");
        harness.get_now(&client);
    };
    let metrics = counted(use_client).join("\n");
    for text in [CLIENT_ID, "auth.example", "api.example", "read"] {
        assert!(!metrics.contains(text), "{text}: {metrics}");
    }
    let observer = |_: &Harness| MetricsObserver::with_labels([("client", "billing")]);
    let metrics = counted_by(observer, use_client);
    assert!(
        metrics.iter().all(|line| line.contains("{client=billing")),
        "{metrics:#?}"
    );
    let replays = "alf.replays{client=billing,outcome=accepted} 1".to_owned();
    assert!(metrics.contains(&replays), "{metrics:#?}");
}

/// In Prometheus, a counter that appears with its first event has no increase then.
#[test]
fn l6_counters_begin_with_0_and_have_a_description() {
    let recorder = DebuggingRecorder::new();
    metrics::with_local_recorder(&recorder, MetricsObserver::new);
    let metrics = recorder.snapshotter().snapshot().into_vec();
    assert!(metrics.len() >= 8, "{metrics:?}");
    for (key, unit, description, value) in metrics {
        let is_zero = match value {
            DebugValue::Counter(count) => count == 0,
            DebugValue::Gauge(value) => value.0 == 0.0,
            DebugValue::Histogram(values) => values.is_empty(),
        };
        assert!(
            is_zero && unit.is_some() && description.is_some(),
            "{key:?}"
        );
    }
}

#[test]
fn l6_two_observers_both_receive_each_event() {
    let mut events = Vec::new();
    let both = |harness: &Harness| (harness.events.clone(), MetricsObserver::new());
    let metrics = counted_by(both, |harness, client| {
        harness.get_now(client);
        events = harness.events.all();
    });
    assert!(!metrics.is_empty());
    assert_eq!(events.len(), 2, "{events:#?}");
}
