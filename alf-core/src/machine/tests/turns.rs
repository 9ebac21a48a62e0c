//! Whose attempt is next (B1, B2).

use super::*;

/// Of every flight, unless a test says otherwise.
fn deadline() -> Moment {
    at(10)
}

/// Flights of one client, by their number, and what they may do.
struct Flights {
    turns: Turns,
    now: Moment,
    tickets: Vec<Ticket>,
    /// The last turn of each.
    turns_of: Vec<u64>,
}

impl Flights {
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

    /// The server is in trouble: the first flight has failed once, and waits for 100 ms.
    fn in_trouble(count: usize) -> Self {
        let mut flights = Self::new(count);
        assert_eq!(flights.ask(0), Told::Go);
        flights.stumble(0);
        flights
    }

    fn ask(&mut self, flight: usize) -> Told {
        self.ask_until(flight, deadline(), false)
    }

    fn ask_until(&mut self, flight: usize, deadline: Moment, alone: bool) -> Told {
        let claim = Claim {
            ticket: self.tickets[flight],
            deadline,
            last_turn: self.turns_of[flight],
            alone,
        };
        match self.turns.ask(self.now, claim) {
            Turn::Go { turn } => {
                self.turns_of[flight] = turn;
                Told::Go
            }
            Turn::Wait { until } => Told::Wait(until),
            Turn::Stop => Told::Stop,
            Turn::Fallen => Told::Fallen,
        }
    }

    /// One more flight begins; its number.
    fn begin(&mut self) -> usize {
        self.tickets.push(self.turns.ticket());
        self.turns_of.push(0);
        self.tickets.len() - 1
    }

    /// Its attempt fails, and it would try again at once.
    fn stumble(&mut self, flight: usize) {
        let ticket = self.tickets[flight];
        self.turns.stumbled(self.now, ticket, self.now, 1.0);
    }

    fn fail(&mut self, flight: usize, failure: Failure, until: Moment) {
        let ticket = self.tickets[flight];
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
    let mut flights = Flights::new(3);
    for flight in [0, 1, 2, 0] {
        assert_eq!(flights.ask(flight), Told::Go);
    }
}

#[test]
fn b2_one_goes_at_a_time_while_it_is_in_trouble_the_longest_waiting_first() {
    let mut flights = Flights::in_trouble(3);
    let next_at = at(0) + millis(100);
    assert_eq!(flights.ask(1), wait(next_at));
    // Behind the first of the queue: told when that one has gone.
    assert_eq!(flights.ask(2), wait(deadline()));
    assert_eq!(flights.ask(0), wait(deadline()));
    flights.pass(millis(100));
    assert_eq!(flights.ask(2), wait(deadline()));
    assert_eq!(flights.ask(1), Told::Go);
    assert_eq!(flights.ask(1), Told::Go, "it has its turn until it is over");
    assert_eq!(flights.ask(2), wait(deadline()));
    flights.stumble(1);
    let next_at = flights.now + millis(200);
    assert_eq!(flights.ask(1), wait(deadline()));
    assert_eq!(flights.ask(2), wait(next_at));
    flights.pass(millis(200));
    assert_eq!(flights.ask(2), Told::Go);
}

#[test]
fn b1_pauses_double_whoever_makes_them() {
    let mut flights = Flights::in_trouble(2);
    for (flight, pause) in [(1, 100), (0, 200), (1, 400), (0, 800), (1, 1000), (0, 1000)] {
        assert_eq!(flights.ask(flight), wait(flights.now + millis(pause)));
        flights.pass(millis(pause));
        assert_eq!(flights.ask(flight), Told::Go);
        flights.stumble(flight);
    }
}

#[test]
fn b1_attempts_that_were_under_way_are_the_same_failure() {
    let mut flights = Flights::new(3);
    for flight in [0, 1, 2] {
        assert_eq!(flights.ask(flight), Told::Go);
    }
    for flight in [0, 1, 2] {
        flights.stumble(flight);
    }
    assert_eq!(flights.ask(0), wait(at(0) + millis(100)));
}

#[test]
fn b1_longer_pause_that_one_was_asked_for_is_everybodys() {
    let mut flights = Flights::new(2);
    let ticket = flights.tickets[0];
    flights.turns.stumbled(at(0), ticket, at(3), 1.0);
    assert_eq!(flights.ask(1), wait(at(3)));
}

#[test]
fn b1_pause_that_reaches_past_its_deadline_ends_a_flight() {
    let mut flights = Flights::in_trouble(2);
    let ticket = flights.tickets[0];
    flights.turns.stumbled(at(0), ticket, deadline(), 1.0);
    assert_eq!(flights.ask(1), Told::Stop);
}

#[test]
fn b2_success_lets_all_go() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.ask(2);
    flights.turns.succeeded(flights.tickets[0]);
    assert_eq!(flights.ask(2), Told::Go);
    assert_eq!(flights.ask(1), Told::Go);
    // And the pauses begin anew.
    flights.stumble(1);
    assert_eq!(flights.ask(2), wait(at(0) + millis(100)));
}

#[test]
fn b2_who_was_under_way_falls_with_a_flight_that_failed_and_who_begins_does_not() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.fail(0, Failure::PERMANENT, at(1));
    assert_eq!(flights.ask(1), Told::Fallen);
    assert_eq!(flights.ask(2), Told::Fallen);
    let later = flights.begin();
    assert_eq!(flights.ask(later), wait(at(1)));
    flights.pass(secs(1));
    assert_eq!(flights.ask(later), Told::Go);
    // The pauses of flights after one that failed are longer.
    flights.stumble(later);
    assert_eq!(flights.ask(later), wait(at(2)));
    // Whoever still is under way after a success has not fallen.
    flights.turns.succeeded(flights.tickets[later]);
    assert_eq!(flights.ask(1), Told::Go);
}

#[test]
fn b2_who_is_still_under_way_after_the_rest_goes_on() {
    let mut flights = Flights::in_trouble(2);
    flights.fail(0, Failure::PERMANENT, at(1));
    flights.now = at(1);
    assert_eq!(flights.ask(1), Told::Go);
}

#[test]
fn b3_who_goes_on_with_other_credentials_has_not_fallen() {
    let mut flights = Flights::in_trouble(2);
    flights.fail(0, Failure::PERMANENT, at(1));
    flights.tickets[1] = flights.turns.renewed(flights.tickets[1]);
    assert_eq!(flights.ask(1), wait(at(1)));
}

#[test]
fn b1_who_is_under_way_goes_on_after_a_flight_that_failed_of_what_may_pass() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.fail(0, Failure::TRANSIENT, at(5));
    assert_eq!(flights.ask(1), wait(at(5)));
    flights.now = at(5);
    assert_eq!(flights.ask(1), Told::Go);
    // But whose time is over by then has failed.
    flights.fail(1, Failure::TRANSIENT, deadline());
    assert_eq!(flights.ask(2), Told::Stop);
    // Those that began before are in the same trouble, not in another.
    let later = flights.begin();
    let has_seen = |flight: usize| flights.turns.has_seen_failure(flights.tickets[flight]);
    assert!(has_seen(2));
    assert!(!has_seen(later));
}

#[test]
fn b2_rest_that_ends_later_stands() {
    let mut flights = Flights::new(3);
    flights.fail(0, Failure::TRANSIENT, at(5));
    flights.fail(1, Failure::TRANSIENT, at(2));
    assert_eq!(flights.ask(2), wait(at(5)));
}

#[test]
fn b1_last_attempt_of_a_flight_makes_a_pause_too() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(1), Told::Go);
    let ticket = flights.tickets[1];
    flights.turns.failed_too(flights.now, ticket, 1.0);
    assert_eq!(flights.ask(2), wait(flights.now + millis(200)));
    // Who had no turn makes none.
    let ticket = flights.tickets[0];
    flights.turns.failed_too(flights.now, ticket, 1.0);
    assert_eq!(flights.ask(2), wait(flights.now + millis(200)));
}

#[test]
fn b2_token_whose_last_turn_is_longest_ago_is_next_whichever_flight_asks() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(0), Told::Go);
    flights.stumble(0);
    assert_eq!(flights.ask(0), wait(flights.now + millis(200)));
    // The one that has had no turn is before it, though it comes later.
    assert_eq!(flights.ask(1), wait(flights.now + millis(200)));
    // It ends without one, and the next flight of its token has its place.
    flights.turns.leave(flights.tickets[1]);
    let next = flights.begin();
    assert_eq!(flights.ask(next), wait(flights.now + millis(200)));
    assert_eq!(flights.ask(0), wait(deadline()));
}

#[test]
fn s4_flight_that_leaves_makes_room() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(0), Told::Go);
    flights.ask(1);
    flights.ask(2);
    flights.turns.leave(flights.tickets[1]);
    flights.turns.leave(flights.tickets[0]);
    assert_eq!(flights.ask(2), Told::Go);
}

#[test]
fn s5_flight_past_its_deadline_keeps_nobody_waiting() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(0), Told::Go);
    flights.ask(1);
    assert_eq!(flights.ask_until(2, at(20), false), wait(deadline()));
    flights.now = deadline();
    assert_eq!(flights.ask_until(2, at(20), false), Told::Go);
    assert_eq!(flights.ask(1), Told::Stop);
}

#[test]
fn t10_one_goes_alone_where_all_need_what_it_finds_out() {
    let mut flights = Flights::new(4);
    assert_eq!(flights.ask_until(0, deadline(), true), Told::Go);
    assert_eq!(flights.ask_until(1, deadline(), true), wait(deadline()));
    // It has found out, and is still under way.
    flights.turns.found_out(flights.tickets[0]);
    assert_eq!(flights.ask(2), Told::Go);
    assert_eq!(flights.ask(1), Told::Go);
    // In trouble it keeps its turn.
    flights.stumble(2);
    flights.pass(millis(100));
    assert_eq!(flights.ask(3), Told::Go);
    flights.turns.found_out(flights.tickets[3]);
    assert_eq!(flights.ask(1), wait(deadline()));
}

/// Whatever happens in whatever order: one at a time, no sooner than allowed, and nobody is kept
/// from it for ever.
#[test]
fn b2_whatever_happens_one_goes_at_a_time_and_each_in_the_end() {
    const COUNT: usize = 5;
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut flights = Flights::in_trouble(COUNT);
        let mut under_way: Option<usize> = None;
        let mut failed_at = at(0);
        let mut gone = [0_u32; COUNT];
        for _ in 0..400 {
            let flight = random.usize(..COUNT);
            if under_way == Some(flight) {
                if random.bool() {
                    flights.stumble(flight);
                    failed_at = flights.now;
                } else {
                    flights.turns.leave(flights.tickets[flight]);
                }
                under_way = None;
            } else {
                let told = flights.ask_until(flight, at(10_000), false);
                match told {
                    Told::Go => {
                        assert_eq!(under_way, None, "seed {seed}");
                        assert!(failed_at + millis(100) <= flights.now, "seed {seed}");
                        under_way = Some(flight);
                        gone[flight] += 1;
                    }
                    Told::Wait(until) => assert!(flights.now < until, "seed {seed}"),
                    Told::Stop | Told::Fallen => panic!("seed {seed}: {told:?}"),
                }
            }
            flights.pass(millis(random.u64(..500)));
        }
        let [least, most] = [gone.iter().min(), gone.iter().max()].map(Option::unwrap);
        assert!(*least > 0, "seed {seed}: {gone:?}");
        assert!(*most <= 6 * least, "seed {seed}: {gone:?}");
    }
}
