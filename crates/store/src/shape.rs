//! What a write set must be like before any store looks at it: a set that breaks a rule is a fault
//! of the program and is refused as damaged, never written. And how its parts are written, where
//! stores write them alike.

use std::collections::BTreeSet;

use app::journal;
use app::ports::StoreError;
use app::ports::store::JournalEntry;
use app::writeset::{Target, TargetKind, Task, TaskBody, TaskId, TaskWrite, WriteSet};
use domain::ids::{MerchantId, QueryId};
use domain::notice::NoticeState;
use serde::Serialize;

use crate::instant::{from_micros, to_micros};
use crate::limits::{BODY_BYTES_MAX, PARTS_COUNT_MAX};

/// Checks the rules that need no stored state: the ledger balances, every part has what its row
/// needs, and nothing is named twice.
pub(crate) fn check(set: &WriteSet) -> Result<(), StoreError> {
    match fault(set) {
        None => Ok(()),
        Some(reason) => {
            Err(StoreError::Damaged { what: "write set".to_owned(), reason: reason.to_owned() })
        }
    }
}

fn fault(set: &WriteSet) -> Option<&'static str> {
    let counts = [
        set.events.len(),
        set.postings.len(),
        set.keys.len(),
        set.names.len(),
        set.tasks.len(),
        set.records.len(),
        set.operations.len(),
    ];
    if counts.iter().any(|count| *count > PARTS_COUNT_MAX) {
        return Some("it has too many parts");
    }
    if !domain::ledger::balances(&set.postings) {
        return Some("its postings do not sum to zero");
    }
    if set.order.is_none() && !(set.events.is_empty() && set.postings.is_empty()) {
        return Some("it has events or postings without an order");
    }
    if set.at.is_none() && !(set.events.is_empty() && set.operations.is_empty()) {
        return Some("it has journal entries without a time");
    }
    if !distinct(set.keys.iter().map(|claim| (&claim.owner, &claim.reference))) {
        return Some("it claims one reference twice");
    }
    if !distinct(set.tasks.iter().map(|write| match write {
        TaskWrite::Insert(task) | TaskWrite::Replace { task, .. } => (&task.owner, &task.id),
    })) {
        return Some("it names one task twice");
    }
    if set.tasks.iter().any(|write| match write {
        TaskWrite::Insert(task) | TaskWrite::Replace { task, .. } => is_misnamed(task),
    }) {
        return Some("it has a task under the name of another");
    }
    if !distinct(set.records.iter().map(|record| (record.space, &record.key))) {
        return Some("it names one document twice");
    }
    None
}

/// Whether a task has the name of a closing or an inquiry and is not what the name says: stores
/// keep such tasks by their names.
fn is_misnamed(task: &Task) -> bool {
    let kept_by_name = ["close:", "inquire:"].iter().any(|it| task.id.as_str().starts_with(it));
    let name = match &task.body {
        TaskBody::Close => TaskId::close(&task.order),
        TaskBody::Inquire { query_id, .. } => TaskId::inquire(query_id),
        TaskBody::Notice(notice) => TaskId::notice(&notice.id),
    };
    kept_by_name && (task.id != name || task.after.is_some())
}

fn distinct<T: Ord>(keys: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    keys.into_iter().all(|key| seen.insert(key))
}

/// The numbers by which the transactions of a write set are found: the new order's payment and
/// all that is claimed.
pub(crate) fn transactions(set: &WriteSet) -> Vec<(QueryId, (MerchantId, Target))> {
    let order = set.order.iter().filter(|write| write.expected.is_none()).map(|write| {
        let terms = &write.order.terms;
        let target = Target {
            order: terms.number.clone(),
            query_id: terms.query_id.clone(),
            kind: TargetKind::Payment,
        };
        (terms.query_id.clone(), (terms.merchant.clone(), target))
    });
    let claims = set
        .keys
        .iter()
        .map(|claim| (claim.target.query_id.clone(), (claim.owner.clone(), claim.target.clone())));
    let mut all: Vec<_> = order.chain(claims).collect();
    all.dedup();
    all
}

/// The lines that a write set adds to the journal, those of its order first. The writer gives each
/// its place and its hash.
pub(crate) fn entries(set: &WriteSet) -> Result<Vec<JournalEntry>, StoreError> {
    // As it is read back, so that the hash of what is read is the one that was written.
    let at = from_micros(to_micros(set.at.unwrap_or_default())).unwrap_or_default();
    let line = |owner: String, stream: String, kind: String, body| JournalEntry {
        lane: 0,
        sequence: 0,
        at,
        owner,
        stream,
        kind,
        body,
        previous: journal::GENESIS,
        hash: journal::GENESIS,
    };
    let mut entries = Vec::with_capacity(set.events.len().saturating_add(set.operations.len()));
    if let Some(write) = &set.order {
        for event in &set.events {
            let (owner, stream) = (&write.order.terms.merchant, &write.order.terms.number);
            let body = json("event", event)?;
            entries.push(line(owner.to_string(), stream.to_string(), event.name().into(), body));
        }
    }
    for operation in &set.operations {
        let body = bounded("operation", operation.body.clone())?;
        let (stream, kind) = (operation.stream.clone(), operation.kind.clone());
        entries.push(line(String::new(), stream, kind, body));
    }
    Ok(entries)
}

/// The state of a notice that operators look at: late or given up.
pub(crate) fn troubled(body: &TaskBody) -> Option<&'static str> {
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

/// A value as the JSON text of a column.
pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    let text = serde_json::to_string(value)
        .map_err(|error| StoreError::Damaged { what: what.into(), reason: error.to_string() })?;
    bounded(what, text)
}

/// A text that a column takes.
pub(crate) fn bounded(what: &'static str, text: String) -> Result<String, StoreError> {
    if text.len() <= BODY_BYTES_MAX {
        return Ok(text);
    }
    let reason = format!("it is longer than {BODY_BYTES_MAX} bytes");
    Err(StoreError::Damaged { what: what.to_owned(), reason })
}

/// A version as stores count it.
pub(crate) fn version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

/// The word for a kind of transaction.
pub(crate) fn kind_word(kind: TargetKind) -> &'static str {
    match kind {
        TargetKind::Payment => "payment",
        TargetKind::Cancellation => "cancellation",
        TargetKind::Refund => "refund",
    }
}
