//! A write set as rows. Made on the caller's thread, so that a writer only puts them together.

use std::hash::Hash;

use app::ports::StoreError;
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target, Task,
    TaskWrite, WriteSet,
};
use domain::ids::{MerchantId, QueryId};
use domain::ledger::Posting;

use crate::instant::to_micros;
use crate::limits::PARTS_COUNT_MAX;
use crate::shape::{self, bounded, json, troubled, version};

/// Everything that one write set writes.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) seen: Option<SeenRow>,
    pub(super) keys: Vec<KeyClaim>,
    pub(super) names: Vec<NameClaim>,
    pub(super) transactions: Vec<(QueryId, (MerchantId, Target))>,
    pub(super) order: Option<OrderRow>,
    pub(super) tasks: Vec<TaskRow>,
    pub(super) records: Vec<RecordRow>,
    pub(super) postings: Vec<PostingRow>,
    pub(super) entries: Vec<EntryRow>,
    /// Business time of the entries, microseconds.
    pub(super) at: i64,
}

#[derive(Debug)]
pub(super) struct SeenRow {
    pub(super) app: String,
    pub(super) id: String,
    pub(super) until: i64,
}

#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) number: String,
    pub(super) owner: String,
    pub(super) expected: Option<i64>,
    pub(super) state: &'static str,
    pub(super) body: String,
}

#[derive(Debug)]
pub(super) struct TaskRow {
    pub(super) task: Task,
    pub(super) due_at: Option<i64>,
    pub(super) notice: Option<&'static str>,
    pub(super) body: String,
    pub(super) expected: Option<i64>,
}

#[derive(Debug)]
pub(super) struct RecordRow {
    pub(super) space: &'static str,
    pub(super) key: String,
    pub(super) kind: RecordKind,
    /// Empty when the document is taken away.
    pub(super) body: String,
    /// Microseconds.
    pub(super) expires_at: Option<i64>,
}

/// What becomes of a document, with the version it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    Insert,
    Replace(i64),
    Put,
    Take(i64),
}

#[derive(Debug)]
pub(super) struct PostingRow {
    pub(super) owner: String,
    pub(super) number: String,
    pub(super) line: i64,
    pub(super) account: String,
    pub(super) posting: Posting,
}

#[derive(Debug)]
pub(super) struct EntryRow {
    pub(super) owner: String,
    pub(super) stream: String,
    /// Where it stands among the lines of its stream.
    pub(super) place: i64,
    pub(super) kind: String,
    pub(super) body: String,
}

/// What two write sets of one commit may not both touch.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Touched<'a> {
    Message(&'a str, &'a str),
    Reference(&'a str, &'a str, &'a str),
    Transaction(&'a str, &'a str),
    Order(&'a str, &'a str),
    Task(&'a str, &'a str),
    Record(&'a str, &'a str),
}

impl Rows {
    /// The rows of a write set of the right shape.
    pub(super) fn of(set: WriteSet) -> Result<Self, StoreError> {
        shape::check(&set)?;
        let rows = Self {
            transactions: shape::transactions(&set),
            entries: entries(&set)?,
            at: to_micros(set.at.unwrap_or_default()),
            postings: postings(&set),
            order: set.order.as_ref().map(order).transpose()?,
            tasks: set.tasks.into_iter().map(task).collect::<Result<_, _>>()?,
            records: set.records.into_iter().map(record).collect::<Result<_, _>>()?,
            keys: set.keys.into_iter().map(claim).collect::<Result<_, _>>()?,
            names: set.names,
            seen: set.seen.map(seen),
        };
        if rows.raw_texts().any(|text| text.contains('\0')) {
            // The engine keeps no such text; as JSON it would be escaped.
            let (what, reason) =
                ("write set".to_owned(), "a text holds the character 0".to_owned());
            return Err(StoreError::Damaged { what, reason });
        }
        Ok(rows)
    }

    /// What no other write set of the same commit may touch. Second names are left out: the first
    /// to take one keeps it, also within a commit.
    pub(super) fn touched(&self) -> impl Iterator<Item = Touched<'_>> {
        let message = self.seen.iter().map(|it| Touched::Message(&it.app, &it.id));
        let references = self.keys.iter().map(|claim| {
            let reference = &claim.reference;
            let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
            Touched::Reference(claim.owner.as_str(), order_id, txn_time)
        });
        let transactions = self.transactions.iter();
        let transactions =
            transactions.map(|(id, (owner, _))| Touched::Transaction(owner.as_str(), id.as_str()));
        let order = self.order.iter().map(|it| Touched::Order(&it.owner, &it.number));
        let tasks = self.tasks.iter();
        let tasks = tasks.map(|it| Touched::Task(it.task.owner.as_str(), it.task.id.as_str()));
        let records = self.records.iter().map(|it| Touched::Record(it.space, &it.key));
        message.chain(references).chain(transactions).chain(order).chain(tasks).chain(records)
    }

    /// The texts that came from outside as they are.
    fn raw_texts(&self) -> impl Iterator<Item = &str> {
        let seen = self.seen.iter().flat_map(|it| [it.app.as_str(), it.id.as_str()]);
        let keys = self.keys.iter().flat_map(|it| {
            let reference = [it.reference.order_id.as_str(), it.reference.txn_time.as_str()];
            let target = [it.owner.as_str(), it.target.order.as_str(), it.target.query_id.as_str()];
            reference.into_iter().chain(target).chain([it.input.as_str()])
        });
        let names = self.names.iter().flat_map(|it| [it.owner.as_str(), it.name.as_str()]);
        let tasks = self.tasks.iter().flat_map(|it| {
            let after = it.task.after.as_ref().map_or("", |after| after.as_str());
            [it.task.owner.as_str(), it.task.id.as_str(), it.task.order.as_str(), after]
        });
        let order = self.order.iter().flat_map(|it| [it.owner.as_str(), it.number.as_str()]);
        let records = self.records.iter().flat_map(|it| [it.key.as_str(), it.body.as_str()]);
        let entries = self.entries.iter();
        let entries =
            entries.flat_map(|it| [it.stream.as_str(), it.kind.as_str(), it.body.as_str()]);
        seen.chain(keys).chain(names).chain(tasks).chain(order).chain(records).chain(entries)
    }
}

fn seen(message: SeenMessage) -> SeenRow {
    SeenRow { app: message.app, id: message.id, until: to_micros(message.until) }
}

fn order(write: &OrderWrite) -> Result<OrderRow, StoreError> {
    Ok(OrderRow {
        number: write.order.terms.number.to_string(),
        owner: write.order.terms.merchant.to_string(),
        expected: write.expected.map(version),
        state: write.order.state.name(),
        body: json("order", &write.order)?,
    })
}

fn task(write: TaskWrite) -> Result<TaskRow, StoreError> {
    let (task, expected) = match write {
        TaskWrite::Insert(task) => (task, None),
        TaskWrite::Replace { task, expected } => (task, Some(version(expected))),
    };
    let due_at = task.due_at.map(to_micros);
    let body = json("task", &task.body)?;
    Ok(TaskRow { due_at, notice: troubled(&task.body), body, expected, task })
}

fn record(write: RecordWrite) -> Result<RecordRow, StoreError> {
    let (kind, body, expires_at) = match write.change {
        RecordChange::Insert { body, expires_at } => (RecordKind::Insert, body, expires_at),
        RecordChange::Replace { body, expected, expires_at } => {
            (RecordKind::Replace(version(expected)), body, expires_at)
        }
        RecordChange::Put { body, expires_at } => (RecordKind::Put, body, expires_at),
        RecordChange::Take { expected } => {
            (RecordKind::Take(version(expected)), String::new(), None)
        }
    };
    let body = bounded("document", body)?;
    let (space, key) = (write.space, write.key);
    Ok(RecordRow { space, key, kind, body, expires_at: expires_at.map(to_micros) })
}

fn claim(claim: KeyClaim) -> Result<KeyClaim, StoreError> {
    let input = bounded("input of a reference", claim.input)?;
    Ok(KeyClaim { input, ..claim })
}

/// Postings with their place among those of the same transaction, from 0.
fn postings(set: &WriteSet) -> Vec<PostingRow> {
    let Some(write) = &set.order else { return Vec::new() };
    let terms = &write.order.terms;
    let mut rows: Vec<PostingRow> = Vec::with_capacity(set.postings.len());
    for posting in &set.postings {
        let same = rows.iter().filter(|row| row.posting.transaction == posting.transaction);
        rows.push(PostingRow {
            owner: terms.merchant.to_string(),
            number: terms.number.to_string(),
            line: i64::try_from(same.count()).unwrap_or(i64::MAX),
            account: posting.account.to_string(),
            posting: posting.clone(),
        });
    }
    rows
}

fn entries(set: &WriteSet) -> Result<Vec<EntryRow>, StoreError> {
    let mut entries = Vec::with_capacity(set.events.len().saturating_add(set.operations.len()));
    if let Some(write) = &set.order {
        // The lines of one version follow on those of the version before, whoever wrote those.
        let parts = i64::try_from(PARTS_COUNT_MAX).unwrap_or(i64::MAX);
        let first = version(write.expected.unwrap_or(0)).saturating_mul(parts);
        for (index, event) in (0_i64..).zip(&set.events) {
            entries.push(EntryRow {
                owner: write.order.terms.merchant.to_string(),
                stream: write.order.terms.number.to_string(),
                place: first.saturating_add(index),
                kind: event.name().to_owned(),
                body: json("event", event)?,
            });
        }
    }
    let at = to_micros(set.at.unwrap_or_default());
    for operation in &set.operations {
        entries.push(EntryRow {
            owner: String::new(),
            stream: operation.stream.clone(),
            place: at,
            kind: operation.kind.clone(),
            body: bounded("operation", operation.body.clone())?,
        });
    }
    Ok(entries)
}
