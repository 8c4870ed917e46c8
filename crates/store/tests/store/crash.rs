//! Invariant 1: what was acknowledged is there after `kill -9` at any instant.
//!
//! The test starts itself once more as a child that commits from many tasks at once and prints
//! each number after its acknowledgement; the parent kills it in the middle and looks.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use app::ports::Store;
use causeway_store::{SqliteOptions, SqliteStore};

use crate::build::{number, order, owner, query_id, reference, submit};
use crate::conformance::{assert_chained, commit};
use crate::database;

/// Tells the child where to write, a folder or the URL of a database; without it the child's part
/// does nothing.
const PLACE: &str = "CAUSEWAY_STORE_TEST_PLACE";
const FIRST: &str = "CAUSEWAY_STORE_TEST_FIRST";
const SUBMITTERS: usize = 32;

async fn open(place: &str) -> Arc<dyn Store> {
    if place.starts_with("postgres") {
        return Arc::new(database::open(place).await);
    }
    Arc::new(SqliteStore::open(Path::new(place), SqliteOptions::default()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    let (store, next) = (open(&place).await, Arc::new(AtomicU32::new(first)));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..SUBMITTERS {
        let (store, next) = (Arc::clone(&store), Arc::clone(&next));
        all.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                commit(store.as_ref(), submit(&order(n))).await;
                let line = format!("\nacknowledged {n}\n");
                std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    all.join_all().await;
}

/// Lets a child commit until so many are acknowledged, kills it, and returns all that were.
fn killed_after(place: &str, first: u32, count: usize) -> BTreeSet<u32> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child_that_is_killed", "--nocapture"])
        .env(PLACE, place)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut take = |line: String| {
        let number: Option<u32> = line.strip_prefix("acknowledged ").and_then(|n| n.parse().ok());
        acknowledged.extend(number);
        acknowledged.len()
    };
    while take(lines.next().expect("the child ended by itself").unwrap()) < count {}
    child.kill().unwrap();
    // What it still said counts as well; the last line may be cut.
    for line in lines.map_while(Result::ok) {
        take(line);
    }
    child.wait().unwrap();
    acknowledged.pop_last();
    acknowledged
}

#[tokio::test]
async fn acknowledged_write_sets_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    survive(folder.path().to_str().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_write_sets_survive_a_kill_of_a_node() {
    survive(&database::fresh().await).await;
}

async fn survive(place: &str) {
    let mut acknowledged = BTreeSet::new();
    for (first, count) in [(0, 1), (100_000, 40), (200_000, 300), (300_000, 1_000)] {
        acknowledged.append(&mut killed_after(place, first, count));
    }
    assert!(acknowledged.len() > 1_000);
    let store = open(place).await;
    for &n in &acknowledged {
        let found = store.order_by_number(&number(n)).await.unwrap();
        assert_eq!(found.map(|order| order.value), Some(order(n)), "{n}");
        let claim = store.by_reference(&owner(0), &reference(n)).await.unwrap();
        assert_eq!(claim.map(|claim| claim.target.order), Some(number(n)));
        assert!(store.by_query_id(&owner(0), &query_id(n)).await.unwrap().is_some());
        assert_eq!(store.tasks_of(&owner(0), &number(n)).await.unwrap().len(), 1);
    }
    let mut lines = Vec::new();
    for lane in store.journal_lanes().await.unwrap() {
        let mut of_lane = Vec::new();
        loop {
            let page = store.journal_after(lane, of_lane.len() as u64, 1_000).await.unwrap();
            if page.is_empty() {
                break;
            }
            of_lane.extend(page);
        }
        assert_chained(&of_lane);
        lines.extend(of_lane);
    }
    // Each order that is there has its line, and each line its order: nothing was half written.
    let streams: BTreeSet<String> = lines.iter().map(|line| line.stream.clone()).collect();
    let mut orders = BTreeSet::new();
    let mut last = None;
    while let Some(order) = {
        let page = store.orders_after(last.as_ref(), 1_000).await.unwrap();
        last = page.last().map(|order| order.value.terms.number.clone());
        orders.extend(page.iter().map(|order| order.value.terms.number.to_string()));
        page.into_iter().next()
    } {
        assert_eq!(order.version, 1);
    }
    assert_eq!(streams, orders);
    assert_eq!(lines.len(), orders.len());
    assert!(orders.len() >= acknowledged.len());
}
