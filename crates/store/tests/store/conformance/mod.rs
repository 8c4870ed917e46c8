//! The suite: functions over any store, and the list by which each store runs all of them. A new
//! store adds one line at the end.

mod concurrency;
mod journal;
mod reads;
mod refusals;
mod tasks;
mod writes;

use std::sync::Arc;

use app::ports::{CommitOutcome, Store};
use app::writeset::WriteSet;
use causeway_store::{MemoryStore, SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::database;

/// A fresh store, with the folder it needs.
pub(crate) struct Fixture {
    pub(crate) store: Arc<dyn Store>,
    _folder: Option<TempDir>,
}

async fn memory() -> Fixture {
    Fixture { store: Arc::new(MemoryStore::new()), _folder: None }
}

async fn sqlite() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap();
    Fixture { store: Arc::new(store), _folder: Some(folder) }
}

async fn postgres() -> Fixture {
    let store = database::open(&database::fresh().await).await;
    Fixture { store: Arc::new(store), _folder: None }
}

pub(crate) use journal::assert_chained;

/// Commits a set that nothing stands in the way of.
pub(crate) async fn commit(store: &dyn Store, set: WriteSet) {
    assert_eq!(store.commit(set).await.unwrap(), CommitOutcome::Committed);
}

macro_rules! suite {
    ($kind:ident: $($module:ident { $($test:ident)+ })+) => {
        mod $kind {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let fixture = super::super::$kind().await;
                    super::super::$module::$test(&fixture.store).await;
                })+
            })+
        }
    };
}

macro_rules! suites {
    ($($kind:ident)+) => {
        $(suite! { $kind:
            writes {
                all_parts_are_written_and_read_back
                orders_are_replaced_under_their_version
                transactions_are_found_by_their_owner_alone
                second_names_stay_with_the_first
                references_share_an_order_id
                documents_follow_their_versions
                sets_of_a_wrong_shape_are_never_written
                every_account_is_read_back
                a_transaction_is_posted_once
                instants_are_kept_to_the_microsecond_and_never_earlier
            }
            refusals {
                a_refused_set_leaves_nothing
                the_first_obstacle_is_told
                a_taken_number_is_named
            }
            tasks {
                a_task_that_is_there_is_left_alone
                due_tasks_are_claimed_in_order_and_once
                a_lease_lapses_and_ends_with_a_replacement
                a_task_waits_for_the_first_attempt_of_the_one_before
                tasks_of_an_order_come_as_they_were_made
                troubled_notices_come_newest_first
            }
            journal {
                lines_are_chained_without_gaps
                a_stream_has_its_own_lines
                operations_stand_beside_orders
            }
            reads {
                orders_are_found_by_any_of_their_numbers
                pages_go_over_everything_once
                sums_are_exact_and_by_currency
                what_expired_is_forgotten
                a_cleared_store_is_as_new
                a_closed_store_refuses
            }
            concurrency {
                one_of_many_wins_each_version
                one_of_many_gets_the_reference
                tasks_are_claimed_by_one
            }
        })+
    };
}

suites! { memory sqlite postgres }
