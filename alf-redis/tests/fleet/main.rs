//! Real processes that share a token, on real servers: `cargo test --workspace --test fleet -- --ignored`.
//!
//! Each case starts fifty processes (ten on the file store), which share one store, one scripted authorization server and one
//! API. It counts token requests and failed calls. A table of the counts follows at the end. The servers are `redis-server`
//! and `valkey-server`, which `.ci/setup` installs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "code of tests, outside of their functions"
)]

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use crate::stores::{Kind, Store};

#[path = "../redis/certificates.rs"]
mod certificates;
#[path = "../redis/server.rs"]
#[expect(dead_code, reason = "the target `redis` uses all of it")]
mod server;

mod fleet;
mod process;
mod protocol;
mod stores;
mod table;
mod worker;

mod authorization;
mod holder;
mod store_faults;
mod undisturbed;

fn main() -> ExitCode {
    if let Some(settings) = protocol::settings_of_this_process() {
        worker::run(settings);
    }
    let arguments = Arguments::from_args();
    let conclusion = libtest_mimic::run(&arguments, trials());
    table::print();
    conclusion.exit_code()
}

fn trials() -> Vec<Trial> {
    let trials = CASES.iter().flat_map(|(case, stores, run)| {
        stores.iter().map(move |&kind| {
            let name = format!("{case}::{kind}");
            let trial = name.clone();
            let run = move || {
                run(&Store::start(kind, trial));
                Ok(())
            };
            Trial::test(name, run).with_ignored_flag(true)
        })
    });
    trials.collect()
}

type Case = fn(&Store);

const CASES: &[(&str, &[Kind], Case)] = &[
    (
        "renewals_by_time",
        Kind::PLAIN,
        undisturbed::renewals_by_time,
    ),
    (
        "holder_killed_before_its_request",
        Kind::PLAIN,
        holder::killed_before_its_request,
    ),
    (
        "holder_killed_after_its_request",
        Kind::PLAIN,
        holder::killed_after_its_request,
    ),
    (
        "holder_killed_before_its_save",
        Kind::PLAIN,
        holder::killed_before_its_save,
    ),
    (
        "undisturbed",
        Kind::ALL,
        undisturbed::starts_renewals_and_restarts,
    ),
    (
        "half_has_a_wrong_secret",
        Kind::PLAIN,
        authorization::half_has_a_wrong_secret,
    ),
    (
        "new_token_revokes_the_previous",
        Kind::PLAIN,
        authorization::a_new_token_revokes_the_previous_one,
    ),
    (
        "store_loses_all",
        Kind::PLAIN,
        store_faults::loses_all_during_a_renewal,
    ),
    ("store_is_paused", Kind::SERVERS, store_faults::is_paused),
    (
        "store_is_killed",
        Kind::SERVERS,
        store_faults::is_killed_and_starts_again,
    ),
    ("store_is_full", Kind::SERVERS, store_faults::is_full),
    (
        "store_is_a_replica",
        Kind::SERVERS,
        store_faults::is_a_read_only_replica,
    ),
];
