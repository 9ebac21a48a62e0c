//! The list of all cases, and what each needs.

use super::{Capability, Case, Subject};

/// Hands the list of all cases to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __alf_conformance_cases {
    ([$($then:tt)*] [$($first:tt)*]) => {
        $($then)*! { [$($first)*]
            flow::f1_the_token_is_got_with_the_first_request [],
            flow::f2_a_users_authorization_is_replaced_by_exactly_one [],
            flow::f2_credentials_in_a_url_are_replaced_too [],
            flow::f2_a_replay_carries_exactly_one_authorization [],
            flow::f3_a_401_is_renewed_and_replayed_once [],
            flow::f4_a_refusal_is_an_error_and_nothing_is_sent [],
            token_request::t1_the_form_and_its_headers_arrive [],
            token_request::t1_a_form_has_a_length_and_waits_for_nothing [],
            token_request::t1_a_query_of_the_token_endpoint_is_kept [],
            token_request::t2_basic_is_one_header_and_nothing_in_the_body [],
            token_request::t2_post_is_in_the_body_and_no_header [],
            token_request::t3_odd_secrets_arrive_by_basic [],
            token_request::t3_odd_secrets_arrive_in_the_body [],
            token_request::t8_an_insecure_token_endpoint_is_refused [],
            token_answer::t4_any_content_type_and_chunks_will_do [],
            token_answer::t4_a_refusal_may_be_empty_or_a_page [],
            token_answer::t4_an_answer_without_a_token_is_unreadable [],
            token_answer::t4_a_broken_exchange_is_tried_again [],
            token_answer::t4_an_outage_that_ends_is_ridden_out [],
            token_answer::t4_no_connection_is_an_error_of_kind_connect [ErrorKinds],
            token_answer::t4_no_answer_is_a_time_out_and_tried_again [],
            token_answer::t5_odd_lifetimes_are_lifetimes [],
            token_answer::t7_an_answer_of_almost_a_mebibyte_is_read [],
            token_answer::t7_more_than_a_mebibyte_is_not_read [],
            token_answer::t7_the_rest_of_a_huge_answer_is_not_read [],
            token_answer::t7_a_small_answer_does_not_unpack_to_a_huge_one [],
            token_answer::t9_a_lifetime_counts_from_before_the_request [],
            token_leftovers::t7_the_rest_of_a_huge_answer_is_not_the_next_token [],
            token_leftovers::t7_the_rest_of_an_answer_that_is_too_late_is_not_the_next_token [],
            tls::f3_it_is_the_same_over_https [Tls],
            tls::t4_a_token_endpoint_of_an_unknown_authority_gets_no_secret [Tls],
            tls::t4_a_token_endpoint_with_anothers_certificate_gets_no_secret [Tls],
            tls::p3_an_api_of_an_unknown_authority_gets_no_token [Tls],
            tls::p3_an_api_with_anothers_certificate_gets_no_token [Tls],
            redirects::t7_a_301_of_the_token_endpoint_carries_no_secret_elsewhere [],
            redirects::t7_a_302_of_the_token_endpoint_carries_no_secret_elsewhere [],
            redirects::t7_a_303_of_the_token_endpoint_carries_no_secret_elsewhere [],
            redirects::t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere [],
            redirects::t7_a_308_of_the_token_endpoint_carries_no_secret_elsewhere [],
            redirects::x4_a_redirect_to_another_port_carries_no_token [],
            redirects::x4_a_redirect_to_another_host_carries_no_token [],
            redirects::x4_a_second_redirect_elsewhere_carries_no_token [],
            redirects::x4_a_redirected_replay_carries_no_token [],
            redirects::x4_a_401_from_elsewhere_rejects_nothing [],
            redirects::x4_a_redirect_within_the_origin_is_followed_with_the_token [Redirects],
            redirects::x4_a_401_after_a_redirect_within_the_origin_is_replayed [Redirects],
            schemes::t7_a_redirect_to_http_carries_no_secret [Tls],
            schemes::t7_a_redirect_to_https_carries_no_secret [Tls],
            schemes::x4_a_redirect_to_http_carries_no_token [Tls],
            schemes::x4_a_redirect_to_https_carries_no_token [Tls],
            schemes::x4_a_401_from_another_scheme_rejects_nothing [Tls],
            expiry::e2_a_due_token_is_renewed_and_nobody_waits [],
            expiry::e2_a_renewal_outlives_the_request_that_noticed_it [Cancellation],
            expiry::e3_an_expired_token_is_waited_for [],
            expiry::e4_an_outage_while_due_is_invisible [],
            expiry::e4_a_token_that_is_not_over_is_used_through_an_outage [],
            expiry::e7_a_machine_that_slept_has_no_dead_token [],
            acquisitions::s1_two_hundred_callers_make_one_token_request [],
            acquisitions::s2_all_waiters_share_a_failure [],
            acquisitions::s3_dropping_the_first_caller_costs_nobody_anything [],
            acquisitions::s3_an_acquisition_whose_callers_are_all_gone_still_lands [],
            acquisitions::s4_a_panic_in_the_transport_is_survived [],
            acquisitions::s4_two_panics_in_a_row_are_an_error [],
            acquisitions::s4_an_acquisition_that_is_stopped_is_begun_anew [Cancellation],
            acquisitions::s5_a_silent_server_is_waited_for_no_longer_than_said [],
            backoff::b1_two_503_are_ridden_out [],
            backoff::b1_every_status_that_may_pass_is_tried_again [],
            backoff::b1_a_failure_with_an_endless_body_is_tried_again [],
            backoff::b1_a_connection_that_was_closed_meanwhile_is_tried_again [],
            backoff::b1_retry_after_lengthens_the_pause [],
            backoff::b2_a_wrong_secret_is_one_request_for_a_hundred_callers [],
            backoff::b2_after_an_outage_the_load_is_small_and_its_end_is_noticed [],
            backoff::b3_a_rotated_secret_is_read_again [],
            rejection::r1_two_hundred_rejections_cause_one_renewal [],
            rejection::r1_any_challenge_or_none_rejects [],
            rejection::r2_a_newer_token_is_taken_without_asking [],
            rejection::r5_a_failed_renewal_tells_of_the_401 [],
            rejection::r6_an_api_that_always_rejects_is_no_load_and_hides_nothing [],
            rejection::r7_other_statuses_are_handed_back [],
            replay::r3_the_answer_to_the_replay_is_handed_back [],
            replay::r3_a_replay_is_the_same_request [],
            replay::r4_a_body_in_memory_is_replayed_byte_for_byte [],
            replay::r4_a_request_without_a_body_is_replayed [],
            replay::r4_a_stream_is_not_replayed_and_its_401_is_untouched [StreamingRequests],
            replay::r4_without_replays_the_401_is_untouched [],
            connections::r8_a_401_of_200_kb_is_not_the_next_answer [],
            connections::r8_a_401_of_200_kb_in_chunks_is_not_the_next_answer [],
            connections::r8_a_401_of_10_mb_is_not_the_next_answer [],
            connections::r8_a_401_without_end_is_not_the_next_answer [StreamingResponses],
            connections::r8_a_401_that_is_held_open_holds_up_nobody [StreamingResponses EarlyHeads],
            connections::r8_a_401_that_is_held_open_in_its_body_holds_up_nobody [StreamingResponses],
            connections::r8_a_short_401_keeps_its_connection [ConnectionReuse],
            connections::r8_a_401_that_looks_like_an_answer_is_not_the_next_one [],
            connections::r8_a_401_whose_rest_comes_late_is_not_the_next_answer [StreamingResponses],
            connections::p3_a_response_that_is_dropped_unread_is_not_the_next_answer [],
            pool_of_one::p3_a_pool_of_one_serves_one_after_another [ConnectionLimit],
            pool_of_one::r8_a_pool_of_one_survives_a_401_of_200_kb [ConnectionLimit],
            pool_of_one::r8_a_pool_of_one_survives_a_401_without_end
                [ConnectionLimit StreamingResponses],
            pool_of_one::r8_a_pool_of_one_survives_a_401_that_is_held_open
                [ConnectionLimit StreamingResponses PromptDiscard],
            leak::x1_no_token_error_shows_a_secret [],
            leak::x1_no_transport_error_shows_the_token [],
            leak::x1_a_client_shows_no_secret [],
            logs::x1_no_log_line_shows_a_secret [DiscreetLogs],
            leak::x2_no_token_goes_out_in_the_clear [],
            leak::x3_a_request_to_another_origin_is_not_sent [],
            leak::x3_the_origin_is_where_the_request_goes [],
            leak::p1_the_head_of_a_request_is_told [],
            odd_answers::x5_odd_answers_of_the_authorization_server_are_outlasted [],
            odd_answers::x5_an_answer_that_stops_is_outlasted [],
            odd_answers::x5_odd_answers_of_the_resource_server_are_outlasted [],
            odd_answers::x5_odd_rejections_are_outlasted [],
            odd_answers::x5_a_rejection_that_breaks_off_before_its_body_is_outlasted [EarlyHeads],
            odd_answers::x5_a_connection_that_closes_under_the_next_request_is_outlasted [],
            unusual_answers::x5_no_answer_of_the_resource_server_is_a_panic [],
            unusual_answers::x5_no_rejection_is_a_panic [],
            unusual_answers::x5_no_answer_of_the_authorization_server_is_a_panic [],
            streaming::p3_megabytes_arrive_intact [],
            streaming::p3_megabytes_are_sent_intact [],
            streaming::p3_a_stream_of_megabytes_is_sent_intact [StreamingRequests],
            streaming::p3_a_response_is_read_as_it_comes [StreamingResponses],
            pace::p3_a_response_is_read_no_faster_than_it_is_used [StreamingResponses],
            pace::p3_a_stream_is_read_no_faster_than_it_is_sent [StreamingRequests],
            streaming::p3_status_and_headers_are_untouched [],
            streaming::p3_a_users_headers_and_method_are_kept [],
            streaming::p3_connections_are_used_again [ConnectionReuse],
            streaming::p3_an_error_of_the_library_is_handed_through [],
        }
    };
}

/// A case and its name.
pub(super) struct Named<S: Subject> {
    pub(super) name: &'static str,
    needs: &'static [Capability],
    pub(super) run: fn(&Case<S>),
}

impl<S: Subject> Named<S> {
    pub(super) fn needs(&self, capability: Capability) -> bool {
        self.needs.contains(&capability)
    }

    /// The capability for want of which the case is not applicable.
    pub(super) fn missing(&self) -> Option<Capability> {
        let mut needs = self.needs.iter().copied();
        needs.find(|need| !S::capabilities().contains(*need))
    }
}

macro_rules! table {
    ([] $($module:ident :: $case:ident [$($need:ident)*],)*) => {
        /// All cases.
        pub(super) fn all<S: Subject>() -> Vec<Named<S>> {
            vec![$(Named {
                name: stringify!($case),
                needs: &[$(Capability::$need),*],
                run: super::$module::$case::<S>,
            }),*]
        }

        /// Their names.
        pub(super) const NAMES: &[&str] = &[$(stringify!($case)),*];
    };
}

__alf_conformance_cases! { [table] [] }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_no_case_is_forgotten() {
        for source in SOURCES {
            let defined = source.lines().filter_map(|line| {
                let name = line.strip_prefix("pub(super) fn ")?;
                name.split(['<', '(']).next()
            });
            for case in defined {
                assert!(NAMES.contains(&case), "{case} is not in the list");
            }
        }
    }

    const SOURCES: &[&str] = &[
        include_str!("flow.rs"),
        include_str!("token_request.rs"),
        include_str!("token_answer.rs"),
        include_str!("token_leftovers.rs"),
        include_str!("tls.rs"),
        include_str!("redirects.rs"),
        include_str!("schemes.rs"),
        include_str!("expiry.rs"),
        include_str!("acquisitions.rs"),
        include_str!("backoff.rs"),
        include_str!("rejection.rs"),
        include_str!("replay.rs"),
        include_str!("connections.rs"),
        include_str!("pool_of_one.rs"),
        include_str!("leak.rs"),
        include_str!("logs.rs"),
        include_str!("odd_answers.rs"),
        include_str!("unusual_answers.rs"),
        include_str!("pace.rs"),
        include_str!("streaming.rs"),
    ];
}
