//! Values and keys arrive unchanged, whatever they are.

use alf_core::{StoreKey, Written};

use crate::suite::fail;
use crate::waiting::DEADLINE;

use super::case::Case;
use super::connection::{KEPT, done};

pub(super) fn every_byte_is_kept(case: &Case) {
    let every: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    keeps(case, &[every]);
}

pub(super) fn text_that_looks_special_is_kept(case: &Case) {
    let values: [&[u8]; 12] = [
        b"0",
        b"-1",
        b"007",
        b"1e3",
        b"null",
        b"\0",
        b"\r\n",
        b" a \n",
        b"\\x00",
        b"'; --",
        b"\xff\xfe\x80",
        b"\xef\xbb\xbf",
    ];
    keeps(case, &values.map(<[u8]>::to_vec));
}

pub(super) fn every_length_up_to_64_kib_is_kept(case: &Case) {
    let powers = (0..=16).map(|power| 1_usize << power);
    let lengths = powers.flat_map(|power| [power - 1, power, power + 1]);
    // No record of alf is empty.
    let lengths = lengths.filter(|length| *length > 0);
    let values: Vec<_> = lengths.map(Case::random_value).collect();
    keeps(case, &values);
}

pub(super) fn a_value_of_two_mebibytes_is_kept_or_refused(case: &Case) {
    let (connection, key, small) = (case.connect(), case.key("a"), case.value());
    let version = connection.replace(&key, None, &small);
    let large = Case::random_value(2 << 20);
    match connection.try_write(&key, Some(&version), &large, KEPT, DEADLINE) {
        Ok(written) => connection.expect_value(&key, &large, &done(written)),
        Err(_) => connection.expect_value(&key, &small, &version),
    }
}

pub(super) fn a_short_value_replaces_a_long_one(case: &Case) {
    let (connection, key) = (case.connect(), case.key("a"));
    let version = connection.replace(&key, None, &Case::random_value(10_000));
    let short = Case::random_value(100);
    let version = connection.replace(&key, Some(&version), &short);
    connection.expect_value(&key, &short, &version);
}

pub(super) fn keys_that_look_alike_are_different(case: &Case) {
    let names = [
        "a", "A", "a:", "a:a", "a.a", "a-a", "a_a", "aa", "a.", "a..", "..", ".", "1", "01", "a:b",
        "ab",
    ];
    are_different(case, names.map(|name| case.key(name)).to_vec());
}

pub(super) fn long_keys_are_different(case: &Case) {
    let long = "a".repeat(150);
    let names = [long.clone(), format!("{long}b"), format!("{long}c")];
    are_different(case, names.iter().map(|name| case.key(name)).collect());
}

/// Each value under a key of its own.
fn keeps(case: &Case, values: &[Vec<u8>]) {
    let connection = case.connect();
    for (number, value) in values.iter().enumerate() {
        let key = case.key(&format!("a{number}"));
        let version = connection.replace(&key, None, value);
        connection.expect_value(&key, value, &version);
        // The version may be the value itself.
        connection.replace(&key, Some(&version), &case.value());
    }
}

fn are_different(case: &Case, keys: Vec<StoreKey>) {
    let connection = case.connect();
    let mut written = Vec::new();
    for key in keys {
        let value = case.value();
        let Written::Done(version) = connection.write(&key, None, &value) else {
            fail(&format!(
                "{key} to have no value, but a write that expects none is a conflict"
            ));
        };
        written.push((key, value, version));
    }
    for (key, value, version) in written {
        connection.expect_value(&key, &value, &version);
    }
}
