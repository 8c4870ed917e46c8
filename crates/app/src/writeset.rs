//! One write set: everything that one decision changes, committed whole or not at all.

use domain::Event;
use domain::ids::{MerchantId, NoticeId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::notice::Notice;
use domain::order::Order;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything that one decision changes. The owner is the first part of every key, so that the
/// tables shard by it.
#[derive(Debug, Clone, Default)]
pub struct WriteSet {
    /// An order, new or replaced under its version.
    pub order: Option<OrderWrite>,
    /// What happened, for the journal, in order. Events belong to the order of this write set.
    pub events: Vec<Event>,
    /// Business time of the journal entries.
    pub at: Option<Timestamp>,
    /// Lines of the ledger; they sum to zero.
    pub postings: Vec<Posting>,
    /// Keys claimed: references, and numbers by which a transaction is found.
    pub keys: Vec<KeyClaim>,
    /// Second names of transactions; one that is taken is left as it is.
    pub names: Vec<NameClaim>,
    /// Tasks made or replaced.
    pub tasks: Vec<TaskWrite>,
    /// Documents beside the orders.
    pub records: Vec<RecordWrite>,
    /// Entries of the journal that belong to no order: operations, changes of the directory.
    pub operations: Vec<Operation>,
    /// The message that asked for this: refused as replayed when it was seen before.
    pub seen: Option<SeenMessage>,
}

/// An order to store. Its terms are those it was made with: they never change, and a store may keep
/// those that it has.
#[derive(Debug, Clone)]
pub struct OrderWrite {
    /// The order as it is to be.
    pub order: Order,
    /// The version that it replaces; `None`: it must not be there yet.
    pub expected: Option<u64>,
}

/// Something read with the version it had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// What was read.
    pub value: T,
    /// Its version, 1 for the first.
    pub version: u64,
}

/// The key of a transaction: unique per merchant over payments, debits, refunds, cancellations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClaim {
    /// The merchant.
    pub owner: MerchantId,
    /// `orderId` and `txnTime`.
    pub reference: Reference,
    /// The transaction it names.
    pub target: Target,
    /// The canonical form of the input, to tell a replay from a change (ucsp.md section 8.5).
    pub input: String,
}

/// A second name of a transaction, unique per merchant: a wallet's number of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameClaim {
    /// The merchant.
    pub owner: MerchantId,
    /// The name.
    pub name: String,
    /// The transaction it names.
    pub target: Target,
}

/// A transaction: the payment of an order or one of its reversals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The order.
    pub order: OrderNumber,
    /// The `queryId` of the transaction.
    pub query_id: QueryId,
    /// What it is.
    pub kind: TargetKind,
}

/// What a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// The payment of the order.
    Payment,
    /// A cancellation of it.
    Cancellation,
    /// A refund of it.
    Refund,
}

/// A task to make or replace.
#[derive(Debug, Clone)]
pub enum TaskWrite {
    /// A new task; one of the same id that is there already is left as it is.
    Insert(Task),
    /// The task as it is to be, replacing the version that was read; a newer one makes the write
    /// set stale.
    Replace {
        /// The task.
        task: Task,
        /// The version that was read.
        expected: u64,
    },
}

impl TaskWrite {
    /// Whether the task will fall due: whoever works on tasks should look.
    #[must_use]
    pub const fn is_due(&self) -> bool {
        let (Self::Insert(task) | Self::Replace { task, .. }) = self;
        task.due_at.is_some()
    }
}

/// Work that falls due: claimed by lease, done at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Unique per owner: see [`TaskId`].
    pub id: TaskId,
    /// The merchant of the order.
    pub owner: MerchantId,
    /// The order it is about.
    pub order: OrderNumber,
    /// When it falls due, business time; `None`: it is done and kept for the record.
    pub due_at: Option<Timestamp>,
    /// Another task of this owner that must have been attempted once before this is claimed.
    pub after: Option<TaskId>,
    /// How often it was attempted.
    pub attempts: u32,
    /// What is to be done.
    pub body: TaskBody,
}

/// The name of a task: `close:<tn>`, `inquire:<queryId>`, `notice:<notifyId>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(String);

impl TaskId {
    /// The closing of an order at its deadline.
    #[must_use]
    pub fn close(order: &OrderNumber) -> Self {
        Self(["close:", order.as_str()].concat())
    }

    /// The inquiry after a transaction.
    #[must_use]
    pub fn inquire(query_id: &QueryId) -> Self {
        Self(["inquire:", query_id.as_str()].concat())
    }

    /// A notice.
    #[must_use]
    pub fn notice(id: &NoticeId) -> Self {
        Self(["notice:", id.as_str()].concat())
    }

    /// Takes the text as a store kept it.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum TaskBody {
    /// Close the order if nobody paid.
    Close,
    /// Ask the downstream system what became of a transaction.
    Inquire {
        /// The transaction.
        query_id: QueryId,
        /// Whether it is the payment (`None`) or a reversal.
        reversal: bool,
    },
    /// Tell a receiver.
    Notice(Box<Notice>),
}

/// A document beside the orders: consents, hand-overs, sessions, the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWrite {
    /// Which kind of document; a fixed word.
    pub space: &'static str,
    /// Its key.
    pub key: String,
    /// What to do.
    pub change: RecordChange,
}

/// What to do with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordChange {
    /// Make it; it must not be there (`Duplicate` otherwise).
    Insert {
        /// JSON text.
        body: String,
        /// Business time after which it may be forgotten.
        expires_at: Option<Timestamp>,
    },
    /// Replace the version that was read.
    Replace {
        /// JSON text.
        body: String,
        /// The version that was read.
        expected: u64,
        /// Business time after which it may be forgotten.
        expires_at: Option<Timestamp>,
    },
    /// Make or replace it, whatever is there.
    Put {
        /// JSON text.
        body: String,
        /// Business time after which it may be forgotten.
        expires_at: Option<Timestamp>,
    },
    /// Take it away; it must be there in this version (`Stale` otherwise): one-time links.
    Take {
        /// The version that was read.
        expected: u64,
    },
}

/// A journal entry that belongs to no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it is about, such as `channel:20000001`.
    pub stream: String,
    /// What happened, such as `opened`.
    pub kind: String,
    /// Particulars, JSON text; no secret, no personal data.
    pub body: String,
}

/// A message that was authenticated: it may be acted on once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMessage {
    /// The application.
    pub app: String,
    /// Its UPI-UUID, or its msgID where the signature is in the body.
    pub id: String,
    /// Real time until which it is remembered.
    pub until: Timestamp,
}
