//! Questions over many rows, and what becomes of all of them.

use std::sync::Arc;

use app::ports::{Store, StoreError};
use app::writeset::{RecordChange, SeenMessage, WriteSet};

use super::commit;
use crate::build::{
    at, change, closed, number, order, order_of, owner, postings, put, query_id, record, reference,
    refund_claim, seen, submit,
};

pub(crate) async fn orders_are_found_by_any_of_their_numbers(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    let refund = WriteSet { keys: vec![refund_claim(&order(1), 7)], ..change(&order(1), 1) };
    commit(store.as_ref(), refund).await;
    let names = [
        number(1).to_string(),
        query_id(1).to_string(),
        query_id(7).to_string(),
        reference(1).order_id.to_string(),
        reference(7).order_id.to_string(),
    ];
    for name in names {
        assert_eq!(store.find_orders(&name).await.unwrap(), [number(1)], "{name}");
    }
    assert_eq!(store.find_orders("").await.unwrap(), []);
    assert_eq!(store.find_orders("order-").await.unwrap(), []);
    // The same orderId of many transactions.
    for n in 20..32 {
        let mut order = order_of(1, n);
        std::sync::Arc::make_mut(&mut order.terms).reference.order_id = "shared-id".into();
        std::sync::Arc::make_mut(&mut order.terms).reference.txn_time =
            format!("202701150800{n}").as_str().into();
        commit(store.as_ref(), submit(&order)).await;
    }
    let expected: Vec<_> = (20..30).map(number).collect();
    assert_eq!(store.find_orders("shared-id").await.unwrap(), expected);
}

pub(crate) async fn pages_go_over_everything_once(store: &Arc<dyn Store>) {
    for n in 1..=7 {
        let set = WriteSet { records: vec![put(&format!("k{n}"), "x")], ..submit(&order(n)) };
        commit(store.as_ref(), set).await;
    }
    let other = record("k9", RecordChange::Put { body: "y".to_owned(), expires_at: None });
    let elsewhere = app::writeset::RecordWrite { space: "other", ..other };
    commit(store.as_ref(), WriteSet { records: vec![elsewhere], ..WriteSet::default() }).await;

    let (mut numbers, mut keys) = (Vec::new(), Vec::new());
    loop {
        let page = store.orders_after(numbers.last(), 3).await.unwrap();
        let records = store.records("setting", keys.last().map(String::as_str), 3).await.unwrap();
        assert_eq!(page.len(), records.len());
        if page.is_empty() {
            break;
        }
        numbers.extend(page.into_iter().map(|order| order.value.terms.number.clone()));
        keys.extend(records.into_iter().map(|(key, _)| key));
    }
    assert_eq!(numbers, (1..=7).map(number).collect::<Vec<_>>());
    assert_eq!(keys, (1..=7).map(|n| format!("k{n}")).collect::<Vec<_>>());
    assert_eq!(store.orders_after(None, usize::MAX).await.unwrap().len(), 7);
}

pub(crate) async fn sums_are_exact_and_by_currency(store: &Arc<dyn Store>) {
    assert_eq!(store.posting_sums().await.unwrap(), []);
    for (n, currency, minor) in [(1, "344", i64::MAX), (2, "156", 7), (3, "344", i64::MAX)] {
        let order = order(n);
        let set = WriteSet {
            postings: postings(&order.terms.query_id, currency, minor),
            ..submit(&order)
        };
        commit(store.as_ref(), set).await;
    }
    let sums = store.posting_sums().await.unwrap();
    let shown: Vec<(&str, i128, u64)> =
        sums.iter().map(|sum| (sum.currency.numeric(), sum.minor, sum.count)).collect();
    assert_eq!(shown, [("156", 0, 2), ("344", 0, 4)]);
}

pub(crate) async fn what_expired_is_forgotten(store: &Arc<dyn Store>) {
    let expiring = |key: &str, expires_at| {
        record(key, RecordChange::Insert { body: String::new(), expires_at })
    };
    let records = vec![
        expiring("business", Some(at(100))),
        expiring("later", Some(at(101))),
        expiring("never", None),
    ];
    commit(store.as_ref(), WriteSet { records, seen: seen("m"), ..WriteSet::default() }).await;
    let longer = SeenMessage { until: at(601), ..seen("n").unwrap() };
    commit(store.as_ref(), WriteSet { seen: Some(longer), ..WriteSet::default() }).await;

    assert_eq!(store.forget_expired(at(100), at(600)).await.unwrap(), 0, "not past yet");
    let just_after = at(100) + jiff::SignedDuration::from_nanos(1);
    assert_eq!(store.forget_expired(just_after, at(0)).await.unwrap(), 1);
    assert_eq!(store.record("setting", "business").await.unwrap(), None);
    assert!(store.record("setting", "later").await.unwrap().is_some());
    // Real time forgets messages, business time does not.
    assert_eq!(store.forget_expired(at(101), at(601)).await.unwrap(), 1);
    commit(store.as_ref(), WriteSet { seen: seen("m"), ..WriteSet::default() }).await;
    let again = store.commit(WriteSet { seen: seen("n"), ..WriteSet::default() }).await.unwrap();
    assert_ne!(again, app::ports::CommitOutcome::Committed);
    assert_eq!(store.forget_expired(at(9_999), at(0)).await.unwrap(), 1);
    assert!(store.record("setting", "never").await.unwrap().is_some());
}

pub(crate) async fn a_cleared_store_is_as_new(store: &Arc<dyn Store>) {
    let full = || WriteSet {
        postings: postings(&query_id(1), "156", 5),
        records: vec![put("a", "1")],
        ..submit(&order(1))
    };
    commit(store.as_ref(), full()).await;
    let before = store.journal_after(0, 0, 10).await.unwrap();
    store.clear().await.unwrap();
    assert_eq!(store.orders_after(None, 10).await.unwrap(), []);
    assert_eq!(store.tasks_of(&owner(0), &number(1)).await.unwrap(), []);
    assert_eq!(store.posting_sums().await.unwrap(), []);
    assert_eq!(store.record("setting", "a").await.unwrap(), None);
    assert_eq!(store.journal_lanes().await.unwrap(), [0; 0]);
    assert_eq!(store.next_due(at(0)).await.unwrap(), None);
    commit(store.as_ref(), full()).await;
    assert_eq!(store.journal_after(0, 0, 10).await.unwrap(), before);
}

pub(crate) async fn a_closed_store_refuses(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    store.close().await.unwrap();
    let refused = store.commit(change(&closed(&order(1)), 1)).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    let refused = store.order_by_number(&number(1)).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
    assert!(matches!(store.ready().await, Err(StoreError::Closed)));
    assert!(matches!(store.journal_of("x").await, Err(StoreError::Closed)));
}
