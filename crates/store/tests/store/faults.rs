//! A full disk, a full queue, rows that are not what was written.

use std::sync::Arc;

use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{RecordChange, WriteSet};
use causeway_store::sqlite::DATABASE_FILE;
use causeway_store::{SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::build::{at, number, order, put, record, reference, submit, task, tasks};
use crate::conformance::{assert_chained, commit};

fn records(change: app::writeset::RecordWrite) -> WriteSet {
    WriteSet { records: vec![change], ..WriteSet::default() }
}

#[tokio::test]
async fn a_full_disk_refuses_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { database_pages_max: Some(400), ..SqliteOptions::default() };
    let store = SqliteStore::open(folder.path(), options).unwrap();
    commit(&store, submit(&order(0))).await;
    commit(&store, records(put("large", &"x".repeat(400_000)))).await;
    let mut placed = 1;
    let full = loop {
        match store.commit(submit(&order(placed))).await {
            Ok(outcome) => assert_eq!(outcome, CommitOutcome::Committed),
            Err(error) => break error,
        }
        placed += 1;
        assert!(placed < 10_000, "the limit was not felt");
    };
    assert!(matches!(full, StoreError::Full(_)), "{full}");
    let refused = placed;

    // Reads go on and nothing of the refused set is there.
    assert!(store.order_by_number(&number(0)).await.unwrap().is_some());
    assert!(store.order_by_number(&number(refused)).await.unwrap().is_none());
    let owner = order(0).terms.merchant.clone();
    assert!(store.by_reference(&owner, &reference(refused)).await.unwrap().is_none());
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(900)));

    // With room again, writes go on, and the journal has no gap.
    commit(&store, records(record("large", RecordChange::Take { expected: 1 }))).await;
    for n in refused..refused + 5 {
        commit(&store, submit(&order(n))).await;
    }
    let lines = store.journal_after(0, 0, 10_000).await.unwrap();
    assert_eq!(lines.len(), usize::try_from(refused + 5).unwrap());
    assert_chained(&lines);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_without_room_fails_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { database_pages_max: Some(400), ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
    let blocker = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut all = tokio::task::JoinSet::new();
    for n in 0..40 {
        let store = Arc::clone(&store);
        all.spawn(async move {
            let body = if n % 10 == 3 { "x".repeat(3_000_000) } else { "x".to_owned() };
            (n, store.commit(records(put(&format!("k{n}"), &body))).await)
        });
    }
    blocker.execute_batch("ROLLBACK").unwrap();
    for (n, outcome) in all.join_all().await {
        match outcome {
            Ok(outcome) => assert!(n % 10 != 3 && outcome == CommitOutcome::Committed, "{n}"),
            Err(error) => {
                assert!(n % 10 == 3 && matches!(error, StoreError::Full(_)), "{n}: {error}");
            }
        }
    }
    assert_eq!(store.records("setting", None, 100).await.unwrap().len(), 36);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    let folder = tempfile::tempdir().unwrap();
    let options = SqliteOptions { queue_count_max: 4, ..SqliteOptions::default() };
    let store = Arc::new(SqliteStore::open(folder.path(), options).unwrap());
    // Nothing can be written while somebody else holds the write lock.
    let blocker = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut all = tokio::task::JoinSet::new();
    for n in 0..50 {
        let store = Arc::clone(&store);
        all.spawn(async move { store.commit(submit(&order(n))).await });
    }
    let mut refused = 0;
    while refused < 30 {
        let error = all.join_next().await.unwrap().unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Overloaded { waiting: 4 }), "{error}");
        refused += 1;
    }
    blocker.execute_batch("ROLLBACK").unwrap();
    let mut committed = 0;
    while let Some(outcome) = all.join_next().await {
        match outcome.unwrap() {
            Ok(outcome) => {
                assert_eq!(outcome, CommitOutcome::Committed);
                committed += 1;
            }
            Err(StoreError::Overloaded { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
    }
    // The writer may have taken one batch of up to four before the queue filled.
    assert!((4..=8).contains(&committed), "{committed} were taken");
    assert_eq!(refused + committed, 50);
    assert_eq!(store.orders_after(None, 100).await.unwrap().len(), committed);
}

#[tokio::test]
async fn a_row_that_was_changed_is_told_as_damage_without_its_content() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap();
    for n in 0..4 {
        commit(&store, submit(&order(n))).await;
    }
    commit(&store, tasks([task(&order(0), "t", Some(1))])).await;
    let raw = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    raw.execute_batch(&format!(
        "UPDATE orders SET body = '{{\"secret-word\":' WHERE number = '{}';
         UPDATE orders SET submitted = (SELECT submitted FROM orders WHERE number = '{}') \
         WHERE number = '{}';
         UPDATE tasks SET body = '{{\"task\":\"secret-word\"}}' WHERE id = 't';
         UPDATE journal SET hash = x'00' WHERE sequence = 2;",
        number(1),
        number(0),
        number(2)
    ))
    .unwrap();
    let owner = order(0).terms.merchant.clone();
    let errors = [
        store.order_by_number(&number(1)).await.unwrap_err(),
        store.order(&owner, &number(2)).await.unwrap_err(),
        store.tasks_of(&owner, &number(0)).await.unwrap_err(),
        store.journal_after(0, 0, 10).await.unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(!error.to_string().contains("secret-word"), "{error}");
    }
    assert!(store.order_by_number(&number(3)).await.unwrap().is_some());
}
