//! The journal: every line, in order, chained.

use std::sync::Arc;

use app::journal::{GENESIS, hash};
use app::ports::store::JournalEntry;
use app::ports::{CommitOutcome, Store};
use app::writeset::{Operation, WriteSet};
use domain::Event;

use super::commit;
use crate::build::{OWNERS, at, change, closed, number, order, submit};

/// Asserts that the lines follow on each other from the first.
pub(crate) fn assert_chained(lines: &[JournalEntry]) {
    let mut previous = GENESIS;
    for (sequence, line) in (1_u64..).zip(lines) {
        assert_eq!((line.sequence, line.previous), (sequence, previous));
        assert_eq!(line.hash, hash(line), "line {sequence}");
        previous = line.hash;
    }
}

pub(crate) async fn lines_are_chained_without_gaps(store: &Arc<dyn Store>) {
    assert_eq!(store.journal_lanes().await.unwrap(), [0; 0]);
    for n in 1..=5 {
        commit(store.as_ref(), submit(&order(n))).await;
        let refused = store.commit(submit(&order(n))).await.unwrap();
        assert!(matches!(refused, CommitOutcome::Duplicate(_)));
        let stale = store.commit(change(&order(n), 7)).await.unwrap();
        assert_eq!(stale, CommitOutcome::Stale);
    }
    let [lane] = store.journal_lanes().await.unwrap()[..] else { panic!("one lane") };
    let lines = store.journal_after(lane, 0, 100).await.unwrap();
    assert_eq!(lines.len(), 5);
    assert_chained(&lines);
    assert_eq!(store.journal_after(lane, 2, 2).await.unwrap(), lines[2..4]);
    assert_eq!(store.journal_after(lane, 5, 2).await.unwrap(), []);
    assert_eq!(store.journal_after(lane + 1, 0, 2).await.unwrap(), []);
}

pub(crate) async fn a_stream_has_its_own_lines(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    commit(store.as_ref(), submit(&order(2))).await;
    commit(store.as_ref(), change(&closed(&order(1)), 1)).await;
    let lines = store.journal_of(number(1).as_str()).await.unwrap();
    let kinds: Vec<&str> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["submitted", "closed"]);
    assert!(lines.iter().all(|line| line.owner == OWNERS[0]));
    assert_eq!((lines[0].at, lines[1].at), (at(0), at(900)));
    let event: Event = serde_json::from_str(&lines[1].body).unwrap();
    assert_eq!(event, Event::Closed { at: at(900) });
    assert_eq!(store.journal_of("nothing").await.unwrap(), []);
}

pub(crate) async fn operations_stand_beside_orders(store: &Arc<dyn Store>) {
    let operation = |kind: &str| Operation {
        stream: "channel:20000001".to_owned(),
        kind: kind.to_owned(),
        body: "{\"by\":\"operator\"}".to_owned(),
    };
    let operations = vec![operation("opened"), operation("closed")];
    commit(store.as_ref(), WriteSet { operations, ..submit(&order(1)) }).await;
    let lines = store.journal_after(0, 0, 10).await.unwrap();
    assert_chained(&lines);
    let kinds: Vec<&str> = lines.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["submitted", "opened", "closed"]);
    let of_stream = store.journal_of("channel:20000001").await.unwrap();
    assert_eq!(of_stream, lines[1..]);
    assert_eq!((of_stream[0].owner.as_str(), of_stream[0].at), ("", at(0)));
    assert_eq!(of_stream[0].body, "{\"by\":\"operator\"}");
}
