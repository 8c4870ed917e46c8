//! The store as one node sees it: what was committed is durable, whatever becomes of the node;
//! what was not is gone. A commit takes time, fails before or after it was done, or its node
//! crashes before or after.

use std::sync::Arc;

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::ports::{CommitOutcome, Store, StoreError};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned, WriteSet};
use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

use crate::faults::Canary;
use crate::time::pause_ms;
use crate::world::World;

/// One node's way to the store.
pub struct NodeStore {
    /// The run.
    pub world: Arc<World>,
    /// The node.
    pub node: usize,
}

impl NodeStore {
    async fn read(&self) -> Result<(), StoreError> {
        self.takes_time().await;
        let world = &self.world;
        if world.goes_wrong(world.faults.store_fails) {
            return Err(failed("read"));
        }
        Ok(())
    }

    async fn takes_time(&self) {
        let world = &self.world;
        if world.goes_wrong(world.faults.stall) {
            pause_ms(world.draw(|rng| rng.between(60_000, 150_000))).await;
        } else if world.goes_wrong(world.faults.store_slow) {
            pause_ms(world.draw(|rng| rng.below(3_000))).await;
        } else {
            pause_ms(world.draw(|rng| rng.below(4).saturating_sub(1))).await;
        }
        world.crash_point(self.node).await;
    }

    /// A bug: the version that is there now counts as the one that was read.
    async fn forget_version(&self, set: &mut WriteSet) {
        let world = &self.world;
        if world.canary != Some(Canary::LostUpdate) {
            return;
        }
        if let Some(write) = set.order.as_mut().filter(|write| write.expected.is_some()) {
            let there = world.store.order_by_number(&write.order.terms.number).await;
            write.expected = there.ok().flatten().map(|order| order.version);
        }
        set.tasks.retain(|task| matches!(task, app::writeset::TaskWrite::Insert(_)));
    }
}

fn failed(operation: &'static str) -> StoreError {
    StoreError::Engine { operation, source: "simulated".into() }
}

#[async_trait]
impl Store for NodeStore {
    async fn commit(&self, mut set: WriteSet) -> Result<CommitOutcome, StoreError> {
        let world = &self.world;
        self.takes_time().await;
        if world.goes_wrong(world.faults.store_full) {
            return Err(StoreError::Overloaded { waiting: 1 });
        }
        if world.goes_wrong(world.faults.store_fails) {
            return Err(failed("commit"));
        }
        if world.canary == Some(Canary::EarlyAnswer) && world.draw(|rng| rng.chance(5)) {
            return Ok(CommitOutcome::Committed);
        }
        self.forget_version(&mut set).await;
        let outcome = world.store.commit(set).await.inspect_err(|error| {
            world.notes().violated(3, format!("the store refuses a write set: {error}"));
        })?;
        self.takes_time().await;
        if world.goes_wrong(world.faults.store_answer_lost) {
            return Err(failed("commit"));
        }
        Ok(outcome)
    }

    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.read().await?;
        self.world.store.order(owner, number).await
    }

    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        self.read().await?;
        self.world.store.order_by_number(number).await
    }

    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError> {
        self.read().await?;
        self.world.store.by_reference(owner, reference).await
    }

    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError> {
        self.read().await?;
        self.world.store.references(owner, order_id).await
    }

    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError> {
        self.read().await?;
        self.world.store.by_name(owner, name).await
    }

    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError> {
        self.read().await?;
        self.world.store.by_query_id(owner, query_id).await
    }

    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError> {
        self.read().await?;
        self.world.store.find_orders(number).await
    }

    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.read().await?;
        let claimed = self.world.store.claim_due(now, lease, count_max).await?;
        self.read().await?;
        Ok(claimed)
    }

    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError> {
        self.read().await?;
        self.world.store.task(owner, id).await
    }

    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read().await?;
        self.world.store.next_due(real_now).await
    }

    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.read().await?;
        self.world.store.tasks_of(owner, order).await
    }

    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError> {
        self.read().await?;
        self.world.store.notices(filter).await
    }

    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError> {
        self.read().await?;
        self.world.store.journal_of(stream).await
    }

    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        self.read().await?;
        self.world.store.journal_after(lane, sequence, count_max).await
    }

    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError> {
        self.read().await?;
        self.world.store.journal_lanes().await
    }

    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError> {
        self.read().await?;
        self.world.store.orders_after(number, count_max).await
    }

    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError> {
        self.read().await?;
        self.world.store.postings_of(owner, order).await
    }

    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError> {
        self.read().await?;
        self.world.store.posting_sums().await
    }

    async fn record(
        &self,
        space: &str,
        key: &str,
    ) -> Result<Option<Versioned<String>>, StoreError> {
        self.read().await?;
        self.world.store.record(space, key).await
    }

    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError> {
        self.read().await?;
        self.world.store.records(space, after, count_max).await
    }

    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError> {
        self.read().await?;
        self.world.store.forget_expired(now, real_now).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.world.store.ready().await
    }

    async fn clear(&self) -> Result<(), StoreError> {
        Err(failed("clear"))
    }

    async fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
