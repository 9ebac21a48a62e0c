//! Every sequence of events up to a depth, from several states, breaks no rule.

use core::hash::{Hash, Hasher};
use std::collections::HashSet;
use std::hash::DefaultHasher;

use super::model::{CheckedMachine, Event, SentToken};
use super::*;

/// Due at 16 s, within leeway at 19 s, expired at 20 s: steps of a second reach every boundary.
const LIFETIME: Duration = secs(20);
const POLICY: Policy = Policy {
    leeway: secs(1),
    default_lifetime: None,
    acquisition_timeout: secs(3),
};

const OBTAIN_NEW: Event = Event::ObtainNew {
    states: Some(LIFETIME),
    jitter: 0.0,
};

fn alphabet() -> Vec<Event> {
    vec![
        Event::Pass(secs(1)),
        Event::Pass(secs(16)),
        Event::Demand,
        Event::Reject(SentToken::Held, 0),
        Event::Reject(SentToken::Held, 1),
        Event::Reject(SentToken::Older, 0),
        Event::Accept(SentToken::Held, 0),
        Event::AttemptFailure,
        OBTAIN_NEW,
        Event::ObtainSame {
            states: Some(LIFETIME),
            jitter: 0.0,
        },
        Event::Fail(Failure::TRANSIENT),
        Event::Fail(Failure::PERMANENT),
        Event::FailAlone(Failure::PERMANENT),
        Event::Abort,
        Event::EndLate,
        Event::Replayed(SentToken::Held, 0, ReplayOutcome::RejectedAgain),
        Event::Replayed(SentToken::Held, 0, ReplayOutcome::Accepted),
    ]
}

/// Applies every sequence of `depth` events after the events of `prefix`.
fn search(prefix: &[Event], depth: usize) {
    let mut start = CheckedMachine::new(POLICY);
    for event in prefix {
        start.step(event).unwrap();
    }
    let alphabet = alphabet();
    let mut seen = HashSet::from([hash(&start)]);
    let mut edge = vec![(start, Vec::new())];
    for _ in 0..depth {
        let mut next = Vec::new();
        for (state, path) in edge {
            for (number, event) in alphabet.iter().enumerate() {
                let mut state = state.clone();
                let mut path: Vec<u8> = path.clone();
                path.push(u8::try_from(number).unwrap());
                if let Err(rule) = state.step(event) {
                    let events = path.iter().map(|number| &alphabet[usize::from(*number)]);
                    let events = prefix.iter().chain(events).collect::<Vec<_>>();
                    panic!("{rule}\nafter {events:#?}\nin {state:#?}");
                }
                if seen.insert(hash(&state)) {
                    next.push((state, path));
                }
            }
        }
        edge = next;
    }
}

fn hash(state: &CheckedMachine) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn no_rule_is_broken_from_the_start() {
    search(&[], 8);
}

#[test]
fn no_rule_is_broken_from_a_fresh_token() {
    search(&[Event::Demand, OBTAIN_NEW], 6);
}

#[test]
fn no_rule_is_broken_from_a_due_token() {
    search(&[Event::Demand, OBTAIN_NEW, Event::Pass(secs(16))], 6);
}

#[test]
fn no_rule_is_broken_from_a_renewed_token() {
    search(
        &[
            Event::Demand,
            OBTAIN_NEW,
            Event::Pass(secs(16)),
            Event::Demand,
            OBTAIN_NEW,
        ],
        6,
    );
}

#[test]
fn no_rule_is_broken_from_a_rejected_token() {
    let rejected = Event::Reject(SentToken::Held, 0);
    search(
        &[Event::Demand, OBTAIN_NEW, Event::Pass(secs(2)), rejected],
        6,
    );
}

#[test]
fn no_rule_is_broken_from_a_failed_renewal() {
    let failed = Event::Fail(Failure::TRANSIENT);
    search(
        &[
            Event::Demand,
            OBTAIN_NEW,
            Event::Pass(secs(16)),
            Event::Demand,
            failed,
        ],
        6,
    );
}
