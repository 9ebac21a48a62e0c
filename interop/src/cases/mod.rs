//! The cases, one file for each concern.

mod faults;
mod methods;
mod refusals;
mod renewal;
mod tls;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::fixture::Fixture;
use crate::server::fail;
use crate::{AdapterFeature, InteropAdapter};

/// Lists every case, and the features it needs.
macro_rules! cases {
    ($($module:ident :: $case:ident [$($need:ident)*],)*) => {
        /// Runs one case, as its `#[test]` does.
        ///
        /// # Panics
        ///
        /// If the case fails, and if there is no case of that name.
        pub fn run<S: InteropAdapter>(name: &str) {
            match name {
                $(stringify!($case) => case::<S>(
                    name,
                    &[$(AdapterFeature::$need),*],
                    $module::$case::<S>,
                ),)*
                _ => fail(&format!("a case with the name {name}")),
            }
        }

        #[doc(hidden)]
        #[macro_export]
        macro_rules! __alf_interop_cases {
            ($adapter:ty) => {
                $(
                    #[test]
                    #[ignore = "needs Node.js: bash .ci/setup, then cargo test --workspace --test interop -- --ignored"]
                    fn $case() {
                        $crate::run::<$adapter>(stringify!($case));
                    }
                )*
            };
        }
    };
}

/// Defines a `#[test]` for every case, for one [`InteropAdapter`], in a file of `tests/`. They are ignored by default, since
/// they need Node.js.
#[macro_export]
macro_rules! interop {
    ($adapter:ty) => {
        $crate::__alf_interop_cases! { $adapter }
    };
}

cases! {
    methods::client_secret_basic [],
    methods::client_secret_basic_with_special_characters [],
    methods::client_secret_post_with_special_characters [],
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
    methods::scope_and_resource_of_a_token_target [],
    tls::tls_client_auth_by_subject [Tls ClientCertificate],
    tls::tls_client_auth_by_name [Tls ClientCertificate],
    tls::self_signed_tls_client_auth [Tls ClientCertificate],
    tls::certificate_bound_token [Tls ClientCertificate],
    tls::discovery_finds_the_alias [Tls ClientCertificate],
    tls::documented_clients_have_the_certificate [Tls ClientCertificate],
    tls::certificate_of_another_name_is_refused [Tls ClientCertificate],
    tls::unknown_authority_is_an_invalid_certificate [Tls],
    tls::wrong_name_is_an_invalid_certificate [Tls],
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
    faults::unavailable_server_is_retried [],
    faults::closed_connection_is_retried [],
    faults::slow_response_is_waited_for [],
    faults::concurrent_calls_share_one_token_request [],
}

fn case<S: InteropAdapter>(name: &str, needs: &[AdapterFeature], case: fn(&Fixture<S>)) {
    if let Some(missing) = needs.iter().find(|need| !S::has(**need)) {
        println!("{name}: not applicable: the adapter does not have {missing:?}");
        return;
    }
    let fixture = Fixture::<S>::new();
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&fixture))) {
        println!(
            "requests that the server received: {:#?}",
            fixture.requests()
        );
        resume_unwind(panic);
    }
    fixture.expect_no_secret_shown();
}
