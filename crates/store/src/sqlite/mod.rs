//! SQLite inside the process: one writer thread with group commit, readers on connections of
//! their own, checkpoints beside both.
//!
//! Invariants: what was answered as committed is on the disk (write-ahead log, `synchronous` is
//! FULL); one process writes a file, which a lock beside it ensures; the queue is bounded.

mod answer;
mod apply;
mod backup;
mod checkpoint;
mod claims;
mod decode;
mod digest;
mod error;
mod fault;
mod migrate;
mod open;
mod own;
mod read;
mod readers;
mod rows;
mod tasks;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

pub use error::OpenError;
pub use open::DATABASE_FILE;

use crate::limits::{FORGET_COUNT_MAX, QUEUE_COUNT_MAX, READERS_COUNT};
use checkpoint::Checkpoints;
use open::Writing;
use readers::Readers;
use rows::Rows;
use tasks::Leases;
use writer::{Job, Reply, Writer};

/// What can be chosen of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// Write sets that may wait; at least 1.
    pub queue_count_max: usize,
    /// Connections for short reads; at least 1.
    pub readers_count: usize,
    /// The largest size of the database in pages of 4 KiB, to test a full disk.
    pub database_pages_max: Option<u32>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            queue_count_max: QUEUE_COUNT_MAX,
            readers_count: READERS_COUNT,
            database_pages_max: None,
        }
    }
}

/// A store in one file.
pub struct SqliteStore {
    file: PathBuf,
    readers: Readers,
    /// `None` when it was opened for reading only.
    queue: Option<mpsc::Sender<Job>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("file", &self.file).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the data for reading and writing, alone; makes or migrates the tables. `path` is a
    /// folder that holds, or is to hold, [`DATABASE_FILE`], or the file itself.
    ///
    /// # Errors
    /// [`OpenError`]: in use, newer, foreign, damaged, not accessible, no room.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let file = open::database_file(path);
        let Writing { connection, ends, lock } = open::writing(&file, options)?;
        let readers = Readers::open(&file, options.readers_count)?;
        let started = |source| OpenError::Access { path: file.clone(), what: "served", source };
        let (helper, database) = open::copying(&file)?;
        let checkpoints = Checkpoints::start(helper, database, &file).map_err(started)?;
        let (queue, jobs) = mpsc::channel(options.queue_count_max.max(1));
        let leases = Leases::default();
        let writer = Writer { connection, ends, lock, checkpoints, leases };
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(jobs))
            .map_err(started)?;
        Ok(Self { file, readers, queue: Some(queue), writer: Mutex::new(Some(writer)) })
    }

    /// Opens the data for reading only, also while another process writes it.
    ///
    /// # Errors
    /// [`OpenError`]: not there, older, newer, foreign, damaged, not accessible.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let file = open::database_file(path);
        let readers = Readers::open(&file, 1)?;
        Ok(Self { file, readers, queue: None, writer: Mutex::new(None) })
    }

    /// Copies the data at `from`, a folder or the file itself, to the new file `to`, also while
    /// another process writes it: the state between two commits, durable when this returns.
    ///
    /// # Errors
    /// [`OpenError`]: as [`Self::open_read_only`]; `to` is there already or cannot be written; no
    /// room.
    pub fn backup(from: &Path, to: &Path) -> Result<(), OpenError> {
        backup::backup(from, to)
    }

    fn queue(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        self.queue.as_ref().ok_or_else(|| StoreError::Engine {
            operation: "write",
            source: "the store was opened for reading only".into(),
        })
    }

    /// Asks the writer and waits, also for a place in the queue.
    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue()?.send(job(reply)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for SqliteStore {
    /// Ends what was accepted; waits for it, so that the file is free afterwards.
    fn drop(&mut self) {
        self.readers.close();
        self.queue = None;
        let writer = self.writer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the writer thread of the store panicked");
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, set: WriteSet) -> Result<CommitOutcome, StoreError> {
        let rows = Box::new(Rows::of(set)?);
        let queue = self.queue()?;
        let (reply, answer) = oneshot::channel();
        queue.try_send(Job::Commit(rows, reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                StoreError::Overloaded { waiting: queue.max_capacity() }
            }
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?.take()
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.readers.short("order", |connection| read::order(connection, owner, number))
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.readers.short("order", |connection| read::order_by_number(connection, number))
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        self.readers.short("reference", |it| read::by_reference(it, owner, reference))
    }

    async fn order_by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.readers.short("order", |it| read::order_by_reference(it, owner, reference))
    }

    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError> {
        self.readers.short("reference", |it| read::references(it, owner, order_id))
    }

    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError> {
        self.readers.short("name", |connection| read::by_name(connection, owner, name))
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        self.readers.short("transaction", |it| read::by_query_id(it, owner, query_id))
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        self.readers.short("order", |connection| read::find_orders(connection, number))
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        let lease = lease.clone();
        self.ask(|reply| Job::Claim { now, lease, count_max, reply }).await
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        self.readers.short("task", |connection| read::task(connection, owner, id))
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.ask(|reply| Job::NextDue { real_now, reply }).await
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.readers.short("task", |connection| read::tasks_of(connection, owner, order))
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.readers.long("notice", move |connection| read::notices(connection, filter)).await
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        let stream = stream.to_owned();
        self.readers.long("journal", move |it| read::journal_of(it, &stream)).await
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let ask = move |it: &_| read::journal_after(it, lane, sequence, count_max);
        self.readers.long("journal", ask).await
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        self.readers.short("journal", read::journal_lanes)
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        let number = number.cloned();
        let ask = move |it: &_| read::orders_after(it, number.as_ref(), count_max);
        self.readers.long("order", ask).await
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        self.readers.short("posting", |connection| read::postings_of(connection, owner, order))
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        self.readers.long("posting", read::posting_sums).await
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        self.readers.short("document", |connection| read::record(connection, space, key))
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        let (space, after) = (space.to_owned(), after.map(str::to_owned));
        let ask = move |it: &_| read::records(it, &space, after.as_deref(), count_max);
        self.readers.long("document", ask).await
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0_u64;
        loop {
            let count = self.ask(|reply| Job::Forget { now, real_now, reply }).await?;
            forgotten = forgotten.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            if count < FORGET_COUNT_MAX {
                return Ok(forgotten);
            }
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.ask(Job::Probe).await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.ask(Job::Clear).await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close();
        if self.queue.is_none() {
            return Ok(());
        }
        self.ask(Job::Close).await
    }
}
