//! The process that holds the lease is killed. Its lease is over after 3 s, and another process makes an attempt.

use std::time::Duration;

use alf_testkit::{Answer, Gate};

use crate::fleet::Fleet;
use crate::protocol::{Command, Stop};
use crate::stores::Store;

pub(crate) fn killed_before_its_request(store: &Store) {
    let mut fleet = start(store, Some(Stop::BeforeRequest));
    fleet.tell(fleet.all(), &Command::Call);
    let holder = fleet.wait_for_stop();
    finish_without(&mut fleet, holder);
    fleet.assert_requests("cold start, holder killed before its request", 1);
}

pub(crate) fn killed_after_its_request(store: &Store) {
    let mut fleet = start(store, None);
    let gate = Gate::new();
    let held = Answer::token().held_by(&gate);
    fleet.servers.authorization.answer_next(held);
    fleet.tell(fleet.all(), &Command::Call);
    gate.wait_for_arrivals(1);
    let holder = fleet.wait_for_lease(1);
    finish_without(&mut fleet, holder);
    fleet.assert_requests("cold start, holder killed after its request", 2);
}

pub(crate) fn killed_before_its_save(store: &Store) {
    let mut fleet = start(store, Some(Stop::BeforeSave));
    fleet.tell(fleet.all(), &Command::Call);
    let holder = fleet.wait_for_stop();
    finish_without(&mut fleet, holder);
    fleet.assert_requests("cold start, holder killed before its save", 2);
}

fn start(store: &Store, stop: Option<Stop>) -> Fleet<'_> {
    Fleet::start_with(store, |settings| {
        settings.attempt_timeout = Duration::from_secs(2);
        settings.stop = stop;
    })
}

fn finish_without(fleet: &mut Fleet<'_>, holder: usize) {
    fleet.kill(holder);
    fleet.wait_for(fleet.all());
}
