//! The store fails: the processes do without it, and share again afterwards.

use std::time::Duration;

use alf_testkit::{Answer, Gate};

use crate::fleet::Fleet;
use crate::protocol::Command;
use crate::stores::Store;

pub(crate) fn loses_all_during_a_renewal(store: &Store) {
    let mut fleet = Fleet::start(store);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);

    let gate = hold_token_requests(&fleet);
    fleet.tell(fleet.all(), &Command::Renew);
    gate.wait_for_arrivals(1);
    store.lose_all();
    // The second one makes all others wait, also after the first one has its token.
    gate.wait_for_arrivals(2);
    gate.open();
    fleet.wait_for(fleet.all());
    fleet.assert_requests("the store loses all during a renewal", 2);
    assert_shares_again(&mut fleet);
}

pub(crate) fn is_paused(store: &Store) {
    let mut fleet = Fleet::start(store);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);
    let gate = hold_token_requests(&fleet);
    fleet.tell(fleet.all(), &Command::Renew);
    gate.wait_for_arrivals(1);
    store.server().admin::<()>("CLIENT PAUSE 500 ALL");
    gate.open();
    fleet.wait_for(fleet.all());
    fleet.assert_requests("the store is paused for 0.5 s during a renewal", 1);

    let mut fleet = Fleet::start_with(store, |settings| {
        settings.store_timeout = Duration::from_millis(500);
    });
    // Longer than this case.
    store.server().admin::<()>("CLIENT PAUSE 600000 ALL");
    fleet.run(fleet.all(), &Command::Call);
    let size = fleet.size();
    fleet.assert_requests("cold start, the store is paused", size);
}

pub(crate) fn is_killed_and_starts_again(store: &Store) {
    let mut fleet = Fleet::start(store);
    let size = fleet.size();
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);

    store.server().kill();
    store.server().start_again();
    fleet.run(fleet.all(), &Command::Renew);
    fleet.assert_requests("a renewal after the store was restarted", 1);

    let gate = hold_token_requests(&fleet);
    fleet.tell(fleet.all(), &Command::Renew);
    gate.wait_for_arrivals(1);
    store.server().kill();
    gate.wait_for_arrivals(size);
    gate.open();
    fleet.wait_for(fleet.all());
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("the store is killed during a renewal", size);

    store.server().start_again();
    recover(&mut fleet);
}

pub(crate) fn is_full(store: &Store) {
    denies_writes(
        store,
        "is full",
        ["CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"],
    );
}

pub(crate) fn is_a_read_only_replica(store: &Store) {
    denies_writes(
        store,
        "is a replica",
        ["REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"],
    );
}

fn denies_writes(store: &Store, what: &str, [deny, allow]: [&str; 2]) {
    let mut fleet = Fleet::start(store);
    let size = fleet.size();
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);

    store.server().admin::<()>(deny);
    fleet.restart(fleet.all());
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests(&format!("all are restarted while the store {what}"), 0);

    fleet.servers.revoke_all();
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests(&format!("a revocation while the store {what}"), size);

    store.server().admin::<()>(allow);
    recover(&mut fleet);
}

/// A process that has left the store alone for less than a second goes on doing so, and makes a request of its own.
fn recover(fleet: &mut Fleet<'_>) {
    let size = fleet.size();
    fleet.run(fleet.all(), &Command::Recover);
    fleet.assert_requests_between("the store works again: the first renewal", 1..=size);
    assert_shares_again(fleet);
}

/// Some processes may have older tokens than others. They take the latest one.
fn assert_shares_again(fleet: &mut Fleet<'_>) {
    fleet.run(fleet.all(), &Command::Renew);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("the next renewal", 1);
}

fn hold_token_requests(fleet: &Fleet<'_>) -> Gate {
    let gate = Gate::new();
    let held = Answer::token().held_by(&gate);
    fleet
        .servers
        .authorization
        .answer_next_n(fleet.size(), held);
    gate
}
