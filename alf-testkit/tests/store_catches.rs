//! The store suite on stores with one flaw each: the cases that test for it fail.

#![cfg(feature = "store")]

#[path = "support/flawed_store.rs"]
mod flawed_store;
#[path = "support/flawed_subject.rs"]
mod flawed_subject;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use alf_testkit::store_conformance::{self, StoreSubject};

use flawed_store::StoreFlaw;
use flawed_subject::{FlawedSubject, HasStoreFlaw};

/// The same store without a flaw passes every case.
mod flawless {
    use super::{FlawedSubject, HasStoreFlaw, StoreFlaw};

    struct Flawless;

    impl HasStoreFlaw for Flawless {
        const FLAW: Option<StoreFlaw> = None;
    }

    alf_testkit::store_conformance!(FlawedSubject<Flawless>);
}

/// Makes a test that a store with this flaw fails each of these cases.
macro_rules! caught {
    ($($test:ident: $flaw:ident by $($case:ident)+;)+) => {
        $(
            #[test]
            fn $test() {
                struct This;
                impl HasStoreFlaw for This {
                    const FLAW: Option<StoreFlaw> = Some(StoreFlaw::$flaw);
                }
                $(fails::<FlawedSubject<This>>(stringify!($case));)+
            }
        )+

        const CATCHING: &[&str] = &[$($(stringify!($case)),+),+];
    };
}

caught! {
    values_that_nobody_wrote: InventsEmptyValues by
        a_missing_value_is_none;
    no_comparison: ComparesNothing by
        a_write_that_expects_no_value_conflicts_with_one
        every_stale_version_conflicts
        a_version_conflicts_if_there_is_no_value
        of_many_first_writers_one_succeeds
        no_update_is_lost;
    a_comparison_that_is_not_atomic: ComparesBeforeItWrites by
        of_many_first_writers_one_succeeds
        of_many_writers_with_their_own_connections_one_succeeds
        of_many_writers_on_one_connection_one_succeeds
        of_many_writers_in_one_task_one_succeeds
        no_update_is_lost;
    a_first_write_that_replaces: ReplacesWithoutAVersion by
        a_write_that_expects_no_value_conflicts_with_one
        of_many_first_writers_one_succeeds;
    any_version_of_a_missing_value: CreatesWithAnyVersion by
        a_version_conflicts_if_there_is_no_value
        a_version_from_before_a_delete_conflicts
        an_expired_version_conflicts;
    conflicts_that_are_applied: AppliesConflicts by
        a_conflict_changes_nothing;
    a_wrong_version: ReturnsAnotherVersion by
        a_value_is_read_with_the_version_of_its_write;
    a_time_as_version: CountsPerSecond by
        every_stale_version_conflicts
        no_version_occurs_twice;
    a_counter_that_a_delete_resets: CountsAnewAfterADelete by
        a_version_from_before_a_delete_conflicts
        no_version_returns_after_a_delete
        an_expired_version_conflicts;
    a_counter_that_a_restart_resets: CountsAnewAfterARestart by
        no_version_returns_after_a_restart;
    a_version_of_all_keys: CountsForAllKeys by
        keys_that_are_written_at_once_do_not_conflict;
    a_read_in_two_steps: ReadsVersionAndValueApart by
        a_value_is_never_mixed_with_another_or_its_version;
    reads_that_are_cached: CachesReads by
        a_connection_reads_what_another_wrote;
    values_that_end_with_their_connection: ForgetsWithItsConnection by
        a_value_outlives_its_connection;
    deleted_values_that_are_read: ReadsDeletedValues by
        a_deleted_value_is_none;
    only_text: KeepsText by
        every_byte_is_kept;
    trimmed_text: TrimsText by
        text_that_looks_special_is_kept;
    values_that_are_truncated: TruncatesTo64Kib by
        every_length_up_to_64_kib_is_kept;
    large_values_that_are_truncated: TruncatesToAMebibyte by
        a_value_of_two_mebibytes_is_kept_or_refused;
    values_that_are_overwritten_in_place: OverwritesInPlace by
        a_short_value_replaces_a_long_one;
    keys_without_case: IgnoresTheCaseOfKeys by
        keys_that_look_alike_are_different;
    keys_with_replaced_characters: ReplacesCharactersOfKeys by
        keys_that_look_alike_are_different;
    keys_that_are_truncated: TruncatesKeys by
        long_keys_are_different;
    times_that_are_dates: ReadsLongTimesAsDates by
        a_value_is_kept_for_a_month;
    times_of_32_bits: HasTimesOf32Bits by
        a_value_is_kept_for_a_century;
    previous_values_that_return: ReturnsThePreviousValueAfterExpiry by
        an_expired_value_does_not_return;
    a_time_that_is_not_set_again: KeepsTheFirstTime by
        each_write_sets_the_time_anew;
    a_second_try_after_a_lost_reply: TriesAgainAfterALostReply by
        a_write_whose_reply_is_lost_is_no_conflict;
    a_guess_after_a_lost_reply: GuessesAfterALostReply by
        a_write_whose_reply_is_lost_is_no_conflict;
    a_connection_that_a_lost_reply_breaks: StaysBrokenAfterALostReply by
        a_connection_works_after_a_lost_reply;
    answers_to_dropped_operations: AnswersDroppedOperationsLater by
        a_dropped_operation_does_not_affect_the_next;
    a_connection_that_a_restart_breaks: StaysBrokenAfterARestart by
        a_connection_works_after_a_restart;
    denied_writes_that_are_conflicts: CallsDeniedWritesConflicts by
        a_denied_write_is_an_error_and_changes_nothing;
    denied_writes_that_are_outages: CallsDeniedWritesUnavailable by
        a_denied_write_is_an_error_and_changes_nothing;
}

macro_rules! names {
    ([] $($module:ident :: $case:ident [$($need:ident)*],)*) => {
        const CASES: &[&str] = &[$(stringify!($case)),*];
    };
}

alf_testkit::__alf_store_cases! { [names] [] }

#[test]
fn every_case_catches_a_flaw() {
    let cases: BTreeSet<_> = CASES.iter().collect();
    assert_eq!(CATCHING.iter().collect::<BTreeSet<_>>(), cases);
}

#[test]
fn the_report_on_a_failure_shows_the_operations() {
    struct This;
    impl HasStoreFlaw for This {
        const FLAW: Option<StoreFlaw> = Some(StoreFlaw::ComparesNothing);
    }
    let report = fails::<FlawedSubject<This>>("a_write_that_expects_no_value_conflicts_with_one");
    for part in [
        "a_write_that_expects_no_value_conflicts_with_one failed on",
        "what went wrong:\n    assertion",
        "expected a conflict with alf-test:",
        "the latest operations:\n    write alf-test:",
        ":a, expecting no value: done, version ",
    ] {
        assert!(report.contains(part), "expected {part:?} in {report}");
    }
}

#[test]
fn a_case_that_is_known_to_fail_passes() {
    struct This;
    impl HasStoreFlaw for This {
        const FLAW: Option<StoreFlaw> = Some(StoreFlaw::KeepsText);
        const KNOWN: &'static [(&'static str, &'static str)] = &[
            ("every_byte_is_kept", "issue 7"),
            ("a_missing_value_is_none", "issue 8"),
        ];
    }
    store_conformance::run::<FlawedSubject<This>>("every_byte_is_kept");
    let report = fails::<FlawedSubject<This>>("a_missing_value_is_none");
    let expected = "a_missing_value_is_none passes: remove it from known_failures";
    assert!(report.contains(expected), "{report}");
    store_conformance::report::<FlawedSubject<This>>();
}

/// Returns the report of the case.
fn fails<S: StoreSubject>(case: &str) -> String {
    let outcome = catch_unwind(AssertUnwindSafe(|| store_conformance::run::<S>(case)));
    assert!(outcome.is_err(), "{case} did not catch it");
    let report = outcome.err().and_then(|report| report.downcast().ok());
    report.map_or_else(String::new, |report| *report)
}
