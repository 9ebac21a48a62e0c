//! An instance revokes the token that it shares (F5).

use alf_core::{Token, TokenError, TokenManager};
use alf_testkit::Call;

use crate::clients::{call, start};
use crate::fleet::{Fleet, Instance, key, millis, seconds};
use crate::plan::Fault;

#[test]
fn f5_a_revoked_token_is_not_taken_from_the_store_again() {
    let mut fleet = Fleet::new();
    let instance = instance(&mut fleet);
    let first = call(&fleet, &instance.tokens).unwrap();
    fleet.run_until(seconds(1));
    revoke(&fleet, &instance.tokens);
    let second = call(&fleet, &instance.tokens).unwrap();
    assert_ne!(first.expose_access_token(), second.expose_access_token());
    assert_eq!(fleet.requests(), 2);
}

#[test]
fn f5_the_other_instances_renew_a_revoked_token_once() {
    let mut fleet = Fleet::new();
    let revoking = instance(&mut fleet);
    fleet.start(10, millis(100));
    fleet.run_until(seconds(10));
    call(&fleet, &revoking.tokens).unwrap();
    revoke(&fleet, &revoking.tokens);
    fleet.server.revoke_all();
    // The last ten find the revoked token in the store.
    fleet.start(10, millis(100));
    fleet.run_until(seconds(20));
    assert_eq!(fleet.requests(), 2);
    let outcomes = fleet.outcomes();
    assert_eq!((outcomes.failed, outcomes.returned_401), (0, 0));
}

#[test]
fn f5_what_is_obtained_while_the_token_is_revoked_is_not_saved() {
    let mut fleet = Fleet::new();
    let (first, second) = (instance(&mut fleet), fleet.instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(1));
    let mut renewal = start_renewal(&fleet, &first.tokens);
    fleet.run_until(millis(1_100));
    revoke(&fleet, &first.tokens);
    fleet.run_until(seconds(3));
    let third = renewal.take().unwrap().unwrap();
    assert_eq!(fleet.requests(), 3);
    assert_eq!(third.expose_access_token(), "token-3");
    // Nobody has waited for the lease of the second.
    let shared = call(&fleet, &second.tokens).unwrap();
    assert_eq!(shared.expose_access_token(), "token-3");
    assert_eq!(fleet.requests(), 3);
}

#[test]
fn d9_the_lease_after_a_token_that_is_not_used_lasts_as_long_as_the_first() {
    let mut fleet = Fleet::new();
    let (first, second) = (instance(&mut fleet), fleet.instance());
    call(&fleet, &first.tokens).unwrap();
    fleet.run_until(seconds(1));
    call(&fleet, &second.tokens).unwrap();
    let renewal = start_renewal(&fleet, &first.tokens);
    fleet.run_until(millis(1_100));
    drop(renewal);
    revoke(&fleet, &first.tokens);
    fleet.run_until(seconds(3));
    fleet.plan(Fault::StopBeforeRequest);
    let _stopped = start(&fleet, &first);
    fleet.run_until(millis(3_100));
    let mut renewal = start_renewal(&fleet, &second.tokens);
    fleet.run_until(seconds(8));
    assert_eq!(fleet.requests(), 2, "{:?}", fleet.request_times());
    fleet.run_until(seconds(11));
    assert!(renewal.take().unwrap().is_ok());
    assert_eq!(fleet.requests(), 3);
}

fn instance(fleet: &mut Fleet) -> Instance {
    fleet.instance_with(key(7), |builder| {
        builder.revocation_endpoint("https://auth.example.com/revoke")
    })
}

fn start_renewal(fleet: &Fleet, tokens: &TokenManager) -> Call<Result<Token, TokenError>> {
    let tokens = tokens.clone();
    fleet.runtime.start(async move { tokens.renew().await })
}

fn revoke(fleet: &Fleet, tokens: &TokenManager) {
    let tokens = tokens.clone();
    let revoked = fleet.runtime.block_on(async move { tokens.revoke().await });
    revoked.unwrap();
}
