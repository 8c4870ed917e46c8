//! What the sandbox remembers of messages that came in, for the timeline of an order.

use std::borrow::Cow;

use app::messages::{Message, PLATFORM, pair};
use domain::ids::{MerchantId, QueryId};
use jiff::Timestamp;
use wire::Part;
use wire::ucsp::MsgResponse;
use wire::upay::Reply;

use crate::shared::Shared;

/// A message between channel or service and platform, with its answer. `at` is the business time
/// at which it came.
pub(crate) fn ucsp<T: Part, A: Part>(
    shared: &Shared,
    (at, from, message): (Timestamp, &str, &str),
    (asked, answered): (&T, Option<&A>),
    response: &MsgResponse,
) {
    let Some(book) = &shared.options.messages else { return };
    let Some(owner) = asked.text("merId") else { return };
    let mut names = Vec::new();
    for (number, time) in [("orderId", "txnTime"), ("origOrderId", "origTxnTime")] {
        if let (Some(number), Some(time)) = (asked.text(number), asked.text(time)) {
            names.push(Cow::from(pair(number, time)));
        }
    }
    let told = ["tn", "queryId"].map(|id| answered.and_then(|answered| answered.text(id)));
    let said = ["tn", "queryId", "origQryId"].map(|id| asked.text(id));
    names.extend(told.into_iter().chain(said).flatten().map(Cow::from));
    book.note(&Message {
        at,
        owner: &MerchantId::new(owner),
        names: &names,
        from: &format!("application {from}"),
        to: PLATFORM,
        message,
        code: &response.response_code,
        detail: response.error_detail.as_deref(),
    });
}

/// A call of a till, where an order was found or made.
pub(crate) fn upay(
    shared: &Shared,
    (at, terminal, owner): (Timestamp, &str, &MerchantId),
    call: &str,
    reply: &Reply,
) {
    let (Some(book), Reply::Biz(biz)) = (&shared.options.messages, reply) else { return };
    let Some(data) = &biz.data else { return };
    let code = if biz.error_code.is_empty() { &biz.result_code } else { &biz.error_code };
    book.note(&Message {
        at,
        owner,
        names: &[data.sn.as_str().into()],
        from: &format!("terminal {terminal}"),
        to: PLATFORM,
        message: call,
        code,
        detail: None,
    });
}

/// A final result that a system behind the platform told by itself.
pub(crate) fn notice(
    shared: &Shared,
    (at, from): (Timestamp, &str),
    (owner, transaction): (&MerchantId, &QueryId),
    taken: bool,
) {
    let Some(book) = &shared.options.messages else { return };
    book.note(&Message {
        at,
        owner,
        names: &[transaction.as_str().into()],
        from,
        to: PLATFORM,
        message: "notice",
        code: if taken { "taken" } else { "not taken" },
        detail: None,
    });
}
