//! Whether two requests with one key are the same (ucsp.md section 8.5).
//!
//! The key is one space for payments, refunds and cancellations, so the text that is kept says
//! which message it was before it says what stood in it.

use serde_json::{Map, Value};
use wire::{Part, Request};

/// Between the name of the message and its fields; no name and no JSON text holds it.
const SEPARATOR: char = '\n';

/// The text to keep with the key: the message's name and its known fields in the order of the
/// declaration. Equal requests have equal texts.
#[must_use]
pub fn canonical<T: Request>(trx_info: &T) -> String {
    format!("{}{SEPARATOR}{}", T::MESSAGE.name, wire::ucsp::canonical(trx_info))
}

/// The first field, in the order of the new message's declaration, in which two texts of
/// [`canonical`] differ; `None` when they are equal. Two messages that differ in nothing but
/// their kind differ in `msgType`; a text that cannot be read differs in `trxInfo`.
#[must_use]
pub fn first_difference(stored: &str, new: &str) -> Option<String> {
    if stored == new {
        return None;
    }
    let (Some((stored_name, stored)), Some((new_name, new))) = (parse(stored), parse(new)) else {
        return Some("trxInfo".to_owned());
    };
    let declared = wire::ucsp::message(new_name).map(|message| message.request.fields);
    let mut ids = declared.unwrap_or_default().iter().map(|field| field.id);
    let found = ids.find(|id| stored.get(*id) != new.get(*id));
    let rest = if stored_name == new_name { "trxInfo" } else { "msgType" };
    Some(found.unwrap_or(rest).to_owned())
}

fn parse(text: &str) -> Option<(&str, Map<String, Value>)> {
    let (name, json) = text.split_once(SEPARATOR)?;
    Some((name, serde_json::from_str(json).ok()?))
}

/// Copies the members of one part that another part has too, by their identifiers.
pub(super) fn carry<A: Part, B: Part>(from: &A, ids: &[&str]) -> B {
    let mut to = B::default();
    for id in ids {
        if let Some(value) = from.text(id) {
            to.set_text(id, value);
        }
    }
    to
}
