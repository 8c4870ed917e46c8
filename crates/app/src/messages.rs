//! The messages of the sandbox, for the timeline of an order: who told whom what, and the code of
//! the answer. Never a body: bodies hold what is nobody's business later.
//!
//! Invariants: at most [`MESSAGES_KEPT_COUNT_MAX`] are kept, the newest, in memory alone; what
//! happened to money stands in the journal, whether its message is remembered or not.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::ids::MerchantId;
use domain::order::Order;
use jiff::Timestamp;

use crate::limits::MESSAGES_KEPT_COUNT_MAX;
use crate::timeline::Entry;

/// What the platform itself is called.
pub const PLATFORM: &str = "the platform";

/// One message with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Business time at which it came or went.
    pub at: Timestamp,
    /// The merchant whose order it is about.
    pub owner: MerchantId,
    /// The numbers by which it names the order or a transaction of it: [`pair`]s, query ids, `tn`.
    pub names: Vec<String>,
    /// Who sent it.
    pub from: String,
    /// Who answered.
    pub to: String,
    /// Its name in the protocol.
    pub message: String,
    /// The code of the answer, or what else became of it.
    pub code: String,
    /// What the answer says beside its code: names of fields and rules, no values.
    pub detail: Option<String>,
}

/// How a number and its time make one name.
#[must_use]
pub fn pair(order_id: &str, txn_time: &str) -> String {
    format!("{order_id}/{txn_time}")
}

/// The newest messages.
#[derive(Debug, Default)]
pub struct MessageBook(Mutex<VecDeque<Message>>);

impl MessageBook {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message; the oldest makes room. One that names nothing is of no order.
    pub fn note(&self, message: Message) {
        if message.names.is_empty() {
            return;
        }
        let mut kept = self.kept();
        if kept.len() >= MESSAGES_KEPT_COUNT_MAX {
            kept.pop_front();
        }
        kept.push_back(message);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.kept().clear();
    }

    /// The messages about an order as lines of its timeline, oldest first.
    #[must_use]
    pub fn of(&self, order: &Order) -> Vec<Entry> {
        let names = names(order);
        let about = |message: &&Message| {
            message.owner == order.terms.merchant
                && message.names.iter().any(|name| names.contains(name))
        };
        let mut found: Vec<Message> = self.kept().iter().filter(about).cloned().collect();
        // A message is noted with its answer: what it caused at the same instant was noted before.
        found.sort_by_key(|message| (message.at, message.from == PLATFORM));
        found.iter().map(entry).collect()
    }
}

/// All names of an order and of what was done with it.
fn names(order: &Order) -> Vec<String> {
    let terms = &order.terms;
    let own = [
        terms.number.to_string(),
        terms.query_id.to_string(),
        pair(terms.reference.order_id.as_str(), terms.reference.txn_time.as_str()),
    ];
    let reversals = order.reversals.iter().flat_map(|reversal| {
        let reference = &reversal.terms.reference;
        let name = pair(reference.order_id.as_str(), reference.txn_time.as_str());
        [reversal.terms.query_id.to_string(), name]
    });
    own.into_iter().chain(reversals).collect()
}

fn entry(message: &Message) -> Entry {
    let Message { at, from, to, message, code, detail, .. } = message;
    Entry {
        at: *at,
        kind: "message",
        summary: format!("{message} from {from} to {to}: {code}"),
        details: serde_json::json!({
            "message": message, "from": from, "to": to, "code": code, "detail": detail,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_kept_and_what_names_nothing_is_not() {
        let book = MessageBook::default();
        let message = |names: Vec<String>| Message {
            at: Timestamp::UNIX_EPOCH,
            owner: "m".into(),
            names,
            from: "a till".to_owned(),
            to: PLATFORM.to_owned(),
            message: "pay".to_owned(),
            code: "PAY_SUCCESS".to_owned(),
            detail: None,
        };
        book.note(message(vec![]));
        assert_eq!(book.kept().len(), 0);
        for number in 0..MESSAGES_KEPT_COUNT_MAX + 3 {
            book.note(message(vec![number.to_string()]));
        }
        assert_eq!(book.kept().len(), MESSAGES_KEPT_COUNT_MAX);
        assert_eq!(book.kept().front().map(|it| it.names.concat()), Some("3".to_owned()));
    }
}
