//! The store: write sets in, what was committed out.

use async_trait::async_trait;
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

use crate::writeset::{KeyClaim, Target, TargetKind, Task, TaskId, Versioned, WriteSet};

/// What became of a write set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is durable, as a whole.
    Committed,
    /// Something it replaces has another version now: load and decide again. Nothing changed.
    Stale,
    /// Something it makes is there already. Nothing changed.
    Duplicate(Duplicate),
}

/// What was there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Duplicate {
    /// The reference was used: the claim that holds it.
    Reference(Box<KeyClaim>),
    /// The message was acted on before.
    Message,
    /// A number or record is taken: make another one, or read it.
    Taken(String),
}

/// The store could not do it. Nothing is known to have changed unless `maybe_committed` says so.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue is full: try again later; the write set was not looked at.
    #[error("the store is overloaded: {waiting} write sets wait")]
    Overloaded {
        /// How many wait.
        waiting: usize,
    },
    /// There is no room on the disk; nothing was written.
    #[error("the store has no room left: {0}")]
    Full(String),
    /// The engine failed; whether the last write set is durable is not known.
    #[error("the store failed at {operation}: {source}")]
    Engine {
        /// What was being done.
        operation: &'static str,
        /// The engine's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was read is not what was written: the record is damaged.
    #[error("the store holds a damaged {what}: {reason}")]
    Damaged {
        /// What was read.
        what: String,
        /// Why it cannot be right.
        reason: String,
    },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}

/// The store. All reads see what was committed before they began.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Commits a write set as a whole; returns after it is durable.
    async fn commit(&self, set: WriteSet) -> Result<CommitOutcome, StoreError>;

    /// An order of a merchant.
    async fn order(
        &self,
        owner: &MerchantId,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError>;

    /// An order by its number alone, for the cashier and operators.
    async fn order_by_number(
        &self,
        number: &OrderNumber,
    ) -> Result<Option<Versioned<Order>>, StoreError>;

    /// The transaction of a merchant's reference, with the input that claimed it.
    async fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<KeyClaim>, StoreError>;

    /// The order whose payment has a merchant's reference: [`Self::by_reference`] and
    /// [`Self::order`] in one question, where a store can do that.
    async fn order_by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Result<Option<Versioned<Order>>, StoreError> {
        let claim = self.by_reference(owner, reference).await?;
        match claim.map(|claim| claim.target) {
            Some(Target { kind: TargetKind::Payment, order, .. }) => {
                self.order(owner, &order).await
            }
            Some(_) | None => Ok(None),
        }
    }

    /// The transactions of a merchant whose references carry this `orderId`: the 10 with the latest
    /// `txnTime` at most, the latest first.
    async fn references(
        &self,
        owner: &MerchantId,
        order_id: &OrderId,
    ) -> Result<Vec<KeyClaim>, StoreError>;

    /// The transaction of a merchant by a second name, such as a wallet's number of it.
    async fn by_name(&self, owner: &MerchantId, name: &str) -> Result<Option<Target>, StoreError>;

    /// The transaction of a merchant by its `queryId`.
    async fn by_query_id(
        &self,
        owner: &MerchantId,
        query_id: &QueryId,
    ) -> Result<Option<Target>, StoreError>;

    /// Orders that any of their numbers (`tn`, `queryId`, `orderId`) names, at most 10: operators.
    async fn find_orders(&self, number: &str) -> Result<Vec<OrderNumber>, StoreError>;

    /// Claims up to `count_max` tasks that are due at `now` and not leased, earliest first. A
    /// claim lapses at `lease_until` (real time), so that a dead node's tasks are taken over.
    async fn claim_due(
        &self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError>;

    /// One task.
    async fn task(
        &self,
        owner: &MerchantId,
        id: &TaskId,
    ) -> Result<Option<Versioned<Task>>, StoreError>;

    /// The earliest business time at which a task that is not leased falls due.
    async fn next_due(&self, real_now: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// All tasks of an order, done ones included, in the order they were made.
    async fn tasks_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Versioned<Task>>, StoreError>;

    /// Tasks that carry undelivered or late notices, newest first, at most `count_max`: operators.
    async fn notices(&self, filter: NoticeFilter) -> Result<Vec<Versioned<Task>>, StoreError>;

    /// The journal of one stream (an order's number, or an operation's stream), in order.
    async fn journal_of(&self, stream: &str) -> Result<Vec<JournalEntry>, StoreError>;

    /// The journal by lane and sequence, from after the given place, at most `count_max` entries.
    async fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Result<Vec<JournalEntry>, StoreError>;

    /// The lanes of the journal.
    async fn journal_lanes(&self) -> Result<Vec<u32>, StoreError>;

    /// Orders by number after the given one, at most `count_max`: verification.
    async fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Result<Vec<Versioned<Order>>, StoreError>;

    /// The postings of an order.
    async fn postings_of(
        &self,
        owner: &MerchantId,
        order: &OrderNumber,
    ) -> Result<Vec<Posting>, StoreError>;

    /// Sums of all postings by currency, and how many there are: verification.
    async fn posting_sums(&self) -> Result<Vec<PostingSum>, StoreError>;

    /// A document.
    async fn record(&self, space: &str, key: &str)
    -> Result<Option<Versioned<String>>, StoreError>;

    /// All documents of a space by key, after the given one, at most `count_max`.
    async fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<(String, Versioned<String>)>, StoreError>;

    /// Forgets documents past `now` and messages past `real_now`; returns how many.
    async fn forget_expired(&self, now: Timestamp, real_now: Timestamp) -> Result<u64, StoreError>;

    /// Whether the store can be reached and written.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Takes everything away but what the caller writes next: the sandbox's reset.
    async fn clear(&self) -> Result<(), StoreError>;

    /// Ends what was accepted and closes.
    async fn close(&self) -> Result<(), StoreError>;
}

/// Who claims, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The node.
    pub holder: String,
    /// Real time now.
    pub real_now: Timestamp,
    /// Real time at which the claim lapses.
    pub lease_until: Timestamp,
}

/// Which notices an operator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Only those that were given up.
    pub undelivered_only: bool,
    /// How many at most.
    pub count_max: usize,
}

/// One line of the journal. Lines of a lane are chained: each hash covers the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The writer's lane.
    pub lane: u32,
    /// Its place in the lane, from 1 without gaps.
    pub sequence: u64,
    /// Business time.
    pub at: Timestamp,
    /// The merchant, or empty for operations.
    pub owner: String,
    /// The order's number, or the operation's stream.
    pub stream: String,
    /// The event's name.
    pub kind: String,
    /// The event as JSON text.
    pub body: String,
    /// The hash of the line before; 32 zero bytes for the first.
    pub previous: [u8; 32],
    /// [`crate::journal::hash`] of this line.
    pub hash: [u8; 32],
}

/// The sum of all postings in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostingSum {
    /// The currency.
    pub currency: money::Currency,
    /// Minor units; zero when the ledger balances.
    pub minor: i128,
    /// How many postings.
    pub count: u64,
}
