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
}

impl Flights {
    fn new(count: usize) -> Self {
        let mut turns = Turns::default();
        let tickets = (0..count).map(|_| turns.ticket()).collect();
        Self {
            turns,
            now: at(0),
            tickets,
        }
    }

    /// The server is in trouble: the first flight has failed once, and waits for 100 ms.
    fn in_trouble(count: usize) -> Self {
        let mut flights = Self::new(count);
        assert_eq!(flights.ask(0), Turn::Go);
        flights.stumble(0);
        flights
    }

    fn ask(&mut self, flight: usize) -> Turn {
        let ticket = self.tickets[flight];
        self.turns.ask(self.now, ticket, deadline(), false)
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

fn wait(until: Moment) -> Turn {
    Turn::Wait { until }
}

#[test]
fn s1_all_go_while_the_server_is_well() {
    let mut flights = Flights::new(3);
    for flight in [0, 1, 2, 0] {
        assert_eq!(flights.ask(flight), Turn::Go);
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
    assert_eq!(flights.ask(1), Turn::Go);
    assert_eq!(flights.ask(1), Turn::Go, "it has its turn until it is over");
    assert_eq!(flights.ask(2), wait(deadline()));
    flights.stumble(1);
    let next_at = flights.now + millis(200);
    assert_eq!(flights.ask(1), wait(deadline()));
    assert_eq!(flights.ask(2), wait(next_at));
    flights.pass(millis(200));
    assert_eq!(flights.ask(2), Turn::Go);
}

#[test]
fn b1_pauses_double_whoever_makes_them() {
    let mut flights = Flights::in_trouble(2);
    for (flight, pause) in [(1, 100), (0, 200), (1, 400), (0, 800), (1, 1000), (0, 1000)] {
        assert_eq!(flights.ask(flight), wait(flights.now + millis(pause)));
        flights.pass(millis(pause));
        assert_eq!(flights.ask(flight), Turn::Go);
        flights.stumble(flight);
    }
}

#[test]
fn b1_attempts_that_were_under_way_are_the_same_failure() {
    let mut flights = Flights::new(3);
    for flight in [0, 1, 2] {
        assert_eq!(flights.ask(flight), Turn::Go);
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
    assert_eq!(flights.ask(1), Turn::Stop);
}

#[test]
fn b2_success_lets_all_go() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.ask(2);
    flights.turns.succeeded(flights.tickets[0]);
    assert_eq!(flights.ask(2), Turn::Go);
    assert_eq!(flights.ask(1), Turn::Go);
    // And the pauses begin anew.
    flights.stumble(1);
    assert_eq!(flights.ask(2), wait(at(0) + millis(100)));
}

#[test]
fn b2_who_was_under_way_falls_with_a_flight_that_failed_and_who_begins_does_not() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.fail(0, Failure::PERMANENT, at(1));
    assert_eq!(flights.ask(1), Turn::Fallen);
    assert_eq!(flights.ask(2), Turn::Fallen);
    let later = flights.turns.ticket();
    let ask = |flights: &mut Flights| flights.turns.ask(flights.now, later, deadline(), false);
    assert_eq!(ask(&mut flights), wait(at(1)));
    flights.pass(secs(1));
    assert_eq!(ask(&mut flights), Turn::Go);
    // The pauses of flights after one that failed are longer.
    flights.turns.stumbled(flights.now, later, flights.now, 1.0);
    assert_eq!(ask(&mut flights), wait(at(2)));
    // Whoever still is under way after a success has not fallen.
    flights.turns.succeeded(later);
    assert_eq!(flights.ask(1), Turn::Go);
}

#[test]
fn b1_who_is_under_way_goes_on_after_a_flight_that_failed_of_what_may_pass() {
    let mut flights = Flights::in_trouble(3);
    flights.ask(1);
    flights.fail(0, Failure::TRANSIENT, at(5));
    assert_eq!(flights.ask(1), wait(at(5)));
    flights.now = at(5);
    assert_eq!(flights.ask(1), Turn::Go);
    // But whose time is over by then has failed.
    flights.fail(1, Failure::TRANSIENT, deadline());
    assert_eq!(flights.ask(2), Turn::Stop);
    // Those that began before are in the same trouble, not in another.
    let later = flights.turns.ticket();
    assert!(flights.turns.has_seen_failure(flights.tickets[2]));
    assert!(!flights.turns.has_seen_failure(later));
}

#[test]
fn s4_flight_that_leaves_makes_room() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(0), Turn::Go);
    flights.ask(1);
    flights.ask(2);
    flights.turns.leave(flights.tickets[1]);
    flights.turns.leave(flights.tickets[0]);
    assert_eq!(flights.ask(2), Turn::Go);
}

#[test]
fn s5_flight_past_its_deadline_keeps_nobody_waiting() {
    let mut flights = Flights::in_trouble(3);
    flights.pass(millis(100));
    assert_eq!(flights.ask(0), Turn::Go);
    let later = |flights: &mut Flights| {
        let ticket = flights.tickets[2];
        flights.turns.ask(flights.now, ticket, at(20), false)
    };
    flights.ask(1);
    assert_eq!(later(&mut flights), wait(deadline()));
    flights.now = deadline();
    assert_eq!(later(&mut flights), Turn::Go);
    assert_eq!(flights.ask(1), Turn::Stop);
}

#[test]
fn t10_one_goes_alone_where_all_need_what_it_finds_out() {
    let mut flights = Flights::new(3);
    let alone = |flights: &mut Flights, flight: usize| {
        let ticket = flights.tickets[flight];
        flights.turns.ask(flights.now, ticket, deadline(), true)
    };
    assert_eq!(alone(&mut flights, 0), Turn::Go);
    assert_eq!(alone(&mut flights, 1), wait(deadline()));
    // It has found out.
    assert_eq!(flights.ask(2), Turn::Go);
    assert_eq!(flights.ask(1), Turn::Go);
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
                let ticket = flights.tickets[flight];
                let turn = flights.turns.ask(flights.now, ticket, at(10_000), false);
                match turn {
                    Turn::Go => {
                        assert_eq!(under_way, None, "seed {seed}");
                        assert!(failed_at + millis(100) <= flights.now, "seed {seed}");
                        under_way = Some(flight);
                        gone[flight] += 1;
                    }
                    Turn::Wait { until } => assert!(flights.now < until, "seed {seed}"),
                    Turn::Stop | Turn::Fallen => panic!("seed {seed}: {turn:?}"),
                }
            }
            flights.pass(millis(random.u64(..500)));
        }
        let [least, most] = [gone.iter().min(), gone.iter().max()].map(Option::unwrap);
        assert!(*least > 0, "seed {seed}: {gone:?}");
        assert!(*most <= 6 * least, "seed {seed}: {gone:?}");
    }
}
