//! What the sandbox remembers of messages that came in, for the timeline of an order.

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
            names.push(pair(number, time));
        }
    }
    let told = ["tn", "queryId"].map(|id| answered.and_then(|answered| answered.text(id)));
    let said = ["tn", "queryId", "origQryId"].map(|id| asked.text(id));
    names.extend(told.into_iter().chain(said).flatten().map(str::to_owned));
    book.note(Message {
        at,
        owner: MerchantId::new(owner),
        names,
        from: format!("application {from}"),
        to: PLATFORM.to_owned(),
        message: message.to_owned(),
        code: response.response_code.clone(),
        detail: response.error_detail.clone(),
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
    book.note(Message {
        at,
        owner: owner.clone(),
        names: vec![data.sn.clone()],
        from: format!("terminal {terminal}"),
        to: PLATFORM.to_owned(),
        message: call.to_owned(),
        code: code.clone(),
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
    book.note(Message {
        at,
        owner: owner.clone(),
        names: vec![transaction.to_string()],
        from: from.to_owned(),
        to: PLATFORM.to_owned(),
        message: "notice".to_owned(),
        code: if taken { "taken" } else { "not taken" }.to_owned(),
        detail: None,
    });
}
