//! The cases, one file for each concern.

mod methods;
mod refusals;
mod renewal;
mod tls;
mod troubles;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::server::fail;
use crate::trial::Trial;
use crate::{Capability, Subject};

/// Names every case, and what it needs of the adapter.
macro_rules! cases {
    ($($module:ident :: $case:ident [$($need:ident)*],)*) => {
        /// Runs one case, as its `#[test]` does.
        ///
        /// # Panics
        ///
        /// Where the case fails, and where there is none of that name.
        pub fn run<S: Subject>(name: &str) {
            match name {
                $(stringify!($case) => case::<S>(
                    name,
                    &[$(Capability::$need),*],
                    $module::$case::<S>,
                ),)*
                _ => fail(&format!("a case of the name {name}")),
            }
        }

        #[doc(hidden)]
        #[macro_export]
        macro_rules! __alf_interop_cases {
            ($subject:ty) => {
                $(
                    #[test]
                    #[ignore = "needs Node.js: bash .ci/setup, then cargo test --workspace --test interop -- --ignored"]
                    fn $case() {
                        $crate::run::<$subject>(stringify!($case));
                    }
                )*
            };
        }
    };
}

/// Makes a `#[test]` of every case for one [`Subject`], for a file of `tests/`. All are ignored
/// unless asked for, since they need Node.js.
#[macro_export]
macro_rules! interop {
    ($subject:ty) => {
        $crate::__alf_interop_cases! { $subject }
    };
}

cases! {
    methods::client_secret_basic [],
    methods::client_secret_basic_with_odd_characters [],
    methods::client_secret_post_with_odd_characters [],
    methods::client_secret_jwt_hs256 [],
    methods::client_secret_jwt_hs512 [],
    methods::private_key_jwt_es256 [],
    methods::private_key_jwt_es384 [],
    methods::private_key_jwt_rs256 [],
    methods::private_key_jwt_ps256 [],
    methods::private_key_jwt_eddsa [],
    methods::private_key_jwt_ed25519 [],
    methods::private_key_jwt_for_the_issuer [],
    methods::private_key_jwt_with_one_of_two_keys [],
    methods::client_assertion_from_a_callback [],
    methods::discovery_finds_the_endpoint [],
    methods::scope_and_resource_of_a_view [],
    tls::tls_client_auth_by_subject [Tls ClientCertificate],
    tls::tls_client_auth_by_name [Tls ClientCertificate],
    tls::self_signed_tls_client_auth [Tls ClientCertificate],
    tls::certificate_bound_token [Tls ClientCertificate],
    tls::discovery_finds_the_alias [Tls ClientCertificate],
    tls::ready_made_clients_have_the_certificate [Tls ClientCertificate],
    tls::certificate_of_another_name_is_refused [Tls ClientCertificate],
    tls::unknown_authority_is_no_connection [Tls],
    tls::wrong_name_is_no_connection [Tls],
    renewal::revoked_token_is_renewed_and_the_call_replayed [],
    renewal::replayed_post_has_its_body [],
    renewal::expired_token_is_renewed [],
    renewal::insufficient_scope_renews_nothing [],
    renewal::rotated_secret_is_read_again [],
    renewal::rotated_key_is_read_again [],
    refusals::wrong_secret_is_one_request [],
    refusals::expired_secret_is_refused [],
    refusals::client_without_the_grant_is_refused [],
    refusals::unknown_resource_is_refused [],
    refusals::unknown_client_is_refused [],
    refusals::wrong_key_is_refused [],
    troubles::unavailable_server_is_asked_again [],
    troubles::hang_up_is_tried_again [],
    troubles::slow_answer_is_waited_for [],
    troubles::storm_is_one_token_request [],
}

fn case<S: Subject>(name: &str, needs: &[Capability], case: fn(&Trial<S>)) {
    if let Some(missing) = needs.iter().find(|need| !S::can(**need)) {
        println!("{name}: not applicable: the adapter is without {missing:?}");
        return;
    }
    let trial = Trial::<S>::new();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&trial))) {
        println!("what the server saw: {:#?}", trial.requests());
        resume_unwind(panic);
    }
    trial.shows_no_secret();
}
