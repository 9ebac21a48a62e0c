//! Many writers at once: of two writes with the same expected version, one is done.

use std::collections::HashMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use alf_core::{StoreKey, Stored, Version, Written};
use futures_util::future::join_all;

use crate::suite::fail;

use super::case::{Case, in_threads};
use super::connection::{Connection, KEPT};

pub(super) fn of_many_first_writers_one_succeeds(case: &Case) {
    let connections = case.connect_many(WRITERS);
    for round in 0..ROUNDS {
        let key = case.key(&format!("a{round}"));
        race(case, connections.iter(), &key, None);
    }
}

pub(super) fn of_many_writers_with_their_own_connections_one_succeeds(case: &Case) {
    let connections = case.connect_many(WRITERS);
    let key = case.key("a");
    let mut version = race(case, connections.iter(), &key, None);
    for _ in 0..ROUNDS {
        version = race(case, connections.iter(), &key, Some(&version));
    }
}

pub(super) fn of_many_writers_on_one_connection_one_succeeds(case: &Case) {
    let connection = case.connect();
    let key = case.key("a");
    let mut version = connection.replace(&key, None, &case.value());
    for _ in 0..ROUNDS {
        version = race(case, [&connection; WRITERS], &key, Some(&version));
    }
}

pub(super) fn of_many_writers_in_one_task_one_succeeds(case: &Case) {
    let connection = case.connect();
    let key = case.key("a");
    let mut version = connection.replace(&key, None, &case.value());
    for _ in 0..ROUNDS {
        let values: Vec<_> = (0..WRITERS).map(|_| case.value()).collect();
        let store = connection.store();
        let writes = values
            .iter()
            .map(|value| store.write(&key, Some(&version), value, KEPT));
        let results = case.block_on(join_all(writes));
        let written = results.into_iter().map(|result| {
            result.unwrap_or_else(|error| fail(&format!("{key} to be written, but: {error}")))
        });
        version = the_only_one(written);
    }
}

/// Each writer increments a number, as often as it takes: the sum shows whether an update was lost.
pub(super) fn no_update_is_lost(case: &Case) {
    let key = case.key("a");
    let connections = case.connect_many(WRITERS);
    let numbers = in_threads(connections.iter(), |connection| {
        let mut numbers = Vec::new();
        while numbers.len() < INCREMENTS {
            let stored = connection.read(&key);
            let last = stored
                .as_ref()
                .map_or(0, |stored| number_in(stored.value()));
            let value = with_number(last + 1, case.value());
            // Others write between the read and the write, also if both are fast.
            thread::sleep(Duration::from_micros(fastrand::u64(..300)));
            let version = stored.as_ref().map(Stored::version);
            if connection.write(&key, version, &value) != Written::Conflict {
                numbers.push(last + 1);
            }
        }
        numbers
    });
    let mut numbers: Vec<_> = numbers.into_iter().flatten().collect();
    numbers.sort_unstable();
    let all: Vec<_> = (1..=(WRITERS * INCREMENTS) as u64).collect();
    assert_eq!(numbers, all, "expected every write to see the one before");
}

pub(super) fn keys_that_are_written_at_once_do_not_conflict(case: &Case) {
    let connections = case.connect_many(WRITERS);
    let first = connections.iter().enumerate().map(|(writer, connection)| {
        let key = case.key(&format!("a{writer}"));
        let version = connection.replace(&key, None, &case.value());
        (connection, key, version)
    });
    // All are written before any is written again.
    let first: Vec<_> = first.collect();
    in_threads(first, |(connection, key, version)| {
        let mut version = Some(version);
        for _ in 0..INCREMENTS {
            let value = case.value();
            let written = connection.replace(&key, version.as_ref(), &value);
            connection.expect_value(&key, &value, &written);
            version = Some(written);
        }
    });
}

/// One connection writes long values of one repeated byte. The others read: each value must be whole, and have the version
/// with which it was written.
pub(super) fn a_value_is_never_mixed_with_another_or_its_version(case: &Case) {
    let key = case.key("a");
    let (is_over, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    let connections = case.connect_many(4);
    let versions = in_threads(connections.iter().enumerate(), |(index, connection)| {
        // The others must end also if this one fails.
        let _over = scopeguard::guard((), |()| is_over.store(true, Ordering::SeqCst));
        let mut versions = HashMap::new();
        if index > 0 {
            while !is_over.load(Ordering::SeqCst) {
                if let Some(stored) = connection.read(&key) {
                    let number = number_in(stored.value());
                    let is_whole = stored.value() == repeated(number);
                    assert!(is_whole, "expected a whole value, not parts of several");
                    versions.insert(stored.version().clone(), number);
                }
                reads.fetch_add(1, Ordering::SeqCst);
            }
            return versions;
        }
        let mut version = None;
        for number in 0.. {
            let is_enough = number >= 100 && reads.load(Ordering::SeqCst) >= READS;
            if is_enough || is_over.load(Ordering::SeqCst) {
                break;
            }
            let written = connection.replace(&key, version.as_ref(), &repeated(number));
            versions.insert(written.clone(), number);
            version = Some(written);
        }
        versions
    });
    let mut known = HashMap::new();
    for (version, number) in versions.into_iter().flatten() {
        let first = *known.entry(version).or_insert(number);
        assert_eq!(first, number, "expected one value for each version");
    }
}

/// Writes at once with all connections. Returns the version of the one write that was done.
#[track_caller]
fn race<'a, 'c: 'a>(
    case: &Case,
    connections: impl IntoIterator<Item = &'a Connection<'c>>,
    key: &StoreKey,
    expected: Option<&Version>,
) -> Version {
    let start = Barrier::new(WRITERS);
    let written = in_threads(connections, |connection| {
        let value = case.value();
        start.wait();
        connection.write(key, expected, &value)
    });
    the_only_one(written)
}

#[track_caller]
fn the_only_one(written: impl IntoIterator<Item = Written>) -> Version {
    let done = written.into_iter().filter_map(|written| match written {
        Written::Done(version) => Some(version),
        Written::Conflict => None,
    });
    let mut done: Vec<_> = done.collect();
    assert_eq!(
        done.len(),
        1,
        "expected that one of {WRITERS} writes with the same expected version is done"
    );
    done.pop().unwrap_or_else(|| fail("a write that was done"))
}

/// A long value that shows its number in every byte.
fn repeated(number: u64) -> Vec<u8> {
    let [byte, ..] = number.to_le_bytes();
    with_number(number, vec![byte; 64 * 1024])
}

fn with_number(number: u64, remainder: Vec<u8>) -> Vec<u8> {
    [number.to_be_bytes().to_vec(), remainder].concat()
}

fn number_in(value: &[u8]) -> u64 {
    let bytes = value.first_chunk();
    bytes.map_or_else(
        || fail("a value that was written"),
        |bytes| u64::from_be_bytes(*bytes),
    )
}

const WRITERS: usize = 8;
const ROUNDS: usize = 20;
const INCREMENTS: usize = 20;
const READS: usize = 200;
