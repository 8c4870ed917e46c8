//! A write set as rows. Made on the caller's thread, so that the one writer only binds and writes.

use app::ports::StoreError;
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target, TargetKind,
    Task, TaskBody, TaskWrite, WriteSet,
};
use domain::ids::{MerchantId, QueryId};
use domain::ledger::Posting;
use domain::notice::NoticeState;
use serde::Serialize;

use crate::instant::to_micros;
use crate::limits::BODY_BYTES_MAX;
use crate::shape;

/// Everything that one write set writes.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) seen: Option<SeenMessage>,
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
    pub(super) posting: Posting,
}

#[derive(Debug)]
pub(super) struct EntryRow {
    pub(super) owner: String,
    pub(super) stream: String,
    pub(super) kind: String,
    pub(super) body: String,
}

impl Rows {
    /// The rows of a write set of the right shape.
    pub(super) fn of(set: WriteSet) -> Result<Self, StoreError> {
        shape::check(&set)?;
        Ok(Self {
            transactions: shape::transactions(&set),
            entries: entries(&set)?,
            at: to_micros(set.at.unwrap_or_default()),
            postings: postings(set.postings),
            order: set.order.as_ref().map(order).transpose()?,
            tasks: set.tasks.into_iter().map(task).collect::<Result<_, _>>()?,
            records: set.records.into_iter().map(record).collect::<Result<_, _>>()?,
            keys: set.keys.into_iter().map(claim).collect::<Result<_, _>>()?,
            names: set.names,
            seen: set.seen,
        })
    }
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

/// The state of a notice that operators look at: late or given up.
fn troubled(body: &TaskBody) -> Option<&'static str> {
    match body {
        TaskBody::Close | TaskBody::Inquire { .. } => None,
        TaskBody::Notice(notice) => match notice.state {
            NoticeState::Queued | NoticeState::Confirmed { .. } => None,
            NoticeState::Retrying { .. } | NoticeState::Undelivered { .. } => {
                Some(notice.state.name())
            }
        },
    }
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

fn claim(claim: KeyClaim) -> Result<KeyClaim, StoreError> {
    let input = bounded("input of a reference", claim.input)?;
    Ok(KeyClaim { input, ..claim })
}

/// Postings with their place among those of the same transaction, from 0.
fn postings(postings: Vec<Posting>) -> Vec<PostingRow> {
    let mut rows: Vec<PostingRow> = Vec::with_capacity(postings.len());
    for posting in postings {
        let same = rows.iter().filter(|row| row.posting.transaction == posting.transaction);
        let line = i64::try_from(same.count()).unwrap_or(i64::MAX);
        rows.push(PostingRow { line, posting });
    }
    rows
}

fn entries(set: &WriteSet) -> Result<Vec<EntryRow>, StoreError> {
    let mut entries = Vec::with_capacity(set.events.len().saturating_add(set.operations.len()));
    if let Some(write) = &set.order {
        for event in &set.events {
            entries.push(EntryRow {
                owner: write.order.terms.merchant.to_string(),
                stream: write.order.terms.number.to_string(),
                kind: event.name().to_owned(),
                body: json("event", event)?,
            });
        }
    }
    for operation in &set.operations {
        entries.push(EntryRow {
            owner: String::new(),
            stream: operation.stream.clone(),
            kind: operation.kind.clone(),
            body: bounded("operation", operation.body.clone())?,
        });
    }
    Ok(entries)
}

fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    let text = serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { what: what.into(), reason: error.to_string() })?;
    bounded(what, text)
}

fn bounded(what: &'static str, text: String) -> Result<String, StoreError> {
    if text.len() <= BODY_BYTES_MAX {
        return Ok(text);
    }
    let reason = format!("it is longer than {BODY_BYTES_MAX} bytes");
    Err(StoreError::Damaged { what: what.to_owned(), reason })
}

fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// The word for a kind of transaction.
pub(super) fn kind_word(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Payment => "payment",
        TargetKind::Cancellation => "cancellation",
        TargetKind::Refund => "refund",
    }
}
