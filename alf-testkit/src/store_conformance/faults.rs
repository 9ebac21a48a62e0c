//! Lost replies, dropped operations, restarts and missing permissions.

use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

use alf_core::{Runtime, StoreErrorKind, Stored, ThreadRuntime, Version, Written};
use futures_util::FutureExt;
use futures_util::future::select;

use crate::suite::fail;

use super::case::Case;
use super::connection::KEPT;
use super::swap::{expect_distinct, write_often};

/// A store that tries again by itself meets the version of its own first try: that is no conflict.
pub(super) fn a_write_whose_reply_is_lost_is_no_conflict(case: &Case) {
    let (connection, key, value) = (case.connect(), case.key("a"), case.value());
    let first = connection.replace(&key, None, &case.value());
    case.store().lose_reply();
    match connection.try_write(&key, Some(&first), &value, KEPT, STORE_TIMEOUT) {
        // The store found out.
        Ok(Written::Done(version)) => case.connect().expect_value(&key, &value, &version),
        Ok(Written::Conflict) => {
            fail("an error or the new version, because the write was applied; but it is a conflict")
        }
        Err(_) => {
            let other = case.connect();
            let applied = other.read_until(&key, STORE_TIMEOUT, |stored| {
                stored.is_some_and(|stored| stored.value() == value)
            });
            let Ok(Some(stored)) = applied else {
                fail("the write to be applied: the hook lose_reply loses only the reply");
            };
            other.expect_conflict(&key, Some(&first));
            other.replace(&key, Some(stored.version()), &case.value());
        }
    }
}

pub(super) fn a_connection_works_after_a_lost_reply(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let first = connection.replace(&key, None, &case.value());
    case.store().lose_reply();
    // What it returns is the other case's.
    let _ = connection.try_write(&key, Some(&first), &case.value(), KEPT, STORE_TIMEOUT);
    connection.read_when_it_works(&key);
    let another = case.key("another");
    connection.expect_none(&another);
    let value = case.value();
    let version = connection.replace(&another, None, &value);
    connection.expect_value(&another, &value, &version);
}

/// alf drops an operation that takes too long. The next one must not get its answer, and a write that was dropped is applied
/// as a whole or not at all.
pub(super) fn a_dropped_operation_does_not_affect_the_next(case: &Case) {
    let connection = case.connect();
    let (key, another) = (case.key("a"), case.key("another"));
    let unchanged = case.value();
    let version = connection.replace(&another, None, &unchanged);
    let mut attempted = vec![case.value()];
    connection.replace(&key, None, attempted.first().map_or(&[], Vec::as_slice));
    for round in 0..40 {
        let limit = Duration::from_micros(round * 25);
        drop_after(case, limit, connection.store().read(&key));
        connection.expect_value(&another, &unchanged, &version);

        let current = connection.read(&key);
        let Some(current) =
            current.filter(|stored| attempted.iter().any(|it| it == stored.value()))
        else {
            fail(&format!("{key} to have a value that was written"));
        };
        let value = case.value();
        attempted.push(value.clone());
        let expected = Some(current.version());
        let write = connection.store().write(&key, expected, &value, KEPT);
        drop_after(case, limit, write);
        connection.expect_value(&another, &unchanged, &version);
    }
    // A write that was dropped may still be applied.
    let mut tries = 0..attempted.len();
    let is_done = tries.any(|_| {
        let current = connection.read(&key);
        let version = current.as_ref().map(Stored::version);
        connection.write(&key, version, &case.value()) != Written::Conflict
    });
    assert!(
        is_done,
        "expected a write to be done after those that were dropped"
    );
}

pub(super) fn a_connection_works_after_a_restart(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    connection.replace(&key, None, &case.value());
    case.store().restart();
    let current = connection.read_when_it_works(&key);
    let version = current.as_ref().map(Stored::version);
    let value = case.value();
    let version = connection.replace(&key, version, &value);
    connection.expect_value(&key, &value, &version);
    case.connect().expect_value(&key, &value, &version);
}

/// It may have lost the value, or the latest writes.
pub(super) fn no_version_returns_after_a_restart(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let mut values = HashMap::new();
    let mut versions = Vec::<Version>::new();
    for _ in 0..5 {
        let value = case.value();
        let version = connection.replace(&key, versions.last(), &value);
        values.insert(version.clone(), value);
        versions.push(version);
    }
    case.store().restart();
    let connection = case.connect();
    let current = connection.read_when_it_works(&key);
    if let Some(stored) = &current {
        let written = values.get(stored.version());
        assert!(
            written.is_some_and(|value| value == stored.value()),
            "expected a value that was written, with its version"
        );
    }
    let current = current.as_ref().map(Stored::version);
    for stale in versions.iter().filter(|version| Some(*version) != current) {
        connection.expect_conflict(&key, Some(stale));
    }
    versions.extend(write_often(&connection, case, &key, current, 8));
    expect_distinct(&versions);
}

pub(super) fn a_denied_write_is_an_error_and_changes_nothing(case: &Case) {
    let (connection, key, value) = (case.connect(), case.key("a"), case.value());
    let version = connection.replace(&key, None, &value);
    case.store().deny_writes();
    for expected in [Some(&version), None] {
        let new = case.value();
        match connection.try_write(&key, expected, &new, KEPT, STORE_TIMEOUT) {
            Err(error) => assert_eq!(
                error.kind(),
                StoreErrorKind::Denied,
                "expected an error of the kind Denied"
            ),
            Ok(written) => {
                // Without the value there is nothing to deny.
                assert_eq!(written, Written::Conflict, "expected an error");
                assert_eq!(expected, None, "expected an error, not a conflict");
            }
        }
    }
    connection.expect_value(&key, &value, &version);
}

/// Polls it once, and drops it when `limit` is over.
fn drop_after<T>(case: &Case, limit: Duration, operation: impl Future<Output = T>) {
    case.block_on(async {
        if limit.is_zero() {
            let _ = operation.now_or_never();
        } else {
            select(pin!(operation), ThreadRuntime::new().sleep(limit)).await;
        }
    });
}

/// The default of `store_timeout`: alf drops the operation then.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);
