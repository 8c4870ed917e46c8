//! Broken connections, refused rows and full queues in PostgreSQL: what was acknowledged is there
//! once, what was not is told in bounded time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use app::ports::store::Lease;
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{RecordChange, WriteSet};
use causeway_store::{PostgresOptions, PostgresStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::build::{at, number, order, owner, put, record, reference, submit, task, tasks};
use crate::conformance::{assert_chained, commit};
use crate::database;

const SUBMITTERS: u32 = 32;

/// What the proxy does with a request of the kind that it looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Lets everything pass.
    Never,
    /// Breaks the connection before the server gets the next one.
    Before,
    /// Breaks the connection after the server got the next one, before its answer passes.
    After,
}

/// What a request of one kind and its answer hold.
#[derive(Debug, Clone, Copy)]
struct Kind {
    request: &'static [u8],
    answer: &'static [u8],
}

/// A commit of an order, which is one statement: the server answers it after the commit.
const COMMIT: Kind = Kind { request: b"submitted", answer: b"SELECT 1" };
/// A claim by the node of that name; three rows are claimed.
const CLAIM: Kind = Kind { request: b"node-7", answer: b"SELECT 3" };

/// A way to the server that can be cut.
struct Proxy {
    url: String,
    cut: Arc<std::sync::Mutex<Cut>>,
    is_down: Arc<AtomicBool>,
    cuts: Arc<AtomicU32>,
}

impl Proxy {
    async fn start(url: &str) -> Self {
        Self::start_for(url, COMMIT).await
    }

    async fn start_for(url: &str, kind: Kind) -> Self {
        let config: Config = url.parse().unwrap();
        let [Host::Tcp(host)] = config.get_hosts() else { panic!("a server over TCP is needed") };
        let server = (host.clone(), config.get_ports()[0]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let there = format!("{}:{}", server.0, server.1);
        let proxy = Self {
            url: url.replace(&there, &format!("127.0.0.1:{port}")),
            cut: Arc::new(std::sync::Mutex::new(Cut::Never)),
            is_down: Arc::default(),
            cuts: Arc::default(),
        };
        assert_ne!(proxy.url, url);
        let (cut, is_down, cuts) =
            (Arc::clone(&proxy.cut), Arc::clone(&proxy.is_down), Arc::clone(&proxy.cuts));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                if is_down.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(kind, client, server, Arc::clone(&cut), Arc::clone(&cuts)));
            }
        });
        proxy
    }

    fn set(&self, cut: Cut) {
        *self.cut.lock().unwrap() = cut;
    }
}

/// Passes bytes until one side ends or the proxy cuts.
async fn pass(
    kind: Kind,
    client: TcpStream,
    server: TcpStream,
    cut: Arc<std::sync::Mutex<Cut>>,
    cuts: Arc<AtomicU32>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut is_cut_after = false;
    let (mut one, mut other) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = from_client.read(&mut one) => {
                let Some(bytes) = filled(&one, read) else { return };
                if holds(bytes, kind.request) {
                    let mut cut = cut.lock().unwrap();
                    let now = std::mem::replace(&mut *cut, Cut::Never);
                    cuts.fetch_add(u32::from(now != Cut::Never), Ordering::SeqCst);
                    if now == Cut::Before {
                        return;
                    }
                    is_cut_after = now == Cut::After;
                }
                if to_server.write_all(bytes).await.is_err() {
                    return;
                }
            }
            read = from_server.read(&mut other) => {
                let Some(bytes) = filled(&other, read) else { return };
                if is_cut_after && holds(bytes, kind.answer) {
                    return;
                }
                if !is_cut_after && to_client.write_all(bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn filled(buffer: &[u8], read: std::io::Result<usize>) -> Option<&[u8]> {
    read.ok().filter(|count| *count > 0).map(|count| &buffer[..count])
}

/// Everything that placing these orders writes is there, once.
async fn assert_placed(store: &dyn Store, numbers: impl IntoIterator<Item = u32>) {
    for n in numbers {
        let found = store.order_by_number(&number(n)).await.unwrap();
        assert_eq!(found.map(|order| (order.version, order.value)), Some((1, order(n))), "{n}");
        assert!(store.by_reference(&owner(0), &reference(n)).await.unwrap().is_some(), "{n}");
        assert_eq!(store.tasks_of(&owner(0), &number(n)).await.unwrap().len(), 1, "{n}");
        assert_eq!(store.journal_of(number(n).as_str()).await.unwrap().len(), 1, "{n}");
    }
    for lane in store.journal_lanes().await.unwrap() {
        assert_chained(&store.journal_after(lane, 0, 10_000).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_over_a_broken_connection_is_settled() {
    let url = database::fresh().await;
    let proxy = Proxy::start(&url).await;
    let store = database::open(&proxy.url).await;
    commit(&store, submit(&order(0))).await;
    for (n, cut) in (1..).zip([Cut::Before, Cut::After, Cut::After, Cut::Before]) {
        proxy.set(cut);
        commit(&store, submit(&order(n))).await;
        assert_eq!(proxy.cuts.load(Ordering::SeqCst), n, "{cut:?} was felt");
    }
    assert_placed(&store, 0..5).await;
    assert_eq!(store.journal_lanes().await.unwrap(), [0]);
}

/// What this node claimed and never heard of is not left to its lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_over_a_broken_connection_is_found_again() {
    let url = database::fresh().await;
    let proxy = Proxy::start_for(&url, CLAIM).await;
    let patience = Duration::from_millis(300);
    let options = PostgresOptions { patience, readers_count: 1, ..database::options() };
    let store = PostgresStore::open(&proxy.url, options).await.unwrap();
    let lease =
        |holder: &str| Lease { holder: holder.to_owned(), real_now: at(0), lease_until: at(90) };
    let made = |due| ["a", "b", "c"].map(|id| task(&order(due), &format!("{id}{due}"), Some(10)));
    let claimed = async |holder| {
        let all = store.claim_due(at(10), &lease(holder), 10).await?;
        Ok::<_, StoreError>(all.len())
    };
    for (round, cut) in (1..).zip([Cut::After, Cut::Before]) {
        commit(&store, tasks(made(round))).await;
        proxy.set(cut);
        assert_eq!(claimed("node-7").await.unwrap(), 3, "{cut:?}");
        assert_eq!(proxy.cuts.load(Ordering::SeqCst), round, "{cut:?} was felt");
        assert_eq!(claimed("node-7").await.unwrap(), 0, "they are in hand");
    }
    // The server claims, its answer is lost, and it cannot be asked again for a while.
    commit(&store, tasks(made(3))).await;
    proxy.is_down.store(true, Ordering::SeqCst);
    proxy.set(Cut::After);
    let lost = claimed("node-7").await;
    assert!(matches!(lost, Err(StoreError::Engine { .. })), "{lost:?}");
    proxy.is_down.store(false, Ordering::SeqCst);
    let mut found = claimed("node-7").await;
    while found.is_err() {
        found = claimed("node-7").await;
    }
    assert_eq!(found.unwrap(), 3, "found again as soon as the database is back");
    let other = PostgresStore::open(&url, database::options()).await.unwrap();
    let others = other.claim_due(at(10), &lease("node-8"), 10).await.unwrap();
    assert!(others.is_empty(), "another node's claims are left alone: {others:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stays_away_is_told_in_time() {
    let url = database::fresh().await;
    let proxy = Proxy::start(&url).await;
    let patience = Duration::from_millis(300);
    let options = PostgresOptions { patience, ..database::options() };
    let store = PostgresStore::open(&proxy.url, options).await.unwrap();
    commit(&store, submit(&order(0))).await;

    // The commit went through, but nobody can say so.
    proxy.is_down.store(true, Ordering::SeqCst);
    proxy.set(Cut::After);
    let unknown = store.commit(submit(&order(1))).await;
    assert!(matches!(unknown, Err(StoreError::Engine { .. })), "{unknown:?}");
    let refused = store.commit(submit(&order(2))).await;
    assert!(matches!(refused, Err(StoreError::Engine { .. })), "{refused:?}");
    let client = database::client(&url).await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    client.query(sql, &[]).await.unwrap();
    let refused = store.order_by_number(&number(0)).await;
    assert!(matches!(refused, Err(StoreError::Engine { .. })), "{refused:?}");
    assert!(store.ready().await.is_err());

    proxy.is_down.store(false, Ordering::SeqCst);
    let mut answer = store.ready().await;
    while answer.is_err() {
        answer = store.ready().await;
    }
    assert_placed(&store, 0..2).await;
    assert_eq!(store.order_by_number(&number(2)).await.unwrap(), None);
    // Whoever asks again learns the truth.
    let again = store.commit(submit(&order(1))).await.unwrap();
    assert!(matches!(again, CommitOutcome::Duplicate(_)), "{again:?}");
    commit(&store, submit(&order(2))).await;
    assert_placed(&store, 0..3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_may_end_at_any_moment() {
    let url = database::fresh().await;
    let store = PostgresStore::open(&url, PostgresOptions::default()).await.unwrap();
    let (store, next) = (Arc::new(store), Arc::new(AtomicU32::new(0)));
    let mut all = JoinSet::new();
    for _ in 0..SUBMITTERS {
        let (store, next) = (Arc::clone(&store), Arc::clone(&next));
        all.spawn(async move {
            for _ in 0..40 {
                let n = next.fetch_add(1, Ordering::SeqCst);
                commit(store.as_ref(), submit(&order(n))).await;
                assert!(store.order_by_number(&number(n)).await.unwrap().is_some());
            }
        });
    }
    let client = database::client(&url).await;
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while next.load(Ordering::SeqCst) < SUBMITTERS * 38 && !all.is_empty() {
        client.query(sql, &[]).await.unwrap();
        let seen = next.load(Ordering::SeqCst);
        while next.load(Ordering::SeqCst) < (seen + 150).min(SUBMITTERS * 38) {
            tokio::task::yield_now().await;
        }
    }
    while let Some(done) = all.join_next().await {
        done.unwrap();
    }
    assert_placed(store.as_ref(), (0..SUBMITTERS * 40).step_by(7)).await;
    assert_eq!(store.orders_after(None, 10_000).await.unwrap().len(), 40 * SUBMITTERS as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_that_the_engine_refuses_fails_no_other() {
    let url = database::fresh().await;
    let store = Arc::new(database::open(&url).await);
    let client = database::client(&url).await;
    let full = "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                'BEGIN RAISE EXCEPTION ''no space'' USING ERRCODE = ''53100''; END'; \
                CREATE TRIGGER full_disk BEFORE INSERT ON records FOR EACH ROW \
                WHEN (NEW.body = 'too much') EXECUTE FUNCTION full_disk()";
    client.batch_execute(full).await.unwrap();
    // All wait behind the lock and then go out together.
    client.batch_execute("BEGIN; LOCK TABLE lanes").await.unwrap();
    let mut all = JoinSet::new();
    for n in 0..40 {
        let store = Arc::clone(&store);
        all.spawn(async move {
            let body = if n % 10 == 3 { "too much" } else { "fits" };
            let set =
                WriteSet { records: vec![put(&format!("k{n}"), body)], ..WriteSet::default() };
            (n, store.commit(set).await)
        });
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    for (n, outcome) in all.join_all().await {
        match outcome {
            Ok(outcome) => assert!(n % 10 != 3 && outcome == CommitOutcome::Committed, "{n}"),
            Err(error) => {
                assert!(n % 10 == 3 && matches!(error, StoreError::Full(_)), "{n}: {error}");
            }
        }
    }
    assert_eq!(store.records("setting", None, 100).await.unwrap().len(), 36);
    // A text that the engine cannot keep is refused before; one that no index takes, by itself.
    let set = |key: &str| WriteSet { records: vec![put(key, "x")], ..WriteSet::default() };
    let refused = store.commit(set("zero\0")).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    assert_eq!(store.record("setting", "zero\0").await.unwrap(), None);
    let long: String = (0..9_000_u32).map(|n| char::from_u32(0x4e00 + n).unwrap()).collect();
    let refused = store.commit(set(&long)).await;
    assert!(matches!(refused, Err(StoreError::Engine { .. })), "{refused:?}");
    commit(store.as_ref(), set("after")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    let url = database::fresh().await;
    let options = PostgresOptions { queue_count_max: 4, ..database::options() };
    let store = Arc::new(PostgresStore::open(&url, options).await.unwrap());
    commit(store.as_ref(), submit(&order(0))).await;
    let client = database::client(&url).await;
    client.batch_execute("BEGIN; LOCK TABLE lanes").await.unwrap();
    let mut waiting = JoinSet::new();
    let mut refused = 0;
    for n in 1..=40 {
        let store = Arc::clone(&store);
        waiting.spawn(async move { (n, store.commit(submit(&order(n))).await) });
    }
    let mut kept = Vec::new();
    while refused < 30 {
        let (n, outcome) = waiting.join_next().await.unwrap().unwrap();
        assert!(matches!(outcome, Err(StoreError::Overloaded { waiting: 4 })), "{n}: {outcome:?}");
        refused += 1;
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    while let Some(done) = waiting.join_next().await {
        match done.unwrap() {
            (n, Ok(outcome)) => {
                assert_eq!(outcome, CommitOutcome::Committed);
                kept.push(n);
            }
            (n, Err(error)) => {
                assert!(matches!(error, StoreError::Overloaded { .. }), "{n}: {error}");
            }
        }
    }
    assert!(kept.len() >= 4, "{kept:?}");
    assert_placed(store.as_ref(), kept).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_ends_what_was_accepted() {
    let url = database::fresh().await;
    let store = Arc::new(database::open(&url).await);
    let mut accepted = JoinSet::new();
    for n in 0..50 {
        let store = Arc::clone(&store);
        accepted.spawn(async move { (n, store.commit(submit(&order(n))).await) });
    }
    tokio::task::yield_now().await;
    store.close().await.unwrap();
    let mut placed = Vec::new();
    for (n, outcome) in accepted.join_all().await {
        match outcome {
            Ok(outcome) => {
                assert_eq!(outcome, CommitOutcome::Committed);
                placed.push(n);
            }
            Err(error) => assert!(matches!(error, StoreError::Closed), "{n}: {error}"),
        }
    }
    store.close().await.unwrap();
    let again = database::open(&url).await;
    assert_eq!(again.orders_after(None, 100).await.unwrap().len(), placed.len());
    assert_placed(&again, placed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_one_thing_in_one_batch_go_one_after_the_other() {
    let url = database::fresh().await;
    let store = Arc::new(database::open(&url).await);
    let client = database::client(&url).await;
    commit(store.as_ref(), tasks([task(&order(1), "t", Some(1))])).await;
    client.batch_execute("BEGIN; LOCK TABLE lanes").await.unwrap();
    let mut all = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&store);
        all.spawn(async move {
            let body = RecordChange::Put { body: n.to_string(), expires_at: None };
            let put = WriteSet { records: vec![record("same", body)], ..WriteSet::default() };
            let both = tasks([task(&order(1), "t", Some(n)), task(&order(2), "new", Some(n))]);
            (store.commit(put).await.unwrap(), store.commit(both).await.unwrap())
        });
    }
    client.batch_execute("ROLLBACK").await.unwrap();
    let committed = (CommitOutcome::Committed, CommitOutcome::Committed);
    assert!(all.join_all().await.into_iter().all(|outcome| outcome == committed));
    assert_eq!(store.record("setting", "same").await.unwrap().unwrap().version, 20);
}
