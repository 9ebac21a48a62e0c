//! `keep_for`: a value may be deleted after that time, before it, or never; but it does not return.

use std::time::Duration;

use alf_core::{StoreKey, Stored, Version};

use super::case::Case;
use super::connection::{Connection, done};
use super::swap::{expect_distinct, write_often};

/// Longer than 30 days: memcached reads that as a date.
pub(super) fn a_value_is_kept_for_a_month(case: &Case) {
    is_kept_for(case, Duration::from_secs(30 * 86_400 + 60));
}

/// The longest lifetime that alf accepts: as milliseconds, or as a date, more than 32 bits.
pub(super) fn a_value_is_kept_for_a_century(case: &Case) {
    is_kept_for(case, Duration::from_secs(36_525 * 86_400 + 60));
}

pub(super) fn an_expired_value_does_not_return(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let first = connection.replace(&key, None, &case.value());
    let last = case.value();
    done(connection.write_for(BRIEF, &key, Some(&first), &last));
    if let Ok(changed) = connection.read_until(&key, BRIEF * 3, |stored| {
        stored.is_none_or(|stored| stored.value() != last)
    }) {
        assert_eq!(
            changed, None,
            "expected no value after the last one has expired"
        );
        connection.expect_none(&key);
        case.connect().expect_none(&key);
    }
}

pub(super) fn an_expired_version_conflicts(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let mut versions = write_often(&connection, case, &key, None, 3);
    versions.push(write_briefly(&connection, case, &key, versions.last()));
    if has_expired(&connection, &key) {
        for version in &versions {
            connection.expect_conflict(&key, Some(version));
        }
        versions.extend(write_often(&connection, case, &key, None, 5));
        expect_distinct(&versions);
    }
}

/// The time of a write is not that of the one before.
pub(super) fn each_write_sets_the_time_anew(case: &Case) {
    let (connection, key, clock) = (case.connect(), case.key("a"), case.key("clock"));
    let version = write_briefly(&connection, case, &key, None);
    let value = case.value();
    let version = connection.replace(&key, Some(&version), &value);
    // Written later, so it expires later.
    write_briefly(&connection, case, &clock, None);
    has_expired(&connection, &clock);
    connection.expect_value(&key, &value, &version);
}

fn is_kept_for(case: &Case, keep_for: Duration) {
    let (connection, key) = (case.connect(), case.key("a"));
    let mut version = None;
    for _ in 0..2 {
        let value = case.value();
        let written = connection.write_for(keep_for, &key, version.as_ref(), &value);
        let written = done(written);
        connection.expect_value(&key, &value, &written);
        version = Some(written);
    }
}

fn write_briefly(
    connection: &Connection<'_>,
    case: &Case,
    key: &StoreKey,
    expected: Option<&Version>,
) -> Version {
    done(connection.write_for(BRIEF, key, expected, &case.value()))
}

/// Waits until the value has expired. It need not: a store may keep values for ever.
fn has_expired(connection: &Connection<'_>, key: &StoreKey) -> bool {
    let is_gone = |stored: Option<&Stored>| stored.is_none();
    connection.read_until(key, BRIEF * 3, is_gone).is_ok()
}

/// The shortest time that stores know.
const BRIEF: Duration = Duration::from_secs(1);
