//! Nothing fails: one token request for each renewal (D4 to D9, D12).

use crate::fleet::{Fleet, millis, seconds};

const OFTEN: std::time::Duration = millis(100);

#[test]
fn d2_t1_one_instance_reads_claims_and_saves() {
    let mut fleet = Fleet::new();
    fleet.start(1, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 3..=3, millis(520));
}

#[test]
fn d2_t2_one_instance_renews() {
    let mut fleet = Fleet::new();
    fleet.start(1, OFTEN);
    fleet.run_until_due();
    fleet.run_until(seconds(3060));
    fleet.assert_counts(2..=2, 6..=6, millis(520));
}

#[test]
fn d7_t3_fifty_instances_start_at_once() {
    let mut fleet = Fleet::new();
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 297..=297, millis(960));
}

#[test]
fn d7_t4_a_thousand_instances_start_at_once() {
    let mut fleet = Fleet::new();
    fleet.start(1000, seconds(1));
    fleet.run_until(seconds(5));
    fleet.assert_counts(1..=1, 5_997..=5_997, millis(960));
}

#[test]
fn d5_t5_fifty_instances_renew_once() {
    let mut fleet = Fleet::new();
    fleet.start(50, seconds(1));
    fleet.run_until_due();
    fleet.run_until(seconds(3060));
    fleet.assert_counts(2..=2, 349..=352, millis(960));
}

#[test]
fn d5_t6_a_restart_costs_a_read_and_no_request() {
    let mut fleet = Fleet::new();
    let old = fleet.start(50, OFTEN);
    fleet.restart(&old, OFTEN);
    fleet.run_until(seconds(25));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 347..=347, millis(960));
}

#[test]
fn d12_t11_the_server_takes_four_seconds() {
    let mut fleet = Fleet::new();
    fleet.server.set_delay(seconds(4));
    fleet.start(50, OFTEN);
    fleet.run_until(seconds(20));
    fleet.run_quietly_until(seconds(60));
    fleet.assert_counts(1..=1, 628..=640, millis(4_650));
}
