//! Several nodes over one PostgreSQL database.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use app::ports::store::Lease;
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{RecordChange, WriteSet};
use causeway_store::PostgresStore;
use tokio::task::JoinSet;

use crate::build::{
    at, change, closed, number, order, order_of, record, reference, seen, submit, task, tasks,
};
use crate::conformance::{assert_chained, commit};
use crate::database;

async fn three_nodes() -> (String, Vec<Arc<PostgresStore>>) {
    let url = database::fresh().await;
    let mut nodes = Vec::new();
    for _ in 0..3 {
        nodes.push(Arc::new(database::open(&url).await));
    }
    (url, nodes)
}

/// Every lane, each chained from its first line; all lines together.
async fn all_lines(store: &dyn Store) -> Vec<app::ports::store::JournalEntry> {
    let mut all = Vec::new();
    for lane in store.journal_lanes().await.unwrap() {
        let lines = store.journal_after(lane, 0, 10_000).await.unwrap();
        assert_chained(&lines);
        all.extend(lines);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_node_wins_each_version_and_each_reference() {
    let (_, nodes) = three_nodes().await;
    commit(nodes[0].as_ref(), submit(&order(0))).await;
    for version in 1..=10 {
        let mut all = JoinSet::new();
        for n in 0..60_u32 {
            let node = Arc::clone(&nodes[n as usize % 3]);
            all.spawn(async move {
                let mut placed = order(1_000 * u32::try_from(version).unwrap() + n);
                std::sync::Arc::make_mut(&mut placed.terms).reference =
                    reference(5_000 + u32::try_from(version).unwrap());
                let moved = node.commit(change(&order(0), version)).await.unwrap();
                let claimed = node.commit(submit(&placed)).await.unwrap();
                (moved, claimed)
            });
        }
        let outcomes = all.join_all().await;
        let moved = outcomes.iter().filter(|it| it.0 == CommitOutcome::Committed).count();
        let claimed = outcomes.iter().filter(|it| it.1 == CommitOutcome::Committed).count();
        assert_eq!((moved, claimed), (1, 1), "version {version}");
        assert!(outcomes.iter().all(|it| it.0 != CommitOutcome::Stale || it.1 != it.0));
    }
    // The lines of one order stand in the lanes of several nodes and are read in their order.
    let lines = nodes[1].journal_of(number(0).as_str()).await.unwrap();
    assert_eq!(lines.len(), 11);
    assert_eq!(lines[0].kind, "submitted");
    assert_eq!(all_lines(nodes[2].as_ref()).await.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_told_in_the_order_of_its_versions() {
    let (_, nodes) = three_nodes().await;
    commit(nodes[2].as_ref(), submit(&order(1))).await;
    for version in 1..=9_u64 {
        let node = &nodes[usize::try_from(version).unwrap() % 3];
        let changed = change(&order(1), version);
        let events = vec![domain::Event::Closed { at: at(i64::try_from(version).unwrap()) }];
        commit(node.as_ref(), WriteSet { events, ..changed }).await;
    }
    let lines = nodes[0].journal_of(number(1).as_str()).await.unwrap();
    let told: Vec<String> = lines[1..].iter().map(|line| line.body.clone()).collect();
    let expected: Vec<String> = (1..=9)
        .map(|n| serde_json::to_string(&domain::Event::Closed { at: at(n) }).unwrap())
        .collect();
    assert_eq!(told, expected);
    assert_eq!(nodes[0].journal_lanes().await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_acted_on_by_one_node_and_a_link_taken_by_one() {
    let (_, nodes) = three_nodes().await;
    let insert = RecordChange::Insert { body: "{}".to_owned(), expires_at: None };
    let made = WriteSet { records: vec![record("link", insert)], ..WriteSet::default() };
    commit(nodes[0].as_ref(), made).await;
    let mut all = JoinSet::new();
    for n in 0..30 {
        let node = Arc::clone(&nodes[n % 3]);
        all.spawn(async move {
            let replayed = WriteSet { seen: seen("once"), ..WriteSet::default() };
            let take = record("link", RecordChange::Take { expected: 1 });
            let taken = WriteSet { records: vec![take], ..WriteSet::default() };
            (node.commit(replayed).await.unwrap(), node.commit(taken).await.unwrap())
        });
    }
    let outcomes = all.join_all().await;
    let acted = outcomes.iter().filter(|it| it.0 == CommitOutcome::Committed).count();
    let taken = outcomes.iter().filter(|it| it.1 == CommitOutcome::Committed).count();
    assert_eq!((acted, taken), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_goes_to_one_node_until_its_lease_lapses() {
    let (_, nodes) = three_nodes().await;
    let all = (0..120).map(|n| task(&order(1), &format!("t{n:03}"), Some(n)));
    commit(nodes[0].as_ref(), tasks(all)).await;
    let claim = |node: usize, real: i64| {
        let node = Arc::clone(&nodes[node]);
        let holder = format!("node-{real}");
        async move {
            let lease = Lease { holder, real_now: at(real), lease_until: at(real + 90) };
            let claimed = node.claim_due(at(500), &lease, 40).await.unwrap();
            claimed.into_iter().map(|task| task.value.id.as_str().to_owned()).collect::<Vec<_>>()
        }
    };
    let (one, other, third) = tokio::join!(claim(0, 0), claim(1, 1), claim(2, 2));
    let mut claimed: Vec<String> = [one, other, third].concat();
    while claimed.len() < 120 {
        // Rows that another node was claiming were passed over.
        claimed.extend(claim(0, 3).await);
    }
    let distinct: BTreeSet<&String> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (120, 120));
    assert_eq!(claim(1, 50).await, [""; 0]);
    assert_eq!(claim(2, 95).await.len(), 40, "a dead node's tasks are taken over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lane_that_was_taken_over_is_not_continued() {
    let url = database::fresh().await;
    let first = database::open(&url).await;
    commit(&first, submit(&order(1))).await;
    // As after a pause in which the lease of the lane lapsed.
    let client = database::client(&url).await;
    let sql = "UPDATE lanes SET held_until = now() - interval '1 second'";
    client.batch_execute(sql).await.unwrap();
    let second = database::open(&url).await;
    commit(&second, submit(&order(2))).await;
    commit(&first, submit(&order(3))).await;
    commit(&second, submit(&order(4))).await;
    let mut told = Vec::new();
    for lane in second.journal_lanes().await.unwrap() {
        let lines = second.journal_after(lane, 0, 10).await.unwrap();
        assert_chained(&lines);
        told.push(lines.iter().map(|line| line.stream.clone()).collect::<Vec<_>>());
    }
    let streams = |all: &[u32]| all.iter().map(|n| number(*n).to_string()).collect::<Vec<_>>();
    assert_eq!(told, [streams(&[1, 2, 4]), streams(&[3])]);
    // A lane that is given back is continued by the next node.
    second.close().await.unwrap();
    first.close().await.unwrap();
    let third = database::open(&url).await;
    commit(&third, submit(&order(5))).await;
    assert_eq!(third.journal_lanes().await.unwrap().len(), 2);
    assert_eq!(all_lines(&third).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_lane_is_not_continued() {
    let url = database::fresh().await;
    let store = database::open(&url).await;
    commit(&store, submit(&order(1))).await;
    store.close().await.unwrap();
    let client = database::client(&url).await;
    client.batch_execute("UPDATE journal SET body = '{}'").await.unwrap();
    let store = database::open(&url).await;
    let refused = store.commit(submit(&order(2))).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    assert_eq!(store.order_by_number(&number(2)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_nodes_hear_of_tasks() {
    let (_, nodes) = three_nodes().await;
    let (mut own, mut other) = (nodes[0].wakes(), nodes[1].wakes());
    own.mark_unchanged();
    commit(nodes[0].as_ref(), submit(&order(1))).await;
    tokio::time::timeout(Duration::from_secs(20), other.changed()).await.unwrap().unwrap();
    assert!(!own.has_changed().unwrap(), "a node does not wake itself");
}

#[tokio::test]
async fn a_number_of_two_merchants_is_told_as_damage() {
    let store = database::open(&database::fresh().await).await;
    commit(&store, submit(&order(1))).await;
    let mut other = order_of(1, 1);
    std::sync::Arc::make_mut(&mut other.terms).query_id = "x".into();
    commit(&store, submit(&other)).await;
    assert_eq!(store.order(&other.terms.merchant, &number(1)).await.unwrap().unwrap().version, 1);
    let found = store.order_by_number(&number(1)).await;
    assert!(matches!(found, Err(StoreError::Damaged { .. })), "{found:?}");
    commit(&store, change(&closed(&other), 1)).await;
    let first = store.order(&order(1).terms.merchant, &number(1)).await.unwrap().unwrap();
    assert_eq!((first.version, first.value), (1, order(1)));
}
