//! A store that can be told to fail, or to let a commit wait.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;
use store::MemoryStore;
use tokio::sync::Semaphore;

/// The store in memory, whose commits fail or wait while it is told so.
pub(crate) struct FaultyStore {
    pub(crate) inner: MemoryStore,
    /// Whether commits fail.
    pub(crate) is_failing: AtomicBool,
    /// How many commits failed.
    pub(crate) failed: AtomicUsize,
    /// Whether the next commit waits.
    pub(crate) next_waits: AtomicBool,
    /// Has a permit when a commit waits.
    pub(crate) waits: Semaphore,
    /// A permit lets it go on.
    pub(crate) goes_on: Semaphore,
}

impl Default for FaultyStore {
    fn default() -> Self {
        Self {
            inner: MemoryStore::default(),
            is_failing: AtomicBool::default(),
            failed: AtomicUsize::default(),
            next_waits: AtomicBool::default(),
            waits: Semaphore::new(0),
            goes_on: Semaphore::new(0),
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, set: WriteSet) -> Result<CommitOutcome, StoreError> {
        if self.is_failing.load(Ordering::SeqCst) {
            self.failed.fetch_add(1, Ordering::SeqCst);
            let source = "the connection broke".into();
            return Err(StoreError::Engine { operation: "commit", source });
        }
        if self.next_waits.swap(false, Ordering::SeqCst) {
            self.waits.add_permits(1);
            self.goes_on.acquire().await.unwrap().forget();
        }
        self.inner.commit(set).await
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.inner.order(owner, number).await
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.inner.order_by_number(number).await
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        self.inner.by_reference(owner, reference).await
    }

    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError> {
        self.inner.references(owner, order_id).await
    }

    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError> {
        self.inner.by_name(owner, name).await
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        self.inner.by_query_id(owner, query_id).await
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        self.inner.find_orders(number).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.inner.claim_due(now, lease, count_max).await
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        self.inner.task(owner, id).await
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(real_now).await
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.inner.tasks_of(owner, order).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.inner.notices(filter).await
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        self.inner.journal_of(stream).await
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        self.inner.journal_after(lane, sequence, count_max).await
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        self.inner.journal_lanes().await
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        self.inner.orders_after(number, count_max).await
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        self.inner.postings_of(owner, order).await
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        self.inner.posting_sums().await
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        self.inner.record(space, key).await
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        self.inner.records(space, after, count_max).await
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        self.inner.forget_expired(now, real_now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.inner.ready().await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        self.inner.clear().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.inner.close().await
    }
}
