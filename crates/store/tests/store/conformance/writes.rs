//! What is written can be read, as it was written.

use std::sync::Arc;

use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{NameClaim, Operation, RecordChange, TaskId, TaskWrite, Versioned, WriteSet};
use domain::ids::QueryId;
use domain::ledger::Account;
use jiff::Timestamp;

use super::commit;
use crate::build::{
    at, attempted, change, claim, closed, order, order_of, owner, postings, put, query_id, record,
    reference, refund_claim, submit, task, tasks,
};

pub(crate) async fn all_parts_are_written_and_read_back(store: &Arc<dyn Store>) {
    let order = order(1);
    let mut set = submit(&order);
    set.postings = postings(&order.terms.query_id, "156", 1_000);
    set.records = vec![put("theme", "\"dark\"")];
    let close = TaskId::close(&order.terms.number);
    commit(store.as_ref(), set.clone()).await;

    let stored = Versioned { value: order.clone(), version: 1 };
    let number = &order.terms.number;
    assert_eq!(store.order(&owner(0), number).await.unwrap().as_ref(), Some(&stored));
    assert_eq!(store.order_by_number(number).await.unwrap(), Some(stored));
    assert_eq!(store.order(&owner(1), number).await.unwrap(), None);
    let found = store.by_reference(&owner(0), &reference(1)).await.unwrap();
    assert_eq!(found, Some(claim(&order)));
    assert_eq!(store.by_reference(&owner(1), &reference(1)).await.unwrap(), None);
    let found = store.task(&owner(0), &close).await.unwrap().unwrap();
    assert_eq!((found.version, found.value.due_at), (1, Some(at(900))));
    assert_eq!(store.task(&owner(1), &close).await.unwrap(), None);
    assert_eq!(store.postings_of(&owner(0), number).await.unwrap(), set.postings);
    assert_eq!(store.postings_of(&owner(1), number).await.unwrap(), []);
    let found = store.record("setting", "theme").await.unwrap();
    assert_eq!(found, Some(Versioned { value: "\"dark\"".to_owned(), version: 1 }));
    assert_eq!(store.journal_of(number.as_str()).await.unwrap().len(), 1);
    store.ready().await.unwrap();
}

pub(crate) async fn orders_are_replaced_under_their_version(store: &Arc<dyn Store>) {
    let placed = order(1);
    commit(store.as_ref(), submit(&placed)).await;
    let next = closed(&placed);
    commit(store.as_ref(), change(&next, 1)).await;
    let found = store.order_by_number(&placed.terms.number).await.unwrap();
    assert_eq!(found, Some(Versioned { value: next.clone(), version: 2 }));
    for stale in [0, 1, 3] {
        let outcome = store.commit(change(&placed, stale)).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Stale, "version {stale}");
    }
    assert_eq!(store.commit(change(&order(2), 1)).await.unwrap(), CommitOutcome::Stale);
    assert_eq!(store.commit(change(&order_of(1, 1), 2)).await.unwrap(), CommitOutcome::Stale);
    let found = store.order_by_number(&placed.terms.number).await.unwrap();
    assert_eq!(found, Some(Versioned { value: next, version: 2 }));
}

pub(crate) async fn transactions_are_found_by_their_owner_alone(store: &Arc<dyn Store>) {
    let without_claim = order(1);
    let bare = WriteSet { keys: Vec::new(), ..submit(&without_claim) };
    commit(store.as_ref(), bare).await;
    let found = store.by_query_id(&owner(0), &query_id(1)).await.unwrap();
    assert_eq!(found, Some(claim(&without_claim).target), "the payment needs no claim");
    assert_eq!(store.by_query_id(&owner(1), &query_id(1)).await.unwrap(), None);

    let refund = refund_claim(&without_claim, 7);
    let set = WriteSet { keys: vec![refund.clone()], ..change(&closed(&without_claim), 1) };
    commit(store.as_ref(), set).await;
    assert_eq!(store.by_query_id(&owner(0), &query_id(7)).await.unwrap(), Some(refund.target));
    assert_eq!(store.by_query_id(&owner(1), &query_id(7)).await.unwrap(), None);
    assert_eq!(store.by_query_id(&owner(0), &query_id(8)).await.unwrap(), None);

    // Two merchants may use the same reference.
    commit(store.as_ref(), submit(&order_of(1, 2))).await;
    let mut other = order(3);
    std::sync::Arc::make_mut(&mut other.terms).reference = reference(2);
    commit(store.as_ref(), submit(&other)).await;
    let found = store.by_reference(&owner(0), &reference(2)).await.unwrap().unwrap();
    assert_eq!(found.target.order, other.terms.number);
}

pub(crate) async fn second_names_stay_with_the_first(store: &Arc<dyn Store>) {
    let name = |order: &domain::Order| NameClaim {
        owner: order.terms.merchant.clone(),
        name: "wallet-77".to_owned(),
        target: claim(order).target,
    };
    let named = |order: &domain::Order| WriteSet { names: vec![name(order)], ..submit(order) };
    assert_eq!(store.by_name(&owner(0), "wallet-77").await.unwrap(), None);
    for order in [order(1), order(2), order_of(1, 3)] {
        commit(store.as_ref(), named(&order)).await;
    }
    let found = store.by_name(&owner(0), "wallet-77").await.unwrap();
    assert_eq!(found, Some(claim(&order(1)).target), "the first keeps it");
    let found = store.by_name(&owner(1), "wallet-77").await.unwrap();
    assert_eq!(found, Some(claim(&order_of(1, 3)).target), "each merchant has its own");
    assert_eq!(store.by_name(&owner(0), "wallet-7").await.unwrap(), None);
    let refused = WriteSet {
        names: vec![NameClaim { name: "other".to_owned(), ..name(&order(1)) }],
        ..change(&order(1), 9)
    };
    assert_eq!(store.commit(refused).await.unwrap(), CommitOutcome::Stale);
    assert_eq!(store.by_name(&owner(0), "other").await.unwrap(), None);
}

pub(crate) async fn references_share_an_order_id(store: &Arc<dyn Store>) {
    let of = |index: usize, n: u32, second: u32| {
        let mut order = order_of(index, n);
        std::sync::Arc::make_mut(&mut order.terms).reference.order_id = "shared".into();
        std::sync::Arc::make_mut(&mut order.terms).reference.txn_time =
            format!("202701150800{second:02}").as_str().into();
        order
    };
    for n in 0..12 {
        commit(store.as_ref(), submit(&of(0, n, 30 - n))).await;
    }
    commit(store.as_ref(), submit(&of(1, 20, 1))).await;
    let found = store.references(&owner(0), &"shared".into()).await.unwrap();
    let expected: Vec<_> = (0..10).map(|n| claim(&of(0, n, 30 - n))).collect();
    assert_eq!(found, expected, "the latest ten, the latest first");
    let found = store.references(&owner(1), &"shared".into()).await.unwrap();
    assert_eq!(found, [claim(&of(1, 20, 1))]);
    assert_eq!(store.references(&owner(0), &"share".into()).await.unwrap(), []);
}

pub(crate) async fn documents_follow_their_versions(store: &Arc<dyn Store>) {
    let try_change = async |change: RecordChange| {
        let records = vec![record("a", change)];
        store.commit(WriteSet { records, ..WriteSet::default() }).await.unwrap()
    };
    let insert = |body: &str| RecordChange::Insert { body: body.to_owned(), expires_at: None };
    let replace =
        |expected| RecordChange::Replace { body: "second".to_owned(), expected, expires_at: None };
    let put = || RecordChange::Put { body: "third".to_owned(), expires_at: None };
    assert_eq!(try_change(replace(1)).await, CommitOutcome::Stale, "not there");
    assert_eq!(try_change(RecordChange::Take { expected: 1 }).await, CommitOutcome::Stale);
    assert_eq!(try_change(insert("first")).await, CommitOutcome::Committed);
    assert!(matches!(try_change(insert("again")).await, CommitOutcome::Duplicate(_)));
    assert_eq!(try_change(replace(1)).await, CommitOutcome::Committed);
    assert_eq!(try_change(replace(1)).await, CommitOutcome::Stale);
    assert_eq!(try_change(put()).await, CommitOutcome::Committed);
    let found = store.record("setting", "a").await.unwrap();
    assert_eq!(found, Some(Versioned { value: "third".to_owned(), version: 3 }));
    assert_eq!(try_change(RecordChange::Take { expected: 2 }).await, CommitOutcome::Stale);
    assert_eq!(try_change(RecordChange::Take { expected: 3 }).await, CommitOutcome::Committed);
    assert_eq!(try_change(RecordChange::Take { expected: 3 }).await, CommitOutcome::Stale);
    assert_eq!(store.record("setting", "a").await.unwrap(), None);
    assert_eq!(try_change(put()).await, CommitOutcome::Committed);
    assert_eq!(store.record("setting", "a").await.unwrap().unwrap().version, 1);
}

pub(crate) async fn sets_of_a_wrong_shape_are_never_written(store: &Arc<dyn Store>) {
    let order = order(1);
    let unbalanced = {
        let mut lines = postings(&order.terms.query_id, "156", 5);
        lines.pop();
        WriteSet { postings: lines, ..submit(&order) }
    };
    let two_currencies = {
        let mut lines = postings(&order.terms.query_id, "156", 5);
        lines[1] = postings(&order.terms.query_id, "344", 5).remove(1);
        WriteSet { postings: lines, ..submit(&order) }
    };
    let operation = Operation { stream: "s".into(), kind: "k".into(), body: "{}".into() };
    let write = TaskWrite::Insert(task(&order, "twice", None));
    let wrong = [
        ("unbalanced", unbalanced),
        ("two currencies", two_currencies),
        ("no order", WriteSet { order: None, ..submit(&order) }),
        ("no time", WriteSet { at: None, ..submit(&order) }),
        ("no time", WriteSet { operations: vec![operation], ..WriteSet::default() }),
        ("one key twice", WriteSet { keys: vec![claim(&order); 2], ..submit(&order) }),
        ("one task twice", WriteSet { tasks: vec![write; 2], ..submit(&order) }),
        ("one document twice", WriteSet { records: vec![put("a", "1"); 2], ..submit(&order) }),
    ];
    for (what, set) in wrong {
        let refused = store.commit(set).await;
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{what}: {refused:?}");
    }
    assert_eq!(store.order_by_number(&order.terms.number).await.unwrap(), None);
    assert_eq!(store.journal_after(0, 0, 10).await.unwrap(), []);
    commit(store.as_ref(), submit(&order)).await;
}

pub(crate) async fn every_account_is_read_back(store: &Arc<dyn Store>) {
    // A new kind of account has to be added here, and in what every store reads.
    let next = |account: Option<&Account>| match account {
        None => Some(Account::Clearing("48020000".into())),
        Some(Account::Clearing(_)) => Some(Account::Wallet(domain::payway::Payway(999))),
        Some(Account::Wallet(_)) => Some(Account::Merchant(owner(0))),
        Some(Account::Merchant(_)) => None,
    };
    let mut last = None;
    for n in 1.. {
        let Some(account) = next(last.as_ref()) else { break };
        let order = order(n);
        let mut lines = postings(&order.terms.query_id, "156", 5);
        lines[0].account = account.clone();
        let set = WriteSet { postings: lines.clone(), ..submit(&order) };
        commit(store.as_ref(), set).await;
        let found = store.postings_of(&owner(0), &order.terms.number).await.unwrap();
        assert_eq!(found, lines);
        last = Some(account);
    }
}

pub(crate) async fn a_transaction_is_posted_once(store: &Arc<dyn Store>) {
    let order = order(1);
    commit(store.as_ref(), submit(&order)).await;
    let pay = |expected, transaction: &QueryId| WriteSet {
        postings: postings(transaction, "156", 1_000),
        ..change(&order, expected)
    };
    commit(store.as_ref(), pay(1, &query_id(1))).await;
    let again = store.commit(pay(2, &query_id(1))).await;
    assert!(matches!(again, Err(StoreError::Damaged { .. })), "{again:?}");
    let found = store.order_by_number(&order.terms.number).await.unwrap().unwrap();
    assert_eq!(found.version, 2, "nothing of the refused set is there");
    commit(store.as_ref(), pay(2, &query_id(9))).await;
    let lines = store.postings_of(&owner(0), &order.terms.number).await.unwrap();
    let transactions: Vec<&str> = lines.iter().map(|line| line.transaction.as_str()).collect();
    let (first, second) = (query_id(1), query_id(9));
    let expected = [&first, &first, &second, &second].map(QueryId::as_str);
    assert_eq!(transactions, expected);
    assert_eq!(store.journal_after(0, 0, 10).await.unwrap().len(), 3);
}

pub(crate) async fn instants_are_kept_to_the_microsecond_and_never_earlier(store: &Arc<dyn Store>) {
    let order = order(1);
    let odd = Timestamp::from_nanosecond(1_800_000_000_000_001_001).unwrap();
    let kept = Timestamp::from_microsecond(1_800_000_000_000_002).unwrap();
    let mut set = submit(&order);
    set.at = Some(odd);
    commit(store.as_ref(), set).await;
    let mut first = task(&order, "odd", None);
    first.due_at = Some(odd);
    commit(store.as_ref(), tasks([first.clone()])).await;
    let found = store.task(&owner(0), &first.id).await.unwrap().unwrap();
    assert_eq!(found.value.due_at, Some(kept));
    let line = store.journal_of(order.terms.number.as_str()).await.unwrap().remove(0);
    assert_eq!((line.at, app::journal::hash(&line)), (kept, line.hash));
    let next = attempted(&found.value);
    let write = TaskWrite::Replace { task: next.clone(), expected: 1 };
    commit(store.as_ref(), WriteSet { tasks: vec![write], ..WriteSet::default() }).await;
    let found = store.task(&owner(0), &first.id).await.unwrap().unwrap();
    assert_eq!((found.value, found.version), (next, 2));
}
