//! PostgreSQL: many nodes over one database.
//!
//! Each node has two writers, each of which commits the write sets of many callers as one
//! transaction that is sent at once, and a few connections for questions, which callers share.
//! Leases stand in the table of tasks. Nothing in memory decides anything: any node may end at any
//! moment.
//!
//! Invariants: what was answered as committed is committed in the database; every change is made
//! under the version that was read; a lane of the journal is continued only by who holds it; all
//! queues and waits are bounded.
//!
//! What differs from the other stores: a number that belongs to an order or a transaction of one
//! merchant is not refused for another one, so that no index spans all merchants and the tables
//! can be divided by owner. Numbers are unique because of how they are made; should two merchants
//! ever share one, it is told as damage where it is looked up without the merchant.

mod address;
mod claims;
mod decode;
mod error;
mod fault;
mod known;
mod lane;
mod link;
mod migrate;
mod open;
mod own;
mod pool;
mod read;
mod rows;
mod steps;
mod turns;
mod writer;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use error::OpenError;

use crate::limits::{
    FORGET_COUNT_MAX, QUEUE_COUNT_MAX, READERS_COUNT, RECONNECT_PATIENCE, SCANNERS_COUNT,
    WRITERS_COUNT,
};
use address::Address;
use claims::Claims;
use open::Links;
use pool::Pool;
use rows::Rows;
use writer::{Job, Writer};

/// What can be chosen of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Write sets that may wait; at least 1.
    pub queue_count_max: usize,
    /// Connections that commit; at least 1.
    pub writers_count: usize,
    /// Connections for short questions; at least 1.
    pub readers_count: usize,
    /// Connections for questions over many rows; at least 1.
    pub scanners_count: usize,
    /// How long callers wait for a connection that is being made anew.
    pub patience: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            queue_count_max: QUEUE_COUNT_MAX,
            writers_count: WRITERS_COUNT,
            readers_count: READERS_COUNT,
            scanners_count: SCANNERS_COUNT,
            patience: RECONNECT_PATIENCE,
        }
    }
}

impl PostgresOptions {
    /// How many connections a store with these options keeps.
    #[must_use]
    pub fn sessions(&self) -> usize {
        let listener = 1_usize;
        [self.writers_count, self.readers_count, self.scanners_count]
            .into_iter()
            .fold(listener, |sum, count| sum.saturating_add(count.max(1)))
    }
}

/// Host, port and database of a URL, as it may be shown: without user and password.
///
/// # Errors
/// [`OpenError::Url`]: what cannot be right in it, without connecting.
pub fn shown(url: &str) -> Result<String, OpenError> {
    Address::parse(url).map(|address| address.shown)
}

/// A store in a PostgreSQL database, which other nodes may use at the same time.
pub struct PostgresStore {
    place: String,
    short: Pool,
    long: Pool,
    /// What was claimed and not heard of.
    claims: Claims,
    /// `None` when it was opened for reading only.
    queue: Option<mpsc::Sender<Job>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
    bell: Arc<watch::Sender<u64>>,
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("place", &self.place).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Opens a database for reading and writing; makes or migrates the tables. `url` is
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, with several hosts after commas where there
    /// are replicas; `?sslmode=verify-full` asks for TLS.
    ///
    /// # Errors
    /// [`OpenError`]: a wrong URL, not reachable, wrong password, no such database, too few
    /// connections, read-only, too old, not UTF-8, newer, foreign, no room, no rights.
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let address = Address::parse(url)?;
        open::prepare(&address, options).await?;
        let (closing, closed) = watch::channel(false);
        let links = Links { address: &address, options, closing: closed };
        let (queue, jobs) = mpsc::channel(options.queue_count_max.max(1));
        let (jobs, turns) = (Arc::new(tokio::sync::Mutex::new(jobs)), Arc::default());
        let (bell, work) = (Arc::new(watch::Sender::new(0)), Arc::new(Notify::new()));
        let mut writers = Vec::new();
        for _ in 0..options.writers_count.max(1) {
            // A writer outlives the other connections until it has written what waits.
            let (closing, closed) = watch::channel(false);
            let link = Links { address: &address, options, closing: closed }.writing().await?;
            writers.push(Writer {
                link,
                closing,
                lane: None,
                queue: Arc::clone(&jobs),
                turns: Arc::clone(&turns),
                patience: options.patience,
                work: Arc::clone(&work),
            });
        }
        let (short, long) = (links.short().await?, links.long().await?);
        links.listening(Arc::clone(&bell), work).await?;
        let writers = writers.into_iter().map(|writer| tokio::spawn(writer.run())).collect();
        let (place, queue, writers) = (address.shown, Some(queue), Mutex::new(writers));
        let claims = Claims::default();
        Ok(Self { place, short, long, claims, queue, writers, closing, bell })
    }

    /// Opens a database for reading only, also a replica; its tables must be up to date.
    ///
    /// # Errors
    /// [`OpenError`] as for [`Self::open`], and older.
    pub async fn open_read_only(url: &str) -> Result<Self, OpenError> {
        let options =
            PostgresOptions { readers_count: 1, scanners_count: 1, ..PostgresOptions::default() };
        let mut address = Address::parse(url)?;
        open::prepare_read_only(&mut address, options).await?;
        let (closing, closed) = watch::channel(false);
        let links = Links { address: &address, options, closing: closed };
        let (short, long) = (links.short().await?, links.long().await?);
        let (queue, writers) = (None, Mutex::new(Vec::new()));
        let bell = Arc::new(watch::Sender::new(0));
        let (place, claims) = (address.shown, Claims::default());
        Ok(Self { place, short, long, claims, queue, writers, closing, bell })
    }

    /// Changes whenever another node may have written tasks that fall due: a hint to look earlier
    /// than the next look would be.
    #[must_use]
    pub fn wakes(&self) -> watch::Receiver<u64> {
        self.bell.subscribe()
    }

    fn queue(&self) -> Result<&mpsc::Sender<Job>, StoreError> {
        self.queue.as_ref().ok_or_else(|| StoreError::Engine {
            operation: "write",
            source: "the store was opened for reading only".into(),
        })
    }
}

#[async_trait]
impl Store for PostgresStore {
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
        answer.await.map_err(|_| StoreError::Closed)?
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        read::order(&self.short, owner, number).await
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        read::order_by_number(&self.short, number).await
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        read::by_reference(&self.short, owner, reference).await
    }

    async fn order_by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        read::order_by_reference(&self.short, owner, reference).await
    }

    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError> {
        read::references(&self.short, owner, order_id).await
    }

    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError> {
        read::by_name(&self.short, owner, name).await
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        read::by_query_id(&self.short, owner, query_id).await
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        read::find_orders(&self.short, number).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.queue()?;
        self.claims.claim(&self.short, now, lease, count_max).await
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        read::task(&self.short, owner, id).await
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        claims::next_due(&self.short, real_now).await
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        read::tasks_of(&self.short, owner, order).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        read::notices(&self.long, filter).await
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        read::journal_of(&self.long, stream).await
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        read::journal_after(&self.long, lane, sequence, count_max).await
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        read::journal_lanes(&self.short).await
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        read::orders_after(&self.long, number, count_max).await
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        read::postings_of(&self.short, owner, order).await
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        read::posting_sums(&self.long).await
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        read::record(&self.short, space, key).await
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        read::records(&self.long, space, after, count_max).await
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        self.queue()?;
        let mut forgotten = 0_u64;
        loop {
            let count = read::forget(&self.short, now, real_now).await?;
            forgotten = forgotten.saturating_add(count);
            if usize::try_from(count).is_ok_and(|count| count < FORGET_COUNT_MAX) {
                return Ok(forgotten);
            }
        }
    }

    async fn ready(&self) -> Result<(), StoreError> {
        if self.queue()?.is_closed() {
            return Err(StoreError::Closed);
        }
        read::probe(&self.short).await.map_err(|fault| fault.told("probe"))
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.queue()?;
        read::clear(&self.long).await.map_err(|fault| fault.told("clear"))
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.short.close();
        self.long.close();
        if let Some(queue) = &self.queue {
            // One that is closed already has nothing more to write.
            let _ = queue.send(Job::Close).await;
        }
        let writers =
            std::mem::take(&mut *self.writers.lock().unwrap_or_else(PoisonError::into_inner));
        for writer in writers {
            if let Err(error) = writer.await {
                tracing::error!(%error, "a writer of the store panicked");
            }
        }
        self.closing.send_replace(true);
        Ok(())
    }
}
