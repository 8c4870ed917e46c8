//! SQLite from opening to closing: what stays, who may open, what is refused and how it is said.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use app::ports::store::Lease;
use app::ports::{Store, StoreError};
use app::writeset::WriteSet;
use causeway_store::sqlite::DATABASE_FILE;
use causeway_store::{OpenError, SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::build::{at, change, closed, number, order, put, submit, task, tasks};
use crate::conformance::{assert_chained, commit};

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder, SqliteOptions::default())
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    commit(&store, submit(&order(1))).await;
    commit(&store, tasks([task(&order(1), "t", Some(1))])).await;
    let lease = Lease { holder: "n".to_owned(), real_now: at(0), lease_until: at(90) };
    assert_eq!(store.claim_due(at(1), &lease, 9).await.unwrap().len(), 1);
    store.close().await.unwrap();
    drop(store);
    let log = folder.path().join(format!("{DATABASE_FILE}-wal"));
    assert!(!log.exists(), "closing leaves one file");

    // By the file's own name as well as by its folder.
    let store = open(&folder.path().join(DATABASE_FILE)).unwrap();
    commit(&store, change(&closed(&order(1)), 1)).await;
    let found = store.order_by_number(&number(1)).await.unwrap().unwrap();
    assert_eq!((found.version, found.value), (2, closed(&order(1))));
    let lines = store.journal_after(0, 0, 10).await.unwrap();
    assert_eq!(lines.len(), 2);
    assert_chained(&lines);
    // A claim does not outlive its lease.
    let later = Lease { real_now: at(90), lease_until: at(180), ..lease };
    assert_eq!(store.claim_due(at(1), &later, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_dropped_store_ends_what_it_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).unwrap());
    let mut accepted = tokio::task::JoinSet::new();
    for n in 0..50 {
        let store = Arc::clone(&store);
        accepted.spawn(async move { commit(store.as_ref(), submit(&order(n))).await });
    }
    accepted.join_all().await;
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(store.orders_after(None, 100).await.unwrap().len(), 50);
}

#[tokio::test]
async fn one_process_writes_and_others_may_read() {
    let folder = tempfile::tempdir().unwrap();
    let writer = open(folder.path()).unwrap();
    let second = open(folder.path()).unwrap_err();
    assert!(matches!(second, OpenError::Locked { .. }), "{second}");
    let reader = SqliteStore::open_read_only(folder.path()).unwrap();
    for n in 0..3 {
        commit(&writer, submit(&order(n))).await;
        assert!(reader.order_by_number(&number(n)).await.unwrap().is_some());
    }
    assert_eq!(reader.journal_after(0, 0, 10).await.unwrap().len(), 3);
    let refused = reader.commit(submit(&order(9))).await.unwrap_err();
    assert!(matches!(refused, StoreError::Engine { .. }), "{refused}");
    assert!(reader.ready().await.is_err());
    assert!(reader.clear().await.is_err());
    reader.close().await.unwrap();
    writer.close().await.unwrap();
    drop(writer);
    let reader = SqliteStore::open_read_only(folder.path()).unwrap();
    assert_eq!(reader.orders_after(None, 10).await.unwrap().len(), 3, "nobody writes");
    open(folder.path()).unwrap();
}

/// Asserts that both ways to open fail with the same words, in one line that names the file.
fn assert_refused(folder: &Path, words: &str) {
    for refused in [open(folder).unwrap_err(), SqliteStore::open_read_only(folder).unwrap_err()] {
        let text = refused.to_string();
        assert!(text.contains(words), "{text}");
        assert!(text.contains(DATABASE_FILE), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[tokio::test]
async fn another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().close().await.unwrap();
    let file = folder.path().join(DATABASE_FILE);
    let version = |version: i64| {
        let raw = Connection::open(&file).unwrap();
        let had: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        raw.pragma_update(None, "user_version", version).unwrap();
        had
    };
    let known = version(1_000);
    assert_refused(folder.path(), "has version 1000");
    version(known - 1);
    let older = SqliteStore::open_read_only(folder.path()).unwrap_err();
    assert!(matches!(older, OpenError::Older { .. }), "{older}");
    version(known);
    open(folder.path()).unwrap();
}

#[tokio::test]
async fn a_file_of_something_else_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(DATABASE_FILE);
    let text = "no database at all, but long enough to be read as one\n".repeat(100);
    fs::write(&file, &text).unwrap();
    assert_refused(folder.path(), "is not a Causeway database");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    fs::remove_file(&file).unwrap();
    let raw = Connection::open(&file).unwrap();
    raw.execute_batch("CREATE TABLE other (x); PRAGMA user_version = 3;").unwrap();
    drop(raw);
    assert_refused(folder.path(), "is not a Causeway database");
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for n in 0..40 {
        commit(&store, submit(&order(n))).await;
    }
    store.close().await.unwrap();
    drop(store);
    let file = folder.path().join(DATABASE_FILE);
    let whole = fs::read(&file).unwrap();

    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "cut: {refused}");

    let mut scribbled = whole.clone();
    for byte in &mut scribbled[4_096 * 3..4_096 * 30] {
        *byte = 0xA5;
    }
    fs::write(&file, &scribbled).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "scribbled: {refused}");
    assert_eq!(refused.to_string().lines().count(), 1, "{refused}");

    fs::write(&file, &whole).unwrap();
    let raw = Connection::open(&file).unwrap();
    raw.execute("UPDATE journal SET body = '{}' WHERE sequence = 40", []).unwrap();
    drop(raw);
    let refused = open(folder.path()).unwrap_err();
    assert!(refused.to_string().contains("journal"), "changed: {refused}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join(DATABASE_FILE);
    for refused in [open(&missing).unwrap_err(), SqliteStore::open_read_only(&missing).unwrap_err()]
    {
        assert!(matches!(refused, OpenError::Access { .. }), "{refused}");
        assert!(refused.to_string().contains("missing"), "{refused}");
    }
    // An empty folder has nothing to read, and reading makes nothing.
    assert!(SqliteStore::open_read_only(folder.path()).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    commit(&store, submit(&order(1))).await;
    let mut count = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
        count += 1;
    }
    assert!(count >= 3, "the database, its log and its lock");
}

#[tokio::test]
async fn the_log_does_not_grow_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let body = "x".repeat(1024 * 1024);
    for _ in 0..300 {
        let set = WriteSet { records: vec![put("same", &body)], ..WriteSet::default() };
        commit(&store, set).await;
    }
    let log = fs::metadata(folder.path().join(format!("{DATABASE_FILE}-wal"))).unwrap();
    assert!(log.len() < 160 * 1024 * 1024, "{} bytes after 300 MiB of writes", log.len());
    assert_eq!(store.record("setting", "same").await.unwrap().unwrap().version, 300);
}
