//! One order from its first message to its last notice, for operators and the simulation API.

use domain::ids::{MerchantId, OrderNumber};
use domain::notice::Notice;
use domain::{Event, ledger::Posting};
use jiff::Timestamp;
use serde::Serialize;

use crate::ports::store::{Store, StoreError};
use crate::writeset::{Task, TaskBody, Versioned};

/// One line of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Business time.
    pub at: Timestamp,
    /// `message`, `event`, `posting`, `notice` or `inquiry`.
    pub kind: &'static str,
    /// One line for a reader.
    pub summary: String,
    /// What the entry is made of.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub details: serde_json::Value,
}

/// Everything that happened to an order, in order of time.
///
/// # Errors
/// The store's.
pub async fn timeline(
    store: &dyn Store,
    owner: &MerchantId,
    number: &OrderNumber,
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    let postings = store.postings_of(owner, number).await?;
    for line in store.journal_of(number.as_str()).await? {
        let details = serde_json::from_str(&line.body).unwrap_or_default();
        let summary = line.kind.replace('_', " ");
        entries.push(Entry { at: line.at, kind: "event", summary, details });
        if let Ok(event) = serde_json::from_str::<Event>(&line.body) {
            let moved = moved_by(&event);
            let lines = postings.iter().filter(|p| moved.as_ref().is_some_and(|m| m.has(p)));
            entries.extend(lines.map(|posting| posted(line.at, posting)));
        }
    }
    for task in store.tasks_of(owner, number).await? {
        tasks(&mut entries, task);
    }
    entries.sort_by_key(|entry| entry.at);
    Ok(entries)
}

/// Which transaction an event moved money for.
enum Moved {
    Payment,
    Reversal(domain::ids::QueryId),
}

impl Moved {
    fn has(&self, posting: &Posting) -> bool {
        let to_merchant = match posting.account {
            domain::ledger::Account::Clearing(_) | domain::ledger::Account::Wallet(_) => {
                posting.minor > 0
            }
            domain::ledger::Account::Merchant(_) => posting.minor < 0,
        };
        match self {
            Self::Payment => to_merchant,
            Self::Reversal(query_id) => &posting.transaction == query_id,
        }
    }
}

fn moved_by(event: &Event) -> Option<Moved> {
    match event {
        Event::PaymentSucceeded { .. } => Some(Moved::Payment),
        Event::ReversalSucceeded { query_id, .. } => Some(Moved::Reversal(query_id.clone())),
        Event::Submitted { .. }
        | Event::PaymentStarted { .. }
        | Event::PaymentAccepted { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentUncertain { .. }
        | Event::AbortRequested { .. }
        | Event::AbortUncertain { .. }
        | Event::AbortRefused { .. }
        | Event::Aborted { .. }
        | Event::Closed { .. }
        | Event::ReversalRequested { .. }
        | Event::ReversalAccepted { .. }
        | Event::ReversalRefused { .. }
        | Event::ReversalUncertain { .. } => None,
    }
}

fn posted(at: Timestamp, posting: &Posting) -> Entry {
    let side = if posting.minor < 0 { "credit" } else { "debit" };
    let minor = posting.minor.unsigned_abs();
    Entry {
        at,
        kind: "posting",
        summary: format!("{side} {} {minor} {}", posting.account, posting.currency),
        details: serde_json::to_value(posting).unwrap_or_default(),
    }
}

fn tasks(entries: &mut Vec<Entry>, task: Versioned<Task>) {
    match task.value.body {
        TaskBody::Notice(notice) => entries.extend(attempts(&notice)),
        TaskBody::Inquire { query_id, .. } => {
            if let Some(due_at) = task.value.due_at {
                let summary = format!("the next inquiry after {query_id} falls due");
                let details = serde_json::Value::Null;
                entries.push(Entry { at: due_at, kind: "inquiry", summary, details });
            }
        }
        TaskBody::Close => {}
    }
}

fn attempts(notice: &Notice) -> Vec<Entry> {
    let whom = notice.receiver.name();
    let queued = Entry {
        at: notice.created_at,
        kind: "notice",
        summary: format!("notice {} to the {whom}: {}", notice.id, notice.state.name()),
        details: serde_json::Value::Null,
    };
    let tried = notice.attempts.iter().map(|attempt| Entry {
        at: attempt.at,
        kind: "notice",
        summary: match &attempt.error {
            None => format!("the {whom} confirmed"),
            Some(error) => format!("the {whom} did not confirm: {error}"),
        },
        details: serde_json::to_value(attempt).unwrap_or_default(),
    });
    std::iter::once(queued).chain(tried).collect()
}
