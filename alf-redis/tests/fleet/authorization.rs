//! What an authorization server may do to a fleet.

use std::sync::Arc;

use alf_testkit::Answer;

use crate::fleet::Fleet;
use crate::protocol::Command;
use crate::stores::Store;

pub(crate) fn half_has_a_wrong_secret(store: &Store) {
    let mut fleet = Fleet::start(store);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("cold start", 1);

    let wrong = 0..fleet.size() / 2;
    let right = wrong.end..fleet.size();
    fleet.restart_with(wrong.clone(), |settings| {
        "wrong".clone_into(&mut settings.secret);
    });
    fleet.run(wrong.clone(), &Command::Call);
    fleet.assert_requests("half of the fleet restarted with a wrong secret", 0);

    // Their pause is longer than this case.
    let refused = Answer::normal().header("Retry-After", "60");
    fleet.servers.authorization.answer_next(refused);
    fleet.run(wrong.clone(), &Command::Renew);
    assert_eq!(fleet.failed_renewals(), wrong.len());
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("that half tries to renew the token", 1);

    fleet.run(right, &Command::Renew);
    fleet.run(wrong, &Command::RenewUntilItSucceeds);
    fleet.run(fleet.all(), &Command::Call);
    fleet.assert_requests("the other half renews the token, all take it", 1);
}

pub(crate) fn a_new_token_revokes_the_previous_one(store: &Store) {
    let mut fleet = Fleet::start(store);
    let servers = Arc::downgrade(&fleet.servers);
    fleet.servers.authorization.answer_with(move |_| {
        if let Some(servers) = servers.upgrade() {
            servers.revoke_all();
        }
        Answer::token()
    });
    fleet.run(fleet.all(), &Command::Call);
    for holder in 0..5 {
        fleet.run(holder..holder + 1, &Command::Renew);
        fleet.run(fleet.all(), &Command::Call);
    }
    fleet.assert_requests(
        "cold start and five renewals, each revokes the token before",
        6,
    );
}
