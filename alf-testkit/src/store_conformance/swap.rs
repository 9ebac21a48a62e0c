//! Compare-and-swap: a write is done only if the version is the expected one, and no version returns.

use std::collections::HashSet;

use alf_core::{StoreKey, Version};

use super::case::Case;
use super::connection::Connection;

pub(super) fn a_missing_value_is_none(case: &Case) {
    case.connect().expect_none(&case.key("missing"));
}

pub(super) fn a_value_is_read_with_the_version_of_its_write(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let mut version = None;
    for _ in 0..5 {
        let value = case.value();
        let written = connection.replace(&key, version.as_ref(), &value);
        connection.expect_value(&key, &value, &written);
        version = Some(written);
    }
}

pub(super) fn a_connection_reads_what_another_wrote(case: &Case) {
    let (one, other, key) = (case.connect(), case.connect(), case.key("a"));
    let mut version = None;
    for writer in [&one, &other, &one] {
        let value = case.value();
        let written = writer.replace(&key, version.as_ref(), &value);
        for reader in [&one, &other, &case.connect()] {
            reader.expect_value(&key, &value, &written);
        }
        version = Some(written);
    }
}

pub(super) fn a_value_outlives_its_connection(case: &Case) {
    let (key, value) = (case.key("a"), case.value());
    let version = case.connect().replace(&key, None, &value);
    let connection = case.connect();
    connection.expect_value(&key, &value, &version);
    connection.replace(&key, Some(&version), &case.value());
}

pub(super) fn a_version_conflicts_if_there_is_no_value(case: &Case) {
    let connection = case.connect();
    let version = connection.replace(&case.key("another"), None, &case.value());
    let key = case.key("missing");
    connection.expect_conflict(&key, Some(&version));
    connection.expect_none(&key);
    connection.replace(&key, None, &case.value());
}

pub(super) fn a_write_that_expects_no_value_conflicts_with_one(case: &Case) {
    let (one, other, key) = (case.connect(), case.connect(), case.key("a"));
    one.replace(&key, None, &case.value());
    one.expect_conflict(&key, None);
    other.expect_conflict(&key, None);
}

pub(super) fn every_stale_version_conflicts(case: &Case) {
    let (one, other, key) = (case.connect(), case.connect(), case.key("a"));
    let versions = write_often(&one, case, &key, None, 20);
    if let [stale @ .., current] = &*versions {
        for version in stale {
            one.expect_conflict(&key, Some(version));
            other.expect_conflict(&key, Some(version));
        }
        other.replace(&key, Some(current), &case.value());
    }
}

pub(super) fn a_conflict_changes_nothing(case: &Case) {
    let (connection, key, value) = (case.connect(), case.key("a"), case.value());
    let stale = connection.replace(&key, None, &case.value());
    let version = connection.replace(&key, Some(&stale), &value);
    connection.expect_conflict(&key, None);
    connection.expect_value(&key, &value, &version);
    connection.expect_conflict(&key, Some(&stale));
    connection.expect_value(&key, &value, &version);
    // A replica may have answered. Whether it still is the version is decided in one place.
    connection.replace(&key, Some(&version), &case.value());
}

pub(super) fn no_version_occurs_twice(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let versions = write_often(&connection, case, &key, None, 300);
    expect_distinct(&versions);
}

pub(super) fn a_deleted_value_is_none(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    connection.replace(&key, None, &case.value());
    case.store().delete(&key);
    connection.expect_none(&key);
    connection.replace(&key, None, &case.value());
}

pub(super) fn a_version_from_before_a_delete_conflicts(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let versions = write_often(&connection, case, &key, None, 3);
    case.store().delete(&key);
    for version in &versions {
        connection.expect_conflict(&key, Some(version));
    }
    // As many writes as before: a counter that began anew would now show each of the versions.
    let mut current = None;
    for _ in &versions {
        current = Some(connection.replace(&key, current.as_ref(), &case.value()));
        for version in &versions {
            connection.expect_conflict(&key, Some(version));
        }
    }
}

pub(super) fn no_version_returns_after_a_delete(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let mut versions = Vec::new();
    for _ in 0..5 {
        versions.extend(write_often(&connection, case, &key, None, 5));
        case.store().delete(&key);
    }
    expect_distinct(&versions);
}

/// Replaces the value again and again; returns the versions.
pub(super) fn write_often(
    connection: &Connection<'_>,
    case: &Case,
    key: &StoreKey,
    first: Option<&Version>,
    count: usize,
) -> Vec<Version> {
    let mut current = first.cloned();
    let mut versions = Vec::new();
    for _ in 0..count {
        let version = connection.replace(key, current.as_ref(), &case.value());
        versions.push(version.clone());
        current = Some(version);
    }
    versions
}

#[track_caller]
pub(super) fn expect_distinct(versions: &[Version]) {
    let distinct: HashSet<_> = versions.iter().collect();
    assert_eq!(
        distinct.len(),
        versions.len(),
        "expected every write to have a version of its own"
    );
}
