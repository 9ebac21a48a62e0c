//! Whose attempt is next (B1, B2).

use super::*;

/// Of every acquisition, unless a test says otherwise.
fn deadline() -> Moment {
    at(10)
}

/// Acquisitions of one client, by their number, and what they may do.
struct Acquisitions {
    turns: Turns,
    now: Moment,
    tickets: Vec<Ticket>,
    /// The last turn of each.
    turns_of: Vec<u64>,
}

impl Acquisitions {
    fn new(count: usize) -> Self {
        let mut turns = Turns::default();
        let tickets: Vec<_> = (0..count).map(|_| turns.ticket()).collect();
        Self {
            turns,
            now: at(0),
            turns_of: vec![0; tickets.len()],
            tickets,
        }
    }

    /// The server is in trouble: the first acquisition has failed once, and waits for 100 ms.
    fn in_trouble(count: usize) -> Self {
        let mut acquisitions = Self::new(count);
        assert_eq!(acquisitions.ask(0), Told::Go);
        acquisitions.attempt_failed(0);
        acquisitions
    }

    fn ask(&mut self, acquisition: usize) -> Told {
        self.ask_until(acquisition, deadline(), false)
    }

    fn ask_until(&mut self, acquisition: usize, deadline: Moment, alone: bool) -> Told {
        let claim = Claim {
            ticket: self.tickets[acquisition],
            deadline,
            last_turn: self.turns_of[acquisition],
            alone,
        };
        match self.turns.ask(self.now, claim) {
            Turn::Go { turn } => {
                self.turns_of[acquisition] = turn;
                Told::Go
            }
            Turn::Wait { until } => Told::Wait(until),
            Turn::Stop => Told::Stop,
            Turn::Fallen => Told::Fallen,
        }
    }

    /// One more acquisition begins; its number.
    fn begin(&mut self) -> usize {
        self.tickets.push(self.turns.ticket());
        self.turns_of.push(0);
        self.tickets.len() - 1
    }

    /// Its attempt fails, and it would try again at once.
    fn attempt_failed(&mut self, acquisition: usize) {
        let ticket = self.tickets[acquisition];
        self.turns.attempt_failed(self.now, ticket, self.now, 1.0);
    }

    fn fail(&mut self, acquisition: usize, failure: Failure, until: Moment) {
        let ticket = self.tickets[acquisition];
        self.turns.failed(ticket, &failure, until);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
    }
}

/// [`Turn`] without the number of the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Go,
    Wait(Moment),
    Stop,
    Fallen,
}

fn wait(until: Moment) -> Told {
    Told::Wait(until)
}

#[test]
fn s1_all_go_while_the_server_is_well() {
    let mut acquisitions = Acquisitions::new(3);
    for acquisition in [0, 1, 2, 0] {
        assert_eq!(acquisitions.ask(acquisition), Told::Go);
    }
}

#[test]
fn b2_one_goes_at_a_time_while_it_is_in_trouble_the_longest_waiting_first() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    let next_at = at(0) + millis(100);
    assert_eq!(acquisitions.ask(1), wait(next_at));
    // Behind the first of the queue: told when that one has gone.
    assert_eq!(acquisitions.ask(2), wait(deadline()));
    assert_eq!(acquisitions.ask(0), wait(deadline()));
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(2), wait(deadline()));
    assert_eq!(acquisitions.ask(1), Told::Go);
    assert_eq!(
        acquisitions.ask(1),
        Told::Go,
        "it has its turn until it is over"
    );
    assert_eq!(acquisitions.ask(2), wait(deadline()));
    acquisitions.attempt_failed(1);
    let next_at = acquisitions.now + millis(200);
    assert_eq!(acquisitions.ask(1), wait(deadline()));
    assert_eq!(acquisitions.ask(2), wait(next_at));
    acquisitions.pass(millis(200));
    assert_eq!(acquisitions.ask(2), Told::Go);
}

#[test]
fn b1_pauses_double_whoever_makes_them() {
    let mut acquisitions = Acquisitions::in_trouble(2);
    for (acquisition, pause) in [(1, 100), (0, 200), (1, 400), (0, 800), (1, 1000), (0, 1000)] {
        assert_eq!(
            acquisitions.ask(acquisition),
            wait(acquisitions.now + millis(pause))
        );
        acquisitions.pass(millis(pause));
        assert_eq!(acquisitions.ask(acquisition), Told::Go);
        acquisitions.attempt_failed(acquisition);
    }
}

#[test]
fn b1_attempts_that_were_under_way_are_the_same_failure() {
    let mut acquisitions = Acquisitions::new(3);
    for acquisition in [0, 1, 2] {
        assert_eq!(acquisitions.ask(acquisition), Told::Go);
    }
    for acquisition in [0, 1, 2] {
        acquisitions.attempt_failed(acquisition);
    }
    assert_eq!(acquisitions.ask(0), wait(at(0) + millis(100)));
}

#[test]
fn b1_longer_pause_that_one_was_asked_for_is_everybodys() {
    let mut acquisitions = Acquisitions::new(2);
    let ticket = acquisitions.tickets[0];
    acquisitions.turns.attempt_failed(at(0), ticket, at(3), 1.0);
    assert_eq!(acquisitions.ask(1), wait(at(3)));
}

#[test]
fn b1_pause_that_reaches_past_its_deadline_ends_an_acquisition() {
    let mut acquisitions = Acquisitions::in_trouble(2);
    let ticket = acquisitions.tickets[0];
    acquisitions
        .turns
        .attempt_failed(at(0), ticket, deadline(), 1.0);
    assert_eq!(acquisitions.ask(1), Told::Stop);
}

#[test]
fn b2_success_lets_all_go() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.ask(1);
    acquisitions.ask(2);
    acquisitions.turns.succeeded(acquisitions.tickets[0]);
    assert_eq!(acquisitions.ask(2), Told::Go);
    assert_eq!(acquisitions.ask(1), Told::Go);
    // And the pauses begin anew.
    acquisitions.attempt_failed(1);
    assert_eq!(acquisitions.ask(2), wait(at(0) + millis(100)));
}

#[test]
fn b2_who_was_under_way_falls_with_an_acquisition_that_failed_and_who_begins_does_not() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.ask(1);
    acquisitions.fail(0, Failure::PERMANENT, at(1));
    assert_eq!(acquisitions.ask(1), Told::Fallen);
    assert_eq!(acquisitions.ask(2), Told::Fallen);
    let later = acquisitions.begin();
    assert_eq!(acquisitions.ask(later), wait(at(1)));
    acquisitions.pass(secs(1));
    assert_eq!(acquisitions.ask(later), Told::Go);
    // The pauses of acquisitions after one that failed are longer.
    acquisitions.attempt_failed(later);
    assert_eq!(acquisitions.ask(later), wait(at(2)));
    // Whoever still is under way after a success has not fallen.
    acquisitions.turns.succeeded(acquisitions.tickets[later]);
    assert_eq!(acquisitions.ask(1), Told::Go);
}

#[test]
fn b2_who_is_still_under_way_after_the_rest_goes_on() {
    let mut acquisitions = Acquisitions::in_trouble(2);
    acquisitions.fail(0, Failure::PERMANENT, at(1));
    acquisitions.now = at(1);
    assert_eq!(acquisitions.ask(1), Told::Go);
}

#[test]
fn b3_who_goes_on_with_other_credentials_has_not_fallen() {
    let mut acquisitions = Acquisitions::in_trouble(2);
    acquisitions.fail(0, Failure::PERMANENT, at(1));
    acquisitions.tickets[1] = acquisitions.turns.renewed(acquisitions.tickets[1]);
    assert_eq!(acquisitions.ask(1), wait(at(1)));
}

#[test]
fn b1_who_is_under_way_goes_on_after_an_acquisition_that_failed_of_what_may_pass() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.ask(1);
    acquisitions.fail(0, Failure::TRANSIENT, at(5));
    assert_eq!(acquisitions.ask(1), wait(at(5)));
    acquisitions.now = at(5);
    assert_eq!(acquisitions.ask(1), Told::Go);
    // But whose time is over by then has failed.
    acquisitions.fail(1, Failure::TRANSIENT, deadline());
    assert_eq!(acquisitions.ask(2), Told::Stop);
    // Those that began before are in the same trouble, not in another.
    let later = acquisitions.begin();
    let has_seen = |acquisition: usize| {
        acquisitions
            .turns
            .has_seen_failure(acquisitions.tickets[acquisition])
    };
    assert!(has_seen(2));
    assert!(!has_seen(later));
}

#[test]
fn b2_rest_that_ends_later_stands() {
    let mut acquisitions = Acquisitions::new(3);
    acquisitions.fail(0, Failure::TRANSIENT, at(5));
    acquisitions.fail(1, Failure::TRANSIENT, at(2));
    assert_eq!(acquisitions.ask(2), wait(at(5)));
}

#[test]
fn b1_last_attempt_of_an_acquisition_makes_a_pause_too() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(1), Told::Go);
    let ticket = acquisitions.tickets[1];
    acquisitions.turns.failed_too(acquisitions.now, ticket, 1.0);
    assert_eq!(acquisitions.ask(2), wait(acquisitions.now + millis(200)));
    // Who had no turn makes none.
    let ticket = acquisitions.tickets[0];
    acquisitions.turns.failed_too(acquisitions.now, ticket, 1.0);
    assert_eq!(acquisitions.ask(2), wait(acquisitions.now + millis(200)));
}

#[test]
fn b2_token_whose_last_turn_is_longest_ago_is_next_whichever_acquisition_asks() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(0), Told::Go);
    acquisitions.attempt_failed(0);
    assert_eq!(acquisitions.ask(0), wait(acquisitions.now + millis(200)));
    // The one that has had no turn is before it, though it comes later.
    assert_eq!(acquisitions.ask(1), wait(acquisitions.now + millis(200)));
    // It ends without one, and the next acquisition of its token has its place.
    acquisitions.turns.leave(acquisitions.tickets[1]);
    let next = acquisitions.begin();
    assert_eq!(acquisitions.ask(next), wait(acquisitions.now + millis(200)));
    assert_eq!(acquisitions.ask(0), wait(deadline()));
}

#[test]
fn s4_acquisition_that_leaves_makes_room() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(0), Told::Go);
    acquisitions.ask(1);
    acquisitions.ask(2);
    acquisitions.turns.leave(acquisitions.tickets[1]);
    acquisitions.turns.leave(acquisitions.tickets[0]);
    assert_eq!(acquisitions.ask(2), Told::Go);
}

#[test]
fn s5_acquisition_past_its_deadline_keeps_nobody_waiting() {
    let mut acquisitions = Acquisitions::in_trouble(3);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(0), Told::Go);
    acquisitions.ask(1);
    assert_eq!(acquisitions.ask_until(2, at(20), false), wait(deadline()));
    acquisitions.now = deadline();
    assert_eq!(acquisitions.ask_until(2, at(20), false), Told::Go);
    assert_eq!(acquisitions.ask(1), Told::Stop);
}

#[test]
fn t10_one_goes_alone_where_all_need_what_it_finds_out() {
    let mut acquisitions = Acquisitions::new(4);
    assert_eq!(acquisitions.ask_until(0, deadline(), true), Told::Go);
    assert_eq!(
        acquisitions.ask_until(1, deadline(), true),
        wait(deadline())
    );
    // It has found out, and is still under way.
    acquisitions.turns.found_out(acquisitions.tickets[0]);
    assert_eq!(acquisitions.ask(2), Told::Go);
    assert_eq!(acquisitions.ask(1), Told::Go);
    // In trouble it keeps its turn.
    acquisitions.attempt_failed(2);
    acquisitions.pass(millis(100));
    assert_eq!(acquisitions.ask(3), Told::Go);
    acquisitions.turns.found_out(acquisitions.tickets[3]);
    assert_eq!(acquisitions.ask(1), wait(deadline()));
}

/// Whatever happens in whatever order: one at a time, no sooner than allowed, and nobody is kept
/// from it for ever.
#[test]
fn b2_whatever_happens_one_goes_at_a_time_and_each_in_the_end() {
    const COUNT: usize = 5;
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut acquisitions = Acquisitions::in_trouble(COUNT);
        let mut under_way: Option<usize> = None;
        let mut failed_at = at(0);
        let mut gone = [0_u32; COUNT];
        for _ in 0..400 {
            let acquisition = random.usize(..COUNT);
            if under_way == Some(acquisition) {
                if random.bool() {
                    acquisitions.attempt_failed(acquisition);
                    failed_at = acquisitions.now;
                } else {
                    acquisitions.turns.leave(acquisitions.tickets[acquisition]);
                }
                under_way = None;
            } else {
                let told = acquisitions.ask_until(acquisition, at(10_000), false);
                match told {
                    Told::Go => {
                        assert_eq!(under_way, None, "seed {seed}");
                        assert!(failed_at + millis(100) <= acquisitions.now, "seed {seed}");
                        under_way = Some(acquisition);
                        gone[acquisition] += 1;
                    }
                    Told::Wait(until) => assert!(acquisitions.now < until, "seed {seed}"),
                    Told::Stop | Told::Fallen => panic!("seed {seed}: {told:?}"),
                }
            }
            acquisitions.pass(millis(random.u64(..500)));
        }
        let [least, most] = [gone.iter().min(), gone.iter().max()].map(Option::unwrap);
        assert!(*least > 0, "seed {seed}: {gone:?}");
        assert!(*most <= 6 * least, "seed {seed}: {gone:?}");
    }
}
