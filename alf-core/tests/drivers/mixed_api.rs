//! R6: an API that always answers 401 to some requests, and accepts the others.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use alf_core::Client;

use crate::support::{API, Api, ApiCall, ApiRequest, ApiResponse, Harness, millis, seconds};

/// A client of an API that always rejects the path `/b`. All tokens before a number are revoked.
struct Mixed {
    harness: Harness,
    client: Client<Api>,
    valid_from: Arc<AtomicUsize>,
}

impl Mixed {
    fn new() -> Self {
        let harness = Harness::new();
        let valid_from = Arc::new(AtomicUsize::new(0));
        let script = Arc::clone(&valid_from);
        harness.api.answers(move |sent| {
            if sent.path == "/b" || sent.token_number() < script.load(Ordering::Relaxed) {
                ApiResponse::rejection()
            } else {
                ApiResponse::status_of(200)
            }
        });
        Self {
            client: harness.client(),
            harness,
            valid_from,
        }
    }

    fn revoke(&self) {
        let issued = self.harness.endpoint.requests();
        self.valid_from.store(issued + 1, Ordering::Relaxed);
    }

    fn status_of(&self, request: ApiRequest) -> u16 {
        self.harness
            .send_now(&self.client, request)
            .unwrap()
            .status()
    }

    /// Nine calls that the API accepts, and one that it always rejects, 100 ms apart.
    fn send_ten(&self, rejected: &ApiRequest) {
        for _ in 0..9 {
            assert_eq!(self.status_of(good()), 200);
            self.harness.advance(millis(100));
        }
        assert_eq!(self.status_of(rejected.clone()), 401);
        self.harness.advance(millis(100));
    }
}

fn good() -> ApiRequest {
    ApiRequest::get(API)
}

fn bad() -> ApiRequest {
    ApiRequest::get(&format!("{API}/b"))
}

/// Workers that send calls side by side: nine good ones, then a bad one. Each call takes 50 ms, and they are answered in a
/// random order.
struct Workers<'a> {
    mixed: &'a Mixed,
    /// How many calls each worker has sent.
    sent: Vec<usize>,
    random: fastrand::Rng,
}

impl<'a> Workers<'a> {
    fn new(mixed: &'a Mixed, sent: Vec<usize>) -> Self {
        let random = fastrand::Rng::with_seed(7);
        Self {
            mixed,
            sent,
            random,
        }
    }

    /// Each worker sends a call. Returns the statuses of the good ones.
    fn send(&mut self) -> Vec<u16> {
        let Mixed {
            harness, client, ..
        } = self.mixed;
        let mut answers: Vec<_> = self.sent.iter().map(|_| harness.api.hold()).collect();
        let mut calls: Vec<(bool, ApiCall)> = Vec::new();
        for sent in &mut self.sent {
            *sent += 1;
            let is_good = *sent % 10 != 0;
            let request = if is_good { good() } else { bad() };
            calls.push((is_good, harness.send(client, request)));
        }
        harness.advance(millis(50));
        self.random.shuffle(&mut answers);
        for answer in answers {
            drop(answer);
            harness.runtime.run_until_stalled();
        }
        let good = calls.into_iter().filter(|(is_good, _)| *is_good);
        good.map(|(_, mut call)| call.take().unwrap().unwrap().status())
            .collect()
    }

    fn send_for(&mut self, time: Duration) {
        for _ in 0..time.as_millis() / 50 {
            let statuses = self.send();
            assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
        }
    }
}

/// At the same moment, one after another, and at random.
fn schedules() -> [Vec<usize>; 3] {
    let mut random = fastrand::Rng::with_seed(7);
    [
        vec![0; 10],
        (0..10).collect(),
        (0..10).map(|_| random.usize(0..10)).collect(),
    ]
}

#[test]
fn r6_accepted_requests_hide_no_load_of_an_api_that_rejects_some() {
    for rejected in [bad(), bad().streaming()] {
        let mixed = Mixed::new();
        for _ in 0..40 {
            mixed.send_ten(&rejected);
        }
        let requests = mixed.harness.endpoint.requests();
        assert!(requests <= 8, "{rejected:?}: {requests} in 40 s");
    }
}

#[test]
fn r6_accepted_requests_of_ten_workers_hide_no_load() {
    for schedule in schedules() {
        let mixed = Mixed::new();
        let mut workers = Workers::new(&mixed, schedule.clone());
        workers.send_for(seconds(40));
        let requests = mixed.harness.endpoint.requests();
        assert!(requests <= 8, "{schedule:?}: {requests} in 40 s");
    }
}

#[test]
fn r6_revocation_in_a_cool_down_is_repaired_within_a_second() {
    let mixed = Mixed::new();
    for _ in 0..20 {
        mixed.send_ten(&bad());
    }
    assert_eq!(mixed.status_of(good()), 200);
    let requests = mixed.harness.endpoint.requests();
    mixed.revoke();
    let statuses: Vec<_> = (0..10)
        .map(|_| {
            mixed.harness.advance(millis(100));
            mixed.status_of(good())
        })
        .collect();
    assert_eq!(statuses, [401, 401, 200, 200, 200, 200, 200, 200, 200, 200]);
    assert_eq!(mixed.harness.endpoint.requests(), requests + 1);
}

#[test]
fn r6_revocation_in_a_cool_down_is_repaired_within_a_second_for_ten_workers() {
    for schedule in schedules() {
        let mixed = Mixed::new();
        let mut workers = Workers::new(&mixed, schedule.clone());
        workers.send_for(seconds(20));
        mixed.revoke();
        for _ in 0..20 {
            workers.send();
        }
        workers.send_for(seconds(5));
    }
}

#[test]
fn r6_rejections_of_requests_side_by_side_are_no_revocation() {
    let mixed = Mixed::new();
    let Mixed {
        harness, client, ..
    } = &mixed;
    mixed.status_of(bad());
    mixed.status_of(good());
    let requests = harness.endpoint.requests();
    let answers: Vec<_> = (0..20).map(|_| harness.api.hold()).collect();
    let calls: Vec<_> = (0..20).map(|_| harness.send(client, bad())).collect();
    drop(answers);
    harness.runtime.run_until_stalled();
    assert!(calls.iter().all(ApiCall::is_finished));
    assert_eq!(harness.endpoint.requests(), requests);
}

#[test]
fn r6_answers_of_a_server_in_trouble_hide_no_load() {
    for status in [429, 500, 503] {
        let harness = Harness::new();
        let client = harness.client();
        let sent = AtomicUsize::new(0);
        harness.api.answers(move |_| {
            let is_rejected = sent.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
            if is_rejected {
                ApiResponse::rejection()
            } else {
                ApiResponse::status_of(status)
            }
        });
        for _ in 0..400 {
            harness.get_now(&client);
            harness.advance(millis(100));
        }
        let requests = harness.endpoint.requests();
        assert!(requests <= 8, "{status}: {requests} in 40 s");
    }
}
