//! Numbers that no two nodes give out.

use std::collections::HashSet;

use app::limits::{NUMBERS_BLOCK, NUMBERS_PER_SECOND};
use app::numbers::Numbers;
use jiff::Timestamp;
use store::MemoryStore;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn no_two_nodes_count_alike_whatever_their_clocks_say() {
    let store = MemoryStore::new();
    let nodes = [Numbers::default(), Numbers::default(), Numbers::default()];
    let clocks = ["2026-11-22T10:30:00Z", "2026-11-22T10:29:57Z", "2026-11-22T10:30:00Z"];
    let mut given = HashSet::new();
    for _ in 0..3 * NUMBERS_BLOCK {
        for (node, clock) in nodes.iter().zip(clocks) {
            let number = node.next(&store, at(clock)).await.unwrap();
            assert!(given.insert(number), "{number} is given out twice");
        }
    }
    // One that starts anew, its clock put back.
    let again = Numbers::default();
    for _ in 0..2 * NUMBERS_BLOCK {
        let number = again.next(&store, at("2026-11-22T09:00:00Z")).await.unwrap();
        assert!(given.insert(number), "{number} is given out twice");
    }
}

#[tokio::test]
async fn numbers_follow_time() {
    let (store, node) = (MemoryStore::new(), Numbers::default());
    let first = node.next(&store, at("2026-11-22T10:30:00Z")).await.unwrap();
    let next = node.next(&store, at("2026-11-22T10:30:30Z")).await.unwrap();
    assert_eq!(next, first + 1, "a block lasts a while");
    let later = node.next(&store, at("2026-11-22T12:00:00Z")).await.unwrap();
    assert_eq!(later, first + 90 * 60 * NUMBERS_PER_SECOND);
}

#[tokio::test]
async fn thirteen_digits_last_for_twenty_years() {
    let store = MemoryStore::new();
    let last = Numbers::default().next(&store, at("2045-12-31T23:59:59Z")).await.unwrap();
    assert!(last > 9_000_000_000_000 && last < 10_000_000_000_000, "{last}");
}
