//! The list of all cases, and the hooks that each needs.

use crate::suite::{NamedCase, table};

use super::case::Case;
use super::subject::StoreHook;

/// Passes the list of all cases to another macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __alf_store_cases {
    ([$($then:tt)*] [$($first:tt)*]) => {
        $($then)*! { [$($first)*]
            swap::a_missing_value_is_none [],
            swap::a_value_is_read_with_the_version_of_its_write [],
            swap::a_connection_reads_what_another_wrote [],
            swap::a_value_outlives_its_connection [],
            swap::a_version_conflicts_if_there_is_no_value [],
            swap::a_write_that_expects_no_value_conflicts_with_one [],
            swap::every_stale_version_conflicts [],
            swap::a_conflict_changes_nothing [],
            swap::no_version_occurs_twice [],
            swap::a_deleted_value_is_none [Delete],
            swap::a_version_from_before_a_delete_conflicts [Delete],
            swap::no_version_returns_after_a_delete [Delete],
            contention::of_many_first_writers_one_succeeds [],
            contention::of_many_writers_with_their_own_connections_one_succeeds [],
            contention::of_many_writers_on_one_connection_one_succeeds [],
            contention::of_many_writers_in_one_task_one_succeeds [],
            contention::no_update_is_lost [],
            contention::keys_that_are_written_at_once_do_not_conflict [],
            contention::a_value_is_never_mixed_with_another_or_its_version [],
            values::every_byte_is_kept [],
            values::text_that_looks_special_is_kept [],
            values::every_length_up_to_64_kib_is_kept [],
            values::a_value_of_two_mebibytes_is_kept_or_refused [],
            values::a_short_value_replaces_a_long_one [],
            values::keys_that_look_alike_are_different [],
            values::long_keys_are_different [],
            expiry::a_value_is_kept_for_a_month [],
            expiry::a_value_is_kept_for_a_century [],
            expiry::an_expired_value_does_not_return [],
            expiry::an_expired_version_conflicts [],
            expiry::each_write_sets_the_time_anew [],
            faults::a_write_whose_reply_is_lost_is_no_conflict [LoseReply],
            faults::a_connection_works_after_a_lost_reply [LoseReply],
            faults::a_dropped_operation_does_not_affect_the_next [],
            faults::a_connection_works_after_a_restart [Restart],
            faults::no_version_returns_after_a_restart [Restart],
            faults::a_denied_write_is_an_error_and_changes_nothing [DenyWrites],
        }
    };
}

__alf_store_cases! { [table] [StoreHook] }
