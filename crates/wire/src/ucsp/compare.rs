//! The canonical form of a request, for idempotency (`spec/ucsp.md` section 8.5).

use serde_json::Value;

use crate::part::Request;
use crate::ucsp::encode_plain;

/// The canonical text of a request's fields: JSON in the order of the declaration, without
/// unknown and absent members. Equal requests have equal texts; store it beside the key.
#[must_use]
pub fn canonical<T: Request>(trx_info: &T) -> String {
    // The writer only puts whole strings and ASCII signs together, so the bytes are UTF-8.
    String::from_utf8(encode_plain(trx_info)).unwrap_or_default()
}

/// The identifier of the first field, in the order of the declaration, in which a request differs
/// from the canonical text stored for its key; `None` if they are equal.
///
/// A stored text that is not JSON differs in `trxInfo` as a whole. A stored text of another
/// message differs in the first field that one of them lacks.
#[must_use]
pub fn first_difference<T: Request>(stored: &str, new: &T) -> Option<&'static str> {
    let new = canonical(new);
    if stored == new {
        return None;
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(stored), Some(new)) = (parse(stored), parse(&new)) else {
        return Some("trxInfo");
    };
    let differs = |id: &str| stored.get(id) != new.get(id);
    let found = T::TABLE.fields.iter().map(|field| field.id).find(|id| differs(id));
    // Only members that this declaration does not know can differ now.
    found.or(Some("trxInfo"))
}
