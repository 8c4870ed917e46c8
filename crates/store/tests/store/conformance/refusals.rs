//! Whole or nothing, and which obstacle is told.

use std::sync::Arc;

use app::ports::store::Duplicate;
use app::ports::{CommitOutcome, Store};
use app::writeset::{RecordChange, TaskId, TaskWrite, WriteSet};

use super::commit;
use crate::build::{
    at, change, claim, closed, insert, number, order, owner, postings, put, query_id, record,
    reference, replace, seen, submit, task,
};

/// A set in which everything is new, about order 2.
fn fresh() -> WriteSet {
    let order = order(2);
    let mut set = submit(&order);
    set.postings = postings(&order.terms.query_id, "156", 1_000);
    set.records = vec![put("fresh", "1")];
    set
}

/// Sets that differ from [`fresh`] in one part each, with what the store says when order 1, its
/// task and a document `old` are there in version 1.
fn obstructed() -> Vec<(&'static str, WriteSet, CommitOutcome)> {
    let first = order(1);
    let with_record = |change| {
        let mut set = fresh();
        set.records.push(record("old", change));
        set
    };
    let with_task = |expected| {
        let mut set = fresh();
        let task = task(&first, TaskId::close(&number(1)).as_str(), None);
        set.tasks.push(TaskWrite::Replace { task, expected });
        set
    };
    let body = || "2".to_owned();
    let mut known_reference = claim(&first);
    known_reference.target = claim(&order(2)).target;
    let taken = |text: &str| CommitOutcome::Duplicate(Duplicate::Taken(text.to_owned()));
    let held = CommitOutcome::Duplicate(Duplicate::Reference(Box::new(claim(&first))));
    let insert_old = RecordChange::Insert { body: body(), expires_at: None };
    let replace_old = RecordChange::Replace { body: body(), expected: 2, expires_at: None };
    let message = CommitOutcome::Duplicate(Duplicate::Message);
    vec![
        ("message", WriteSet { seen: seen(query_id(1).as_str()), ..fresh() }, message),
        ("reference", WriteSet { keys: vec![known_reference], ..fresh() }, held),
        ("document", with_record(insert_old), taken("setting/old")),
        ("replaced document", with_record(replace_old), CommitOutcome::Stale),
        ("document to take", with_record(RecordChange::Take { expected: 2 }), CommitOutcome::Stale),
        ("task", with_task(2), CommitOutcome::Stale),
        (
            "missing order",
            WriteSet { order: replace(&order(2), 1), ..fresh() },
            CommitOutcome::Stale,
        ),
    ]
}

pub(crate) async fn a_refused_set_leaves_nothing(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    commit(store.as_ref(), WriteSet { records: vec![put("old", "1")], ..WriteSet::default() })
        .await;
    for (what, set, expected) in obstructed() {
        assert_eq!(store.commit(set).await.unwrap(), expected, "{what}");
        assert_eq!(store.order_by_number(&number(2)).await.unwrap(), None, "{what}");
        assert_eq!(store.by_reference(&owner(0), &reference(2)).await.unwrap(), None, "{what}");
        assert_eq!(store.by_query_id(&owner(0), &query_id(2)).await.unwrap(), None, "{what}");
        assert_eq!(store.tasks_of(&owner(0), &number(2)).await.unwrap(), [], "{what}");
        assert_eq!(store.posting_sums().await.unwrap(), [], "{what}");
        assert_eq!(store.record("setting", "fresh").await.unwrap(), None, "{what}");
        assert_eq!(store.journal_after(0, 0, 10).await.unwrap().len(), 1, "{what}");
        let old = store.record("setting", "old").await.unwrap().unwrap();
        assert_eq!((old.version, old.value.as_str()), (1, "1"), "{what}");
    }
    // The message of the refused sets was not remembered either.
    commit(store.as_ref(), fresh()).await;
}

pub(crate) async fn the_first_obstacle_is_told(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    let stale = WriteSet { records: vec![], ..change(&closed(&order(1)), 9) };
    let with_record = |set: WriteSet| WriteSet {
        records: vec![record("x", RecordChange::Take { expected: 4 })],
        ..set
    };
    let reference = CommitOutcome::Duplicate(Duplicate::Reference(Box::new(claim(&order(1)))));

    let all = with_record(submit(&order(1)));
    let outcome = store.commit(all.clone()).await.unwrap();
    assert_eq!(outcome, CommitOutcome::Duplicate(Duplicate::Message));
    let no_message = WriteSet { seen: seen("another"), ..all.clone() };
    assert_eq!(store.commit(no_message).await.unwrap(), reference, "a reference before a number");
    let replay = WriteSet { keys: vec![claim(&order(1))], ..with_record(stale.clone()) };
    assert_eq!(store.commit(replay).await.unwrap(), reference, "a reference before a version");
    let taken = WriteSet { seen: seen("another"), keys: Vec::new(), ..all };
    let outcome = store.commit(taken).await.unwrap();
    assert_eq!(
        outcome,
        CommitOutcome::Duplicate(Duplicate::Taken(number(1).to_string())),
        "a number before a version"
    );
    assert_eq!(store.commit(stale).await.unwrap(), CommitOutcome::Stale);
}

pub(crate) async fn a_taken_number_is_named(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    // The number of the order.
    let mut again = order(1);
    std::sync::Arc::make_mut(&mut again.terms).reference = reference(5);
    std::sync::Arc::make_mut(&mut again.terms).query_id = query_id(5);
    let set = WriteSet { order: insert(&again), at: Some(at(0)), ..WriteSet::default() };
    let taken = CommitOutcome::Duplicate(Duplicate::Taken(number(1).to_string()));
    assert_eq!(store.commit(set).await.unwrap(), taken);
    // The number of the transaction.
    let mut other = order(6);
    std::sync::Arc::make_mut(&mut other.terms).query_id = query_id(1);
    let taken = CommitOutcome::Duplicate(Duplicate::Taken(query_id(1).to_string()));
    let set = WriteSet { order: insert(&other), ..WriteSet::default() };
    assert_eq!(store.commit(set).await.unwrap(), taken);
    let mut claims = claim(&order(6));
    claims.target.query_id = query_id(1);
    let set = WriteSet { keys: vec![claims], ..WriteSet::default() };
    assert_eq!(store.commit(set).await.unwrap(), taken);
    assert_eq!(store.by_query_id(&owner(0), &query_id(5)).await.unwrap(), None);
}
