//! The model: every table a sorted map, all of them under one lock.
//!
//! Goal: to be obviously right, so that other stores can be held against it, and to serve
//! simulations and tests. It keeps nothing over the end of the process.

mod read;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

use crate::shape;
use state::State;

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(StoreError::Closed) } else { Ok(state) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn commit(&self, set: WriteSet) -> Result<CommitOutcome, StoreError> {
        shape::check(&set)?;
        self.open()?.commit(set)
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        let found = self.open()?.order_by_number(number);
        Ok(found.filter(|order| &order.value.terms.merchant == owner))
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        Ok(self.open()?.order_by_number(number))
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        Ok(self.open()?.by_reference(owner, reference))
    }

    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError> {
        Ok(self.open()?.references(owner, order_id))
    }

    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError> {
        Ok(self.open()?.by_name(owner, name))
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        Ok(self.open()?.by_query_id(owner, query_id))
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        Ok(self.open()?.find_orders(number))
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        Ok(self.open()?.claim_due(now, lease, count_max))
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        Ok(self.open()?.task(owner, id))
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.open()?.next_due(real_now))
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        Ok(self.open()?.tasks_of(owner, order))
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        Ok(self.open()?.notices(filter))
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(self.open()?.journal_of(stream))
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(self.open()?.journal_after(lane, sequence, count_max))
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        Ok(self.open()?.journal_lanes())
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        Ok(self.open()?.orders_after(number, count_max))
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        Ok(self.open()?.postings_of(owner, order))
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        Ok(self.open()?.posting_sums())
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        Ok(self.open()?.record(space, key))
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        Ok(self.open()?.records(space, after, count_max))
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        Ok(self.open()?.forget_expired(now, real_now))
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.open().map(|_| ())
    }

    async fn clear(&self) -> Result<(), StoreError> {
        *self.open()? = State::default();
        Ok(())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.open()?.closed = true;
        Ok(())
    }
}
