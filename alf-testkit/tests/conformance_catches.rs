//! The conformance suite on transports with one flaw each: the cases that test for it fail.

#![cfg(feature = "conformance")]

#[path = "support/blocking.rs"]
mod blocking;
#[path = "support/hyper_own.rs"]
mod hyper_own;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use alf_testkit::conformance::{self, Subject};

use blocking::{Blocking, Unread};
use hyper_own::{Flaw, HasFlaw, HyperOwn, Sound};

/// Makes a test that a transport with this flaw fails each of these cases.
macro_rules! caught {
    ($($test:ident: $flaw:ident by $($case:ident)+;)+) => {$(
        #[test]
        fn $test() {
            struct This;
            impl HasFlaw for This {
                const FLAW: Option<Flaw> = Some(Flaw::$flaw);
            }
            $(fails::<HyperOwn<This>>(stringify!($case));)+
        }
    )+};
}

caught! {
    appended_headers: AppendsHeaders by
        f2_a_users_authorization_is_replaced_by_exactly_one
        f2_a_replay_carries_exactly_one_authorization;
    credentials_of_a_url: SendsCredentialsOfTheUrl by
        f2_credentials_in_a_url_are_replaced_too;
    a_copy_with_an_empty_body: CopiesNoBody by
        r4_a_body_in_memory_is_replayed_byte_for_byte;
    a_copy_without_a_long_body: CopiesShortBodies by
        r4_a_body_in_memory_is_replayed_byte_for_byte;
    a_stream_that_is_copied_as_empty: CopiesStreamsAsEmpty by
        r4_a_stream_is_not_replayed_and_its_401_is_untouched;
    requests_that_are_never_copied: NeverCopies by
        f3_a_401_causes_one_renewal_and_one_replay
        r4_a_request_without_a_body_is_replayed
        r1_two_hundred_rejections_cause_one_renewal;
    redirects_that_carry_the_token: FollowsRedirectsWithTheToken by
        x4_a_redirect_to_another_port_carries_no_token
        x4_a_redirect_to_another_host_carries_no_token
        x4_a_redirected_replay_carries_no_token;
    hidden_redirects: HidesRedirects by
        x4_a_401_from_another_origin_rejects_nothing
        x4_a_401_from_another_scheme_rejects_nothing;
    schemes_that_are_ignored: IgnoresTheScheme by
        x4_a_redirect_to_http_carries_no_token
        x4_a_redirect_to_https_carries_no_token;
    a_token_that_is_restored_on_the_second_redirect: RestoresTheTokenOnTheSecondRedirect by
        x4_a_second_redirect_elsewhere_carries_no_token;
    token_requests_that_are_redirected: ExchangeFollowsRedirects by
        t7_a_301_of_the_token_endpoint_carries_no_secret_elsewhere
        t7_a_302_of_the_token_endpoint_carries_no_secret_elsewhere
        t7_a_303_of_the_token_endpoint_carries_no_secret_elsewhere
        t7_a_307_of_the_token_endpoint_carries_no_secret_elsewhere
        t7_a_308_of_the_token_endpoint_carries_no_secret_elsewhere
        t7_a_redirect_to_http_carries_no_secret
        t7_a_redirect_to_https_carries_no_secret;
    certificates_that_are_not_checked: TrustsAnyCertificate by
        t4_a_token_endpoint_of_an_unknown_authority_gets_no_secret
        t4_a_token_endpoint_with_anothers_certificate_gets_no_secret
        p3_an_api_of_an_unknown_authority_gets_no_token
        p3_an_api_with_anothers_certificate_gets_no_token;
    answers_that_are_read_without_a_bound: ExchangeReadsWithoutBound by
        t7_more_than_a_mebibyte_is_not_read;
    long_failures_of_another_kind: ExchangeCallsLongFailuresTooLarge by
        b1_a_failure_with_an_endless_body_is_tried_again;
    token_requests_without_their_headers: ExchangeDropsHeaders by
        t1_the_form_and_its_headers_arrive;
    token_requests_in_chunks: ExchangeSendsChunks by
        t1_a_form_has_a_length_and_no_expect_header;
    errors_that_show_the_url: ExchangeErrorsShowTheRequest by
        x1_no_token_error_shows_a_secret;
    tokens_that_are_logged: LogsTheToken by
        x1_no_log_line_shows_a_secret;
    secrets_that_are_traced: TracesTheSecret by
        x1_no_log_line_shows_a_secret;
    failures_that_are_all_of_one_kind: ExchangeCallsEveryFailureRedirected by
        t4_a_broken_exchange_is_tried_again
        b1_a_connection_that_the_server_closed_is_tried_again
        t4_no_connection_is_an_error_of_kind_connect;
    a_wrong_origin: ReturnsAWrongOrigin by
        x3_origin_returns_the_origin_of_the_request
        x2_no_token_is_sent_over_plain_http;
    headers_with_one_value_only: ReturnsOneValueOfAHeader by
        p3_status_and_headers_are_untouched
        r5_the_error_of_a_failed_renewal_includes_the_401;
    statuses_that_become_errors: MakesErrorsOfStatuses by
        f3_a_401_causes_one_renewal_and_one_replay
        r7_other_statuses_are_returned;
    streams_that_are_read_whole: ReadsStreamsWhole by
        r4_a_stream_is_not_replayed_and_its_401_is_untouched
        p3_a_stream_is_read_no_faster_than_it_is_sent;
    responses_that_are_read_whole: ReadsResponsesWhole by
        p3_a_response_is_read_no_faster_than_it_is_used;
    rejected_responses_that_are_kept: KeepsRejectedResponses by
        r8_a_pool_of_one_works_after_a_401_of_200_kb
        r8_a_pool_of_one_works_after_a_401_without_end
        r8_a_pool_of_one_works_after_a_401_that_is_held_open;
    root_certificates_that_are_ignored: IgnoresTheRoot by
        f3_https_works_like_http;
    connections_without_a_limit: IgnoresTheLimit by
        p3_a_pool_of_one_serves_one_request_at_a_time;
    panics_on_a_header: PanicsOnUnusualHeaders by
        x5_no_answer_of_the_resource_server_causes_a_panic
        x5_no_rejection_causes_a_panic
        x5_no_answer_of_the_authorization_server_causes_a_panic;
    panics: Panics by
        f1_the_first_request_acquires_the_token;
}

#[test]
fn connections_that_are_reused_unread() {
    struct ReusesUnread;
    impl Unread for ReusesUnread {
        const IS_REUSED: bool = true;
    }
    fails::<Blocking<ReusesUnread>>("r8_a_401_of_200_kb_is_not_the_next_answer");
    fails::<Blocking<ReusesUnread>>("r8_a_401_of_200_kb_in_chunks_is_not_the_next_answer");
    fails::<Blocking<ReusesUnread>>("r8_a_401_of_10_mb_is_not_the_next_answer");
    fails::<Blocking<ReusesUnread>>("r8_a_401_that_is_held_open_in_its_body_delays_no_caller");
    fails::<Blocking<ReusesUnread>>("r8_a_401_that_looks_like_an_answer_is_not_the_next_one");
    fails::<Blocking<ReusesUnread>>("r8_a_401_whose_remainder_comes_late_is_not_the_next_answer");
    fails::<Blocking<ReusesUnread>>("p3_a_response_that_is_dropped_unread_is_not_the_next_answer");
    fails::<Blocking<ReusesUnread>>("t7_the_remainder_of_a_huge_answer_is_not_the_next_token");
    fails::<Blocking<ReusesUnread>>("t7_the_remainder_of_a_late_answer_is_not_the_next_token");
}

/// Without a flaw it passes every case. Otherwise the other tests would show nothing.
mod without_a_flaw {
    use super::{HyperOwn, Sound};

    alf_testkit::conformance!(HyperOwn<Sound>);
}

#[test]
fn a_case_that_does_not_exist_fails() {
    fails::<HyperOwn<Sound>>("r0_no_such_case");
}

#[test]
fn the_report_on_a_failure_helps_to_find_its_cause() {
    struct This;
    impl HasFlaw for This {
        const FLAW: Option<Flaw> = Some(Flaw::AppendsHeaders);
    }
    let report = fails::<HyperOwn<This>>("f2_a_users_authorization_is_replaced_by_exactly_one");
    for part in [
        "f2_a_users_authorization_is_replaced_by_exactly_one failed on",
        "the rule is F2:\n    `Authorization` is set in place of every value",
        "what went wrong:\n    assertion",
        "what the transport lacks:\n    [Redirects]",
        "what the client reported:\n    AcquisitionStarted",
        "what the servers saw:\n    authorization server at 127.0.0.1:",
        "        1. POST /token -> 200, connection 1, Authorization Basic",
        "        1. GET /things -> 400 (several Authorization headers), connection 1",
    ] {
        assert!(report.contains(part), "expected {part:?} in {report}");
    }
}

#[test]
fn a_panic_of_the_library_is_reported_as_one() {
    struct This;
    impl HasFlaw for This {
        const FLAW: Option<Flaw> = Some(Flaw::PanicsOnUnusualHeaders);
    }
    let report = fails::<HyperOwn<This>>("x5_no_answer_of_the_resource_server_causes_a_panic");
    let expected = "expected a call to end with an answer or an error, but it panicked: called";
    assert!(report.contains(expected), "{report}");
}

/// The report has what the panic would have printed.
#[test]
fn a_failure_is_printed_once() {
    struct This;
    impl HasFlaw for This {
        const FLAW: Option<Flaw> = Some(Flaw::AppendsHeaders);
    }
    const IN_CHILD: &str = "ALF_TESTKIT_FAILS";
    if env::var_os(IN_CHILD).is_some() {
        conformance::run::<HyperOwn<This>>("f2_a_users_authorization_is_replaced_by_exactly_one");
    }
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "a_failure_is_printed_once"]);
    let output = child.env(IN_CHILD, "").output().unwrap();
    let printed = [output.stdout, output.stderr].concat();
    let printed = String::from_utf8_lossy(&printed);
    let error = "expected another status";
    assert_eq!(printed.matches(error).count(), 1, "{printed}");
    assert!(
        printed.contains("at alf-testkit/src/conformance/flow.rs:"),
        "{printed}"
    );
}

#[test]
fn the_report_says_what_was_odd_about_the_answer() {
    struct This;
    impl HasFlaw for This {
        const FLAW: Option<Flaw> = Some(Flaw::PanicsOnUnusualHeaders);
    }
    let report = fails::<HyperOwn<This>>("x5_no_answer_of_the_resource_server_causes_a_panic");
    let line = "GET /unusual -> 200 (X-Case: \\xc3\\xa9, ";
    assert!(report.contains(line), "{report}");
}

mod known_failures {
    use super::{Flaw, HasFlaw, HyperOwn, conformance, fails};

    struct Marked<const NAMES_A_CASE: bool>;

    impl HasFlaw for Marked<true> {
        const FLAW: Option<Flaw> = Some(Flaw::AppendsHeaders);
        const KNOWN: &'static [(&'static str, &'static str)] = &[
            (
                "f2_a_users_authorization_is_replaced_by_exactly_one",
                "issue 7",
            ),
            ("f1_the_first_request_acquires_the_token", "issue 8"),
        ];
    }

    impl HasFlaw for Marked<false> {
        const FLAW: Option<Flaw> = None;
        const KNOWN: &'static [(&'static str, &'static str)] = &[("f1_no_such_case", "issue 9")];
    }

    #[test]
    fn a_case_that_is_known_to_fail_passes() {
        let case = "f2_a_users_authorization_is_replaced_by_exactly_one";
        conformance::run::<HyperOwn<Marked<true>>>(case);
        // Another one does not.
        fails::<HyperOwn<Marked<true>>>("f2_a_replay_carries_exactly_one_authorization");
    }

    #[test]
    fn a_case_that_no_longer_fails_says_to_remove_the_mark() {
        let report = fails::<HyperOwn<Marked<true>>>("f1_the_first_request_acquires_the_token");
        let expected =
            "f1_the_first_request_acquires_the_token passes: remove it from known_failures";
        assert!(
            report.contains(expected) && report.contains("issue 8"),
            "{report}"
        );
    }

    #[test]
    fn the_summary_lists_the_marks() {
        conformance::report::<HyperOwn<Marked<true>>>();
    }

    #[test]
    #[should_panic(expected = "known_failures names f1_no_such_case, but there is no such case")]
    fn a_mark_for_no_case_is_an_error() {
        conformance::report::<HyperOwn<Marked<false>>>();
    }
}

/// Returns the report of the case.
fn fails<S: Subject>(case: &str) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| conformance::run::<S>(case)));
    assert!(outcome.is_err(), "{case} did not catch it");
    let report = outcome.err().and_then(|report| report.downcast().ok());
    report.map_or_else(String::new, |report| *report)
}
