//! B1, B2: which acquisition makes the next attempt, and when.

use super::*;

/// The deadline of each acquisition, unless a test sets another one.
fn deadline() -> Moment {
    at(10)
}

/// Acquisitions of one client, one for each target.
struct Acquisitions {
    breaker: Breaker<u32>,
    now: Moment,
    /// The error of the next failure.
    error: u32,
}

impl Acquisitions {
    fn new() -> Self {
        Self {
            breaker: Breaker::new(),
            now: at(0),
            error: 0,
        }
    }

    /// An attempt of the first acquisition has failed, and the pause is 100 ms.
    fn in_trouble() -> Self {
        let mut acquisitions = Self::new();
        assert_eq!(acquisitions.request(0), Permit::Granted);
        acquisitions.attempt_failed(0);
        acquisitions
    }

    fn request(&mut self, target: u64) -> Permit<u32> {
        self.request_until(target, deadline())
    }

    fn request_until(&mut self, target: u64, deadline: Moment) -> Permit<u32> {
        let claim = claim_until(target, deadline);
        self.breaker.request(self.now, claim, Exclusivity::Shared)
    }

    fn request_exclusively(&mut self, target: u64) -> Permit<u32> {
        self.breaker
            .request(self.now, claim(target), Exclusivity::Exclusive)
    }

    /// Its attempt fails. Returns when it may make the next one.
    fn attempt_failed(&mut self, target: u64) -> Option<Moment> {
        self.attempt_failed_with(target, Duration::ZERO, 1.0)
    }

    fn attempt_failed_with(
        &mut self,
        target: u64,
        retry_after: Duration,
        jitter: f64,
    ) -> Option<Moment> {
        self.error += 1;
        let (now, error) = (self.now, self.error);
        self.breaker
            .attempt_failed(now, claim(target), retry_after, jitter, error)
    }

    /// The acquisition fails. Returns the end of the back-off.
    fn fail(&mut self, target: u64, failure: Failure) -> Moment {
        self.error += 1;
        let (now, error) = (self.now, self.error);
        let mut end = now;
        self.breaker
            .acquisition_failed(now, claim(target), &failure, |until| {
                end = until;
                error
            });
        end
    }

    fn succeed(&mut self, target: u64) {
        self.breaker.succeeded(self.now, claim(target));
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    /// The pauses of one acquisition whose attempts fail at once, until the last one before its deadline.
    fn pauses(&mut self, jitter: f64) -> Vec<u64> {
        let started_at = self.now;
        let claim = claim_until(0, started_at + secs(10));
        let mut pauses = Vec::new();
        loop {
            let permit = self.breaker.request(self.now, claim, Exclusivity::Shared);
            assert_eq!(permit, Permit::Granted);
            let Some(retry_at) =
                self.breaker
                    .attempt_failed(self.now, claim, Duration::ZERO, jitter, 0)
            else {
                return pauses;
            };
            let pause = retry_at.saturating_since(self.now);
            pauses.push(u64::try_from(pause.as_millis()).unwrap());
            self.now = retry_at;
            assert!(pauses.len() < 100, "it does not end");
        }
    }
}

fn claim(target: u64) -> Claim {
    claim_until(target, deadline())
}

fn claim_until(target: u64, deadline: Moment) -> Claim {
    let target = TargetId(target);
    let id = AcquisitionId(1);
    Claim {
        target,
        id,
        deadline,
    }
}

fn wait(until: Moment) -> Permit<u32> {
    Permit::Wait { until }
}

fn transient_for(retry_after: Duration) -> Failure {
    Failure::Transient { retry_after }
}

#[test]
fn b1_pauses_are_100_ms_doubling_to_1_s_until_the_deadline() {
    let mut expected = vec![100, 200, 400, 800];
    expected.extend([1000; 8]);
    assert_eq!(Acquisitions::new().pauses(1.0), expected);
}

#[test]
fn b1_jitter_multiplies_each_pause_by_0_8_to_1_0() {
    assert_eq!(
        Acquisitions::new().pauses(0.0)[..6],
        [80, 160, 320, 640, 800, 800]
    );
}

#[test]
fn b2_pauses_of_an_acquisition_after_a_failed_one_are_1_s_to_4_s() {
    for (jitter, pauses) in [
        (1.0, [1000, 2000, 4000].as_slice()),
        (0.0, &[800, 1600, 3200, 3200]),
    ] {
        let mut acquisitions = Acquisitions::new();
        acquisitions.now = acquisitions.fail(0, Failure::TRANSIENT);
        assert_eq!(acquisitions.pauses(jitter), pauses);
    }
}

#[test]
fn b1_retry_after_only_lengthens_a_pause() {
    for (retry_after, pause) in [
        (millis(0), millis(100)),
        (millis(50), millis(100)),
        (secs(3), secs(3)),
    ] {
        let mut acquisitions = Acquisitions::new();
        let retry_at = acquisitions.attempt_failed_with(0, retry_after, 1.0);
        assert_eq!(retry_at, Some(at(0) + pause), "{retry_after:?}");
    }
}

#[test]
fn b1_pause_that_reaches_the_deadline_ends_the_acquisition() {
    for (retry_after, retry_at) in [
        (millis(9999), Some(at(0) + millis(9999))),
        (secs(10), None),
        (secs(3600), None),
        (Duration::MAX, None),
    ] {
        let mut acquisitions = Acquisitions::new();
        assert_eq!(
            acquisitions.attempt_failed_with(0, retry_after, 1.0),
            retry_at,
            "{retry_after:?}"
        );
    }
}

#[test]
fn s5_no_attempt_starts_at_or_after_the_deadline() {
    for now in [at(10), at(11), Moment::NEVER] {
        let mut acquisitions = Acquisitions::new();
        acquisitions.now = now;
        assert_eq!(acquisitions.attempt_failed(0), None);
        let mut acquisitions = Acquisitions::in_trouble();
        acquisitions.now = now;
        assert_eq!(acquisitions.request(0), Permit::TooLate);
    }
}

#[test]
fn s1_all_acquisitions_may_make_attempts_while_the_server_is_healthy() {
    let mut acquisitions = Acquisitions::new();
    for target in [0, 1, 2, 0] {
        assert_eq!(acquisitions.request(target), Permit::Granted);
    }
}

#[test]
fn b2_one_attempt_at_a_time_in_trouble_for_the_target_that_has_waited_longest() {
    let mut acquisitions = Acquisitions::in_trouble();
    let next_at = at(0) + millis(100);
    assert_eq!(acquisitions.request(1), wait(next_at));
    // The others are notified when the next one has made its attempt.
    assert_eq!(acquisitions.request(2), wait(deadline()));
    assert_eq!(acquisitions.request(0), wait(deadline()));
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.request(2), wait(deadline()));
    assert_eq!(acquisitions.request(1), Permit::Granted);
    assert_eq!(
        acquisitions.request(1),
        Permit::Granted,
        "it has the permit until its attempt ends"
    );
    assert_eq!(acquisitions.request(2), wait(deadline()));
    acquisitions.attempt_failed(1);
    let next_at = acquisitions.now + millis(200);
    assert_eq!(acquisitions.request(1), wait(deadline()));
    assert_eq!(acquisitions.request(2), wait(next_at));
    acquisitions.pass(millis(200));
    assert_eq!(acquisitions.request(2), Permit::Granted);
}

#[test]
fn b1_pauses_double_for_all_targets_together() {
    let mut acquisitions = Acquisitions::in_trouble();
    for (target, pause) in [(1, 100), (0, 200), (1, 400), (0, 800), (1, 1000), (0, 1000)] {
        assert_eq!(
            acquisitions.request(target),
            wait(acquisitions.now + millis(pause))
        );
        acquisitions.pass(millis(pause));
        assert_eq!(acquisitions.request(target), Permit::Granted);
        acquisitions.attempt_failed(target);
    }
}

#[test]
fn b1_attempts_that_were_under_way_are_the_same_failure() {
    let mut acquisitions = Acquisitions::new();
    for target in [0, 1, 2] {
        assert_eq!(acquisitions.request(target), Permit::Granted);
    }
    for target in [0, 1, 2] {
        assert_eq!(
            acquisitions.attempt_failed(target),
            Some(at(0) + millis(100))
        );
    }
    assert_eq!(acquisitions.request(0), wait(at(0) + millis(100)));
}

#[test]
fn b1_retry_after_holds_for_every_target() {
    let mut acquisitions = Acquisitions::new();
    acquisitions.attempt_failed_with(0, secs(3), 1.0);
    assert_eq!(acquisitions.request(1), wait(at(3)));
    // It was under way then, and was asked to wait for longer.
    acquisitions.attempt_failed_with(2, secs(4), 1.0);
    assert_eq!(acquisitions.request(1), wait(at(4)));
}

#[test]
fn b1_acquisition_that_may_make_no_attempt_before_its_deadline_ends() {
    let mut acquisitions = Acquisitions::new();
    acquisitions.attempt_failed_with(0, secs(9), 1.0);
    assert_eq!(acquisitions.request_until(1, at(9)), Permit::TooLate);
}

#[test]
fn b2_success_permits_attempts_for_all_targets() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.request(1);
    acquisitions.request(2);
    acquisitions.succeed(0);
    assert_eq!(acquisitions.breaker.health(at(0)), Health::Healthy);
    assert_eq!(acquisitions.request(2), Permit::Granted);
    assert_eq!(acquisitions.request(1), Permit::Granted);
    // And the pauses start again.
    acquisitions.attempt_failed(1);
    assert_eq!(acquisitions.request(2), wait(at(0) + millis(100)));
}

#[test]
fn s5_success_past_its_deadline_ends_no_trouble() {
    let mut acquisitions = Acquisitions::new();
    assert_eq!(acquisitions.request(0), Permit::Granted);
    acquisitions.fail(1, transient_for(secs(60)));
    acquisitions.now = deadline();
    acquisitions.succeed(0);
    let health = acquisitions.breaker.health(deadline());
    let until = at(60);
    assert_eq!(health, Health::BackingOff { until, error: 1 });
}

#[test]
fn b2_permanent_failure_ends_the_acquisitions_that_ask_before_the_back_off_ends() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.request(1);
    assert_eq!(acquisitions.fail(0, Failure::PERMANENT), at(1));
    assert_eq!(acquisitions.request(1), Permit::Refused(2));
    assert_eq!(acquisitions.request(2), Permit::Refused(2));
    // One that asks after the back-off goes on.
    acquisitions.pass(secs(1));
    assert_eq!(acquisitions.request(3), Permit::Granted);
    // The pauses of acquisitions after one that failed are longer.
    acquisitions.attempt_failed(3);
    assert_eq!(acquisitions.request(3), wait(at(2)));
    acquisitions.succeed(3);
    assert_eq!(acquisitions.request(1), Permit::Granted);
}

#[test]
fn b1_acquisition_under_way_goes_on_after_the_back_off_of_a_transient_failure() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.request(1);
    assert_eq!(acquisitions.fail(0, transient_for(secs(5))), at(5));
    assert_eq!(acquisitions.request(1), wait(at(5)));
    acquisitions.now = at(5);
    assert_eq!(acquisitions.request(1), Permit::Granted);
    // One whose deadline comes before the end of the back-off fails.
    assert_eq!(acquisitions.fail(1, transient_for(secs(5))), deadline());
    assert_eq!(acquisitions.request(2), Permit::Refused(3));
}

#[test]
fn b2_failures_of_acquisitions_under_way_when_a_back_off_starts_are_the_same_failure() {
    let mut acquisitions = Acquisitions::new();
    assert_eq!(acquisitions.fail(0, transient_for(secs(5))), at(5));
    assert_eq!(acquisitions.fail(1, Failure::TRANSIENT), at(5));
    assert_eq!(acquisitions.request(2), wait(at(5)));
    acquisitions.now = at(5);
    assert_eq!(
        acquisitions.fail(2, Failure::TRANSIENT),
        at(5 + 2),
        "the second one, not the third"
    );
}

#[test]
fn b2_refusal_in_an_outage_is_another_failure_and_the_longer_back_off_holds() {
    let mut acquisitions = Acquisitions::new();
    assert_eq!(acquisitions.fail(0, transient_for(secs(5))), at(5));
    assert_eq!(acquisitions.fail(1, Failure::PERMANENT), at(5));
    assert_eq!(acquisitions.request(2), Permit::Refused(2));
    // And an outage after a refusal is not.
    assert_eq!(acquisitions.fail(3, Failure::TRANSIENT), at(5));
    assert_eq!(acquisitions.request(2), Permit::Refused(2));
}

#[test]
fn b2_target_whose_latest_probe_is_longest_ago_is_next_whichever_acquisition_asks() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.request(0), Permit::Granted);
    acquisitions.attempt_failed(0);
    let next_at = acquisitions.now + millis(200);
    assert_eq!(acquisitions.request(0), wait(next_at));
    // Another target that was never probed is before it, though it comes later.
    assert_eq!(acquisitions.request(1), wait(next_at));
    // Its acquisition ends without an attempt; the next one of the same target is before it again.
    acquisitions.breaker.leave(claim(1));
    assert_eq!(acquisitions.request_until(1, at(11)), wait(next_at));
    assert_eq!(acquisitions.request(0), wait(at(11)));
}

#[test]
fn s4_acquisition_that_leaves_releases_its_permit() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.request(0), Permit::Granted);
    acquisitions.request(1);
    acquisitions.request(2);
    acquisitions.breaker.leave(claim(1));
    acquisitions.breaker.leave(claim(0));
    assert_eq!(acquisitions.request(2), Permit::Granted);
}

#[test]
fn s5_acquisition_past_its_deadline_delays_no_other() {
    let mut acquisitions = Acquisitions::in_trouble();
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.request(0), Permit::Granted);
    acquisitions.request(1);
    assert_eq!(acquisitions.request_until(2, at(20)), wait(deadline()));
    acquisitions.now = deadline();
    assert_eq!(acquisitions.request_until(2, at(20)), Permit::Granted);
    assert_eq!(acquisitions.request(1), Permit::TooLate);
}

#[test]
fn t10_one_acquisition_reads_the_metadata_for_all() {
    let mut acquisitions = Acquisitions::new();
    assert_eq!(acquisitions.request_exclusively(0), Permit::Granted);
    assert_eq!(acquisitions.request_exclusively(1), wait(deadline()));
    // It has found out, and is still under way.
    acquisitions.breaker.end_exclusivity(claim(0));
    assert_eq!(acquisitions.request(2), Permit::Granted);
    assert_eq!(acquisitions.request(1), Permit::Granted);
    // In trouble it keeps its permit.
    acquisitions.attempt_failed(2);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.request(3), Permit::Granted);
    acquisitions.breaker.end_exclusivity(claim(3));
    assert_eq!(acquisitions.request(1), wait(deadline()));
}

#[test]
fn b2_latest_failure_is_known_until_a_success() {
    let mut acquisitions = Acquisitions::in_trouble();
    assert_eq!(acquisitions.breaker.latest_failure(), Some(&(at(0), 1)));
    assert_eq!(acquisitions.breaker.health(at(0)), Health::Troubled);
    acquisitions.pass(secs(2));
    acquisitions.fail(1, Failure::TRANSIENT);
    assert_eq!(acquisitions.breaker.latest_failure(), Some(&(at(2), 2)));
    let until = at(3);
    let health = acquisitions.breaker.health(at(2));
    assert_eq!(health, Health::BackingOff { until, error: 2 });
    assert_eq!(acquisitions.breaker.health(until), Health::Troubled);
    acquisitions.succeed(2);
    assert_eq!(acquisitions.breaker.latest_failure(), None);
}

/// After any events in any order: one attempt at a time, not before the pause ends, and one for each target in the end.
#[test]
fn b2_one_target_is_probed_at_a_time_and_each_in_the_end() {
    const COUNT: u64 = 5;
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut acquisitions = Acquisitions::in_trouble();
        let far = at(10_000);
        let mut probing: Option<u64> = None;
        let mut failed_at = at(0);
        let mut probes = [0_u32; 5];
        for _ in 0..400 {
            let target = random.u64(..COUNT);
            let claim = claim_until(target, far);
            if probing == Some(target) {
                if random.bool() {
                    let now = acquisitions.now;
                    acquisitions
                        .breaker
                        .attempt_failed(now, claim, Duration::ZERO, 1.0, 0);
                    failed_at = now;
                } else {
                    acquisitions.breaker.leave(claim);
                }
                probing = None;
            } else {
                match acquisitions.request_until(target, far) {
                    Permit::Granted => {
                        assert_eq!(probing, None, "seed {seed}");
                        assert!(failed_at + millis(100) <= acquisitions.now, "seed {seed}");
                        probing = Some(target);
                        probes[usize::try_from(target).unwrap()] += 1;
                    }
                    Permit::Wait { until } => assert!(acquisitions.now < until, "seed {seed}"),
                    permit @ (Permit::Refused(_) | Permit::TooLate) => {
                        panic!("seed {seed}: {permit:?}")
                    }
                }
            }
            acquisitions.pass(millis(random.u64(..500)));
        }
        let [least, most] = [probes.iter().min(), probes.iter().max()].map(Option::unwrap);
        assert!(*least > 0, "seed {seed}: {probes:?}");
        assert!(*most <= 6 * least, "seed {seed}: {probes:?}");
    }
}

#[test]
fn b2_retry_after_of_acquisitions_under_way_lengthens_the_back_off_and_does_not_double_it() {
    let mut acquisitions = Acquisitions::new();
    let refused = Failure::Permanent {
        retry_after: secs(30),
    };
    let start = acquisitions.now;
    for target in 0..10 {
        let end = acquisitions.fail(target, refused);
        // Each is answered 10 ms after the one before.
        assert_eq!(end, start + secs(30) + millis(10 * target), "{target}");
        acquisitions.pass(millis(10));
    }
    // Without a header, the next back-off is the second one: 2 s.
    acquisitions.pass(secs(40));
    let end = acquisitions.fail(10, Failure::PERMANENT);
    assert_eq!(end, acquisitions.now + secs(2));
}
