//! The messages of the sandbox, for the timeline of an order: who told whom what, and the code of
//! the answer. Never a body: bodies hold what is nobody's business later.
//!
//! Invariants: at most [`MESSAGES_KEPT_COUNT_MAX`] are kept, the newest, in memory alone; what
//! happened to money stands in the journal, whether its message is remembered or not.

use std::borrow::Cow;
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
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    /// Business time at which it came or went.
    pub at: Timestamp,
    /// The merchant whose order it is about.
    pub owner: &'m MerchantId,
    /// The numbers by which it names the order or a transaction of it: [`pair`]s, query ids, `tn`.
    pub names: &'m [Cow<'m, str>],
    /// Who sent it.
    pub from: &'m str,
    /// Who answered.
    pub to: &'m str,
    /// Its name in the protocol.
    pub message: &'m str,
    /// The code of the answer, or what else became of it.
    pub code: &'m str,
    /// What the answer says beside its code: names of fields and rules, no values.
    pub detail: Option<&'m str>,
}

/// A message as it is kept: in one piece, since ten thousand of many would be spread over all of
/// the memory that the platform works in.
#[derive(Debug)]
struct Kept {
    at: Timestamp,
    /// Lines: owner, who sent it, who answered, its name, the code, the detail or nothing, and then
    /// the names.
    lines: Box<str>,
}

impl Kept {
    fn of(message: &Message<'_>) -> Self {
        let Message { at, owner, names, from, to, message, code, detail } = message;
        let fixed = [owner.as_str(), from, to, message, code, detail.unwrap_or_default()];
        let all = fixed.into_iter().chain(names.iter().map(AsRef::as_ref));
        let mut lines =
            String::with_capacity(all.clone().map(|line| line.len().saturating_add(1)).sum());
        for line in all {
            lines.extend(line.split('\n'));
            lines.push('\n');
        }
        Self { at: *at, lines: lines.into_boxed_str() }
    }

    /// The line of the timeline, if the message is about one of these names of this owner.
    fn entry(&self, owner: &MerchantId, names: &[String]) -> Option<(bool, Entry)> {
        let mut lines = self.lines.lines();
        let mut next = || lines.next().unwrap_or_default();
        let is_owner = next() == owner.as_str();
        let [from, to, message, code, detail] = std::array::from_fn(|_| next());
        if !is_owner || !lines.any(|name| names.iter().any(|one| one == name)) {
            return None;
        }
        let detail = Some(detail).filter(|detail| !detail.is_empty());
        let entry = Entry {
            at: self.at,
            kind: "message",
            summary: format!("{message} from {from} to {to}: {code}"),
            details: serde_json::json!({
                "message": message, "from": from, "to": to, "code": code, "detail": detail,
            }),
        };
        Some((from == PLATFORM, entry))
    }
}

/// How a number and its time make one name.
#[must_use]
pub fn pair(order_id: &str, txn_time: &str) -> String {
    format!("{order_id}/{txn_time}")
}

/// The newest messages.
#[derive(Debug, Default)]
pub struct MessageBook(Mutex<VecDeque<Kept>>);

impl MessageBook {
    fn kept(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a message; the oldest makes room. One that names nothing is of no order.
    pub fn note(&self, message: &Message<'_>) {
        if message.names.is_empty() {
            return;
        }
        let message = Kept::of(message);
        let mut kept = self.kept();
        let oldest = if kept.len() < MESSAGES_KEPT_COUNT_MAX { None } else { kept.pop_front() };
        kept.push_back(message);
        drop(kept);
        drop(oldest);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.kept().clear();
    }

    /// The messages about an order as lines of its timeline, oldest first.
    #[must_use]
    pub fn of(&self, order: &Order) -> Vec<Entry> {
        let names = names(order);
        let entry = |message: &Kept| message.entry(&order.terms.merchant, &names);
        let mut found: Vec<_> = self.kept().iter().filter_map(entry).collect();
        // A message is noted with its answer: what it caused at the same instant was noted before.
        found.sort_by_key(|(is_ours, entry)| (entry.at, *is_ours));
        found.into_iter().map(|(_, entry)| entry).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_are_kept_and_what_names_nothing_is_not() {
        let book = MessageBook::default();
        let owner = "m".into();
        let note = |names: &[Cow<'_, str>]| {
            book.note(&Message {
                at: Timestamp::UNIX_EPOCH,
                owner: &owner,
                names,
                from: "a till",
                to: PLATFORM,
                message: "pay",
                code: "PAY_SUCCESS",
                detail: None,
            });
        };
        note(&[]);
        assert_eq!(book.kept().len(), 0);
        for number in 0..MESSAGES_KEPT_COUNT_MAX + 3 {
            note(&[number.to_string().into()]);
        }
        assert_eq!(book.kept().len(), MESSAGES_KEPT_COUNT_MAX);
        let told = |name: &str| {
            let kept = book.kept();
            kept.iter().any(|it| it.entry(&owner, &[name.to_owned()]).is_some())
        };
        assert!(!told("2") && told("3"), "the newest are kept");
        assert!(!told("PAY_SUCCESS"), "a code is no name");
    }
}
