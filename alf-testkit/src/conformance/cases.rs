//! The list of all cases, and the capabilities that each needs.

use super::case::Case;
use super::subject::Capability;

/// Passes the list of all cases to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __alf_conformance_cases {
    ([$($then:tt)*] [$($first:tt)*]) => {
        $($then)*! { [$($first)*]
            flow::f1_the_first_request_acquires_the_token [],
            flow::f2_a_users_authorization_is_replaced_by_exactly_one [],
            flow::f2_credentials_in_a_url_are_replaced_too [],
            flow::f2_a_replay_carries_exactly_one_authorization [],
            flow::f2_another_header_carries_the_token [TokenHeader],
            flow::f3_a_401_causes_one_renewal_and_one_replay [],
            flow::f4_a_refusal_is_an_error_and_nothing_is_sent [],
            token_request::t1_the_form_and_its_headers_arrive [],
            token_request::t1_a_form_has_a_length_and_no_expect_header [],
            token_request::t1_the_user_agent_is_alf_unless_the_user_sets_one [],
            token_request::t1_a_query_of_the_token_endpoint_is_kept [],
            token_request::t1_a_host_header_that_is_set_is_sent [],
            token_request::t2_basic_is_one_header_and_nothing_in_the_body [],
            token_request::t2_post_is_in_the_body_and_in_no_header [],
            token_request::t3_unusual_secrets_arrive_by_basic [],
            token_request::t3_unusual_secrets_arrive_in_the_body [],
            token_request::t8_an_insecure_token_endpoint_is_refused [],
            token_answer::t4_any_content_type_and_chunks_are_accepted [],
            token_answer::t4_an_answer_of_http_1_0_is_read [],
            token_answer::t4_a_refusal_may_be_empty_or_a_page [],
            token_answer::t4_a_refusal_shows_the_servers_reason_in_any_form [],
            token_answer::t4_a_200_without_a_token_shows_its_members [],
            token_answer::t4_a_compressed_answer_is_read_or_named [],
            token_answer::t4_an_answer_without_a_token_is_unreadable [],
            backoff::t4_a_broken_exchange_is_tried_again [],
            token_answer::t4_attempts_continue_until_an_outage_ends [],
            token_answer::t4_no_connection_is_an_error_of_kind_connect [ErrorKinds],
            token_answer::t4_no_answer_is_a_timeout_and_tried_again [],
            token_answer::t5_unusual_lifetimes_are_accepted [],
            token_answer::t7_an_answer_of_almost_a_mebibyte_is_read [],
            token_answer::t7_more_than_a_mebibyte_is_not_read [],
            token_answer::t7_the_remainder_of_a_huge_answer_is_not_read [],
            token_answer::t7_a_small_answer_does_not_decompress_to_a_huge_one [],
            expiry::t9_a_lifetime_counts_from_before_the_request [],
            leftovers::t7_the_remainder_of_a_huge_answer_is_not_the_next_token [],
            leftovers::t7_the_remainder_of_a_late_answer_is_not_the_next_token [],
            tls::f3_https_works_like_http [Tls],
            tls::t4_a_token_endpoint_of_an_unknown_authority_gets_no_secret [Tls],
            tls::t4_a_token_endpoint_with_anothers_certificate_gets_no_secret [Tls],
            tls::t4_a_token_endpoint_with_an_expired_certificate_gets_no_secret [Tls],
            tls::t4_a_token_endpoint_with_a_self_signed_certificate_gets_no_secret [Tls],
            tls::t4_the_error_of_a_certificate_tells_what_is_wrong_with_it [Tls ErrorKinds],
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
            redirects::x4_a_redirect_elsewhere_carries_no_token_in_another_header [TokenHeader],
            redirects::x4_a_401_from_another_origin_rejects_nothing [],
            redirects::x4_a_redirect_within_the_origin_is_followed_with_the_token [Redirects],
            redirects::x4_a_401_after_a_redirect_within_the_origin_is_replayed [Redirects],
            redirects::t7_a_redirect_to_http_carries_no_secret [Tls],
            redirects::t7_a_redirect_to_https_carries_no_secret [Tls],
            redirects::x4_a_redirect_to_http_carries_no_token [Tls],
            redirects::x4_a_redirect_to_https_carries_no_token [Tls],
            redirects::x4_a_401_from_another_scheme_rejects_nothing [Tls],
            expiry::e2_a_due_token_is_renewed_while_callers_use_it [],
            expiry::e2_a_renewal_continues_after_its_request_is_dropped [Cancellation],
            expiry::e3_callers_wait_while_an_expired_token_is_renewed [],
            expiry::e4_an_outage_while_due_is_invisible [],
            expiry::e4_a_token_within_its_leeway_is_used_during_an_outage [],
            expiry::e7_a_token_that_expired_during_suspension_is_not_used [],
            acquisitions::s1_two_hundred_callers_cause_one_token_request [],
            acquisitions::s2_all_waiters_share_a_failure [],
            acquisitions::s3_dropping_the_first_caller_does_not_affect_the_others [],
            acquisitions::s3_an_acquisition_without_callers_still_obtains_its_token [],
            acquisitions::s4_a_panic_in_the_transport_causes_another_acquisition [],
            acquisitions::s4_two_panics_in_a_row_are_an_error [],
            acquisitions::s4_an_aborted_acquisition_is_started_again [Cancellation],
            acquisitions::s5_callers_wait_no_longer_than_acquire_timeout [],
            acquisitions::s5_an_attempt_that_failed_before_the_deadline_is_the_error [],
            backoff::b1_two_503_are_tried_again [],
            backoff::b1_every_transient_status_is_tried_again [],
            backoff::b1_a_failure_with_an_endless_body_is_tried_again [],
            backoff::b1_a_connection_that_the_server_closed_is_tried_again [],
            backoff::b1_retry_after_lengthens_the_pause [],
            backoff::b1_first_readable_retry_after_counts [],
            backoff::b1_retry_after_that_is_a_date_is_measured_against_the_answers_own_date [],
            backoff::b2_a_wrong_secret_costs_a_hundred_callers_one_request [],
            backoff::b2_an_outage_causes_little_load_and_its_end_is_noticed [],
            backoff::b3_a_rotated_secret_is_read_again [],
            rejection::r1_two_hundred_rejections_cause_one_renewal [],
            rejection::r1_a_401_rejects_with_any_challenge_or_none [],
            rejection::r2_a_newer_token_is_used_without_a_token_request [],
            rejection::r5_the_error_of_a_failed_renewal_includes_the_401 [],
            rejection::r6_an_api_that_always_rejects_causes_no_load_and_hides_nothing [],
            rejection::r6_an_api_that_rejects_one_path_causes_no_load_and_hides_nothing [],
            rejection::r7_other_statuses_are_returned [],
            replay::r3_the_answer_to_the_replay_is_returned [],
            replay::r3_a_replay_is_the_same_request [],
            replay::r4_a_body_in_memory_is_replayed_byte_for_byte [],
            replay::r4_an_upload_that_is_rejected_before_it_is_read_is_replayed [EarlyAnswers],
            replay::r4_a_request_without_a_body_is_replayed [],
            replay::r4_a_stream_is_not_replayed_and_its_401_is_untouched [StreamingRequests],
            replay::r4_without_replays_the_401_is_untouched [],
            leftovers::r8_a_401_of_200_kb_is_not_the_next_answer [],
            leftovers::r8_a_401_of_200_kb_in_chunks_is_not_the_next_answer [],
            leftovers::r8_a_401_of_10_mb_is_not_the_next_answer [],
            leftovers::r8_a_401_without_end_is_not_the_next_answer [StreamingResponses],
            leftovers::r8_a_401_that_is_held_open_delays_no_caller [StreamingResponses EarlyHeads],
            leftovers::r8_a_401_that_is_held_open_in_its_body_delays_no_caller [StreamingResponses],
            leftovers::r8_a_short_401_keeps_its_connection [ConnectionReuse],
            leftovers::r8_a_401_that_looks_like_an_answer_is_not_the_next_one [],
            leftovers::r8_a_401_whose_remainder_comes_late_is_not_the_next_answer [StreamingResponses],
            leftovers::p3_a_response_that_is_dropped_unread_is_not_the_next_answer [],
            leftovers::p3_a_pool_of_one_serves_one_request_at_a_time [ConnectionLimit],
            leftovers::r8_a_pool_of_one_works_after_a_401_of_200_kb [ConnectionLimit],
            leftovers::r8_a_pool_of_one_works_after_a_401_without_end
                [ConnectionLimit StreamingResponses],
            leftovers::r8_a_pool_of_one_works_after_a_401_that_is_held_open
                [ConnectionLimit StreamingResponses PromptDiscard],
            rejection::r9_the_previous_token_is_used_while_the_new_one_is_refused [],
            rejection::r9_a_request_that_two_tokens_do_not_authorize_is_replayed_with_a_third [],
            leak::x1_no_token_error_shows_a_secret [],
            leak::x1_no_transport_error_shows_the_token [],
            leak::x1_a_client_shows_no_secret [],
            leak::x1_no_log_line_shows_a_secret [DiscreetLogs],
            leak::x2_no_token_is_sent_over_plain_http [],
            leak::x3_a_request_to_another_origin_is_not_sent [],
            leak::x3_origin_returns_the_origin_of_the_request [],
            leak::p1_head_returns_the_method_and_the_url [],
            robustness::x5_alf_works_after_malformed_answers_of_the_authorization_server [],
            robustness::x5_an_answer_that_stops_is_tried_again [],
            robustness::x5_alf_works_after_malformed_answers_of_the_resource_server [],
            robustness::x5_alf_works_after_malformed_rejections [],
            robustness::x5_alf_works_after_a_rejection_that_breaks_off_before_its_body [EarlyHeads],
            robustness::x5_alf_works_after_a_connection_closes_under_the_next_request [],
            robustness::x5_no_answer_of_the_resource_server_causes_a_panic [],
            robustness::x5_no_rejection_causes_a_panic [],
            robustness::x5_no_answer_of_the_authorization_server_causes_a_panic [],
            streaming::p3_megabytes_arrive_intact [],
            streaming::p3_megabytes_are_sent_intact [],
            streaming::p3_a_stream_of_megabytes_is_sent_intact [StreamingRequests],
            streaming::p3_a_response_is_read_as_it_arrives [StreamingResponses],
            streaming::p3_a_response_is_read_no_faster_than_it_is_used [StreamingResponses],
            streaming::p3_a_stream_is_read_no_faster_than_it_is_sent [StreamingRequests],
            streaming::p3_status_and_headers_are_untouched [],
            streaming::p3_a_users_headers_and_method_are_kept [],
            streaming::p3_connections_are_reused [ConnectionReuse],
            streaming::p3_an_error_of_the_library_is_passed_on [],
        }
    };
}

/// A case and its name.
pub(super) struct NamedCase {
    pub(super) name: &'static str,
    pub(super) needs: &'static [Capability],
    pub(super) run: fn(&Case),
}

impl NamedCase {
    /// Returns the capability without which the case is not applicable.
    pub(super) fn missing(&self, lacks: &[Capability]) -> Option<Capability> {
        self.needs.iter().copied().find(|need| lacks.contains(need))
    }
}

macro_rules! table {
    ([] $($module:ident :: $case:ident [$($need:ident)*],)*) => {
        /// All cases.
        pub(super) const ALL: &[NamedCase] = &[$(NamedCase {
            name: stringify!($case),
            needs: &[$(Capability::$need),*],
            run: super::$module::$case,
        }),*];
    };
}

__alf_conformance_cases! { [table] [] }
