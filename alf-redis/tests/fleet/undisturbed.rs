//! Nothing fails.

use alf_testkit::Answer;

use crate::fleet::Fleet;
use crate::protocol::Command;
use crate::stores::Store;

pub(crate) fn starts_renewals_and_restarts(store: &Store) {
    let mut fleet = Fleet::start(store);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);

    for _ in 0..5 {
        fleet.run(fleet.all(), &Command::Renew);
        fleet.run(fleet.all(), &Command::Call);
    }
    fleet.assert_requests("five renewals", 5);

    fleet.servers.revoke_all();
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("a revocation that all meet", 1);

    // Some at a time, while the others call.
    let batch = fleet.size() / 5;
    for first in (0..fleet.size()).step_by(batch) {
        fleet.restart(first..first + batch);
        fleet.run(fleet.all(), &Command::Call);
    }
    fleet.assert_requests("a rolling restart", 0);
}

/// Each token is due after 1.4 to 1.6 s. The last one lives an hour.
pub(crate) fn renewals_by_time(store: &Store) {
    let mut fleet = Fleet::start(store);
    let authorization = &fleet.servers.authorization;
    authorization.answer_next_n(5, Answer::token().expires_in(2));
    authorization.answer_next(Answer::token().access_token("last"));
    fleet.run(fleet.all(), &Command::CallUntil("last".to_owned()));
    fleet.assert_requests("cold start and five renewals, tokens of 2 s", 6);
}
