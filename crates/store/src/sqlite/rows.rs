//! A write set as rows. Made on the caller's thread, so that the one writer only binds and writes.

use app::ports::StoreError;
use app::ports::store::JournalEntry;
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target, TargetKind,
    Task, TaskWrite, WriteSet,
};
use domain::Event;
use domain::ids::{MerchantId, QueryId};
use domain::ledger::Posting;

use super::{decode, digest};
use crate::instant::to_micros;
use crate::order_row::{self, Own};
use crate::shape::{self, bounded, json, troubled, version};

/// Everything that one write set writes.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) seen: Option<SeenRow>,
    pub(super) keys: Vec<KeyRow>,
    pub(super) names: Vec<NameClaim>,
    pub(super) transactions: Vec<(QueryId, (MerchantId, Target))>,
    pub(super) order: Option<OrderRow>,
    pub(super) tasks: Vec<TaskRow>,
    pub(super) records: Vec<RecordRow>,
    pub(super) postings: Vec<PostingRow>,
    /// Lines of the journal; the writer gives each its place and its hash.
    pub(super) entries: Vec<JournalEntry>,
    /// Business time of the entries, microseconds.
    pub(super) at: i64,
}

/// A message; `until` in microseconds.
#[derive(Debug)]
pub(super) struct SeenRow {
    pub(super) digest: [u8; 16],
    pub(super) until: i64,
}

#[derive(Debug)]
pub(super) struct KeyRow {
    pub(super) digest: i64,
    pub(super) claim: KeyClaim,
}

#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) number: String,
    pub(super) owner: String,
    /// The `queryId` of the payment, unless it is the number.
    pub(super) query_id: Option<String>,
    pub(super) expected: Option<i64>,
    pub(super) state: &'static str,
    /// Where a new order's terms stand; those of one that is there never change.
    pub(super) terms: TermsRow,
    /// What changes of it.
    pub(super) body: String,
    /// One of its own tasks, made with the order or replaced with it.
    pub(super) own: Option<TaskRow>,
}

/// Where the terms of an order are written, once.
#[derive(Debug)]
pub(super) enum TermsRow {
    /// In the first line that its write set adds to the journal.
    Submitted,
    /// In its own row.
    Whole(String),
}

#[derive(Debug)]
pub(super) struct TaskRow {
    pub(super) task: Task,
    /// Which of its order's own tasks it is.
    pub(super) own: Option<Own>,
    /// Microseconds.
    pub(super) due_at: Option<i64>,
    pub(super) notice: Option<&'static str>,
    pub(super) body: String,
    pub(super) expected: Option<i64>,
}

#[derive(Debug)]
pub(super) struct RecordRow {
    pub(super) space: &'static str,
    pub(super) key: String,
    pub(super) change: RecordChangeRow,
}

/// A change of a document; `expires_at` in microseconds.
#[derive(Debug)]
pub(super) enum RecordChangeRow {
    Insert { body: String, expires_at: Option<i64> },
    Replace { body: String, expires_at: Option<i64>, expected: i64 },
    Put { body: String, expires_at: Option<i64> },
    Take { expected: i64 },
}

#[derive(Debug)]
pub(super) struct PostingRow {
    pub(super) line: i64,
    pub(super) account: String,
    pub(super) posting: Posting,
}

impl Rows {
    /// The rows of a write set of the right shape.
    pub(super) fn of(set: WriteSet) -> Result<Self, StoreError> {
        shape::check(&set)?;
        let mut transactions = shape::transactions(&set);
        let entries = shape::entries(&set)?;
        let mut tasks = set.tasks.into_iter().map(task).collect::<Result<Vec<_>, _>>()?;
        let order = set.order.as_ref();
        let order = order.map(|write| order_row(write, &set.events, &mut tasks)).transpose()?;
        if let Some(new) = order.as_ref().filter(|order| order.is_found_by_number()) {
            transactions.retain(|(query_id, (owner, target))| {
                let own = query_id.as_str() == new.number && owner.as_str() == new.owner;
                !(own && target.order.as_str() == new.number && target.kind == TargetKind::Payment)
            });
        }
        Ok(Self {
            transactions,
            entries,
            at: to_micros(set.at.unwrap_or_default()),
            postings: postings(set.postings),
            order,
            tasks,
            records: set.records.into_iter().map(record).collect::<Result<_, _>>()?,
            keys: set.keys.into_iter().map(claim).collect::<Result<_, _>>()?,
            names: set.names,
            seen: set.seen.map(|seen| message(&seen)),
        })
    }
}

impl OrderRow {
    /// Whether it is new and its payment is found by its own number.
    pub(super) fn is_found_by_number(&self) -> bool {
        self.expected.is_none() && self.query_id.is_none()
    }
}

fn message(seen: &SeenMessage) -> SeenRow {
    SeenRow { digest: digest::message(&seen.app, &seen.id), until: to_micros(seen.until) }
}

/// The row of an order. Takes one of its own tasks out of `tasks`, if it is written the same way.
fn order_row(
    write: &OrderWrite,
    events: &[Event],
    tasks: &mut Vec<TaskRow>,
) -> Result<OrderRow, StoreError> {
    let terms = &write.order.terms;
    let own = tasks.iter().position(|row| {
        let is_its = row.own.is_some_and(|own| own.is_of(&row.task, terms));
        let alike = row.expected.is_some() == write.expected.is_some();
        is_its && alike
    });
    Ok(OrderRow {
        number: terms.number.to_string(),
        owner: terms.merchant.to_string(),
        query_id: order_row::other_query_id(terms),
        expected: write.expected.map(version),
        state: write.order.state.name(),
        terms: terms_row(write, events)?,
        body: order_row::body(&write.order)?,
        own: own.map(|index| tasks.remove(index)),
    })
}

/// The terms of an order that is there already stand where they were written.
fn terms_row(write: &OrderWrite, events: &[Event]) -> Result<TermsRow, StoreError> {
    match events.first() {
        Some(Event::Submitted { terms }) if *terms == write.order.terms => Ok(TermsRow::Submitted),
        Some(_) | None if write.expected.is_some() => Ok(TermsRow::Submitted),
        Some(_) | None => Ok(TermsRow::Whole(json("order", &write.order.terms)?)),
    }
}

fn task(write: TaskWrite) -> Result<TaskRow, StoreError> {
    let (task, expected) = match write {
        TaskWrite::Insert(task) => (task, None),
        TaskWrite::Replace { task, expected } => (task, Some(version(expected))),
    };
    let due_at = task.due_at.map(to_micros);
    let body = json("task", &task.body)?;
    let own = Own::of(&task);
    Ok(TaskRow { own, due_at, notice: troubled(&task.body), body, expected, task })
}

fn record(write: RecordWrite) -> Result<RecordRow, StoreError> {
    let change = match write.change {
        RecordChange::Insert { body, expires_at } => RecordChangeRow::Insert {
            body: bounded("document", body)?,
            expires_at: expires_at.map(to_micros),
        },
        RecordChange::Replace { body, expected, expires_at } => RecordChangeRow::Replace {
            body: bounded("document", body)?,
            expires_at: expires_at.map(to_micros),
            expected: version(expected),
        },
        RecordChange::Put { body, expires_at } => RecordChangeRow::Put {
            body: bounded("document", body)?,
            expires_at: expires_at.map(to_micros),
        },
        RecordChange::Take { expected } => RecordChangeRow::Take { expected: version(expected) },
    };
    Ok(RecordRow { space: write.space, key: write.key, change })
}

fn claim(claim: KeyClaim) -> Result<KeyRow, StoreError> {
    let input = bounded("input of a reference", claim.input)?;
    let digest = digest::reference(&claim.owner, &claim.reference);
    Ok(KeyRow { digest, claim: KeyClaim { input, ..claim } })
}

/// Postings with their place among those of the same transaction, from 0.
fn postings(postings: Vec<Posting>) -> Vec<PostingRow> {
    let mut rows: Vec<PostingRow> = Vec::with_capacity(postings.len());
    for posting in postings {
        let same = rows.iter().filter(|row| row.posting.transaction == posting.transaction);
        let line = i64::try_from(same.count()).unwrap_or(i64::MAX);
        rows.push(PostingRow { line, account: decode::account_text(&posting.account), posting });
    }
    rows
}
