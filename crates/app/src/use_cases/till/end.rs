//! Ending an open attempt: by the merchant, at its deadline, or because nobody knows what became of
//! it. The intent is durable before the wallet is asked; the resolver asks on until it answers.

use domain::Command;
use domain::abort::AbortReason;
use domain::order::{Order, OrderState};
use jiff::Timestamp;

use super::super::record::{Transaction, What, record_outcome};
use super::TillRefusal;
use super::change::{Changed, Plan, change};
use crate::platform::Platform;

/// When a terminal's open attempt has to be ended; `None` once that was begun or it has an end.
pub(in super::super) fn deadline(order: &Order) -> Option<Timestamp> {
    let is_waiting = matches!(order.state, OrderState::Paying { .. } | OrderState::Unknown { .. });
    (is_waiting && order.sale().is_some()).then_some(order.terms.expires_at)
}

/// Whether the order's time to be paid is over and nothing was done about it yet.
pub(in super::super) fn is_over(order: &Order, now: Timestamp) -> bool {
    deadline(order).is_some_and(|deadline| now >= deadline)
}

/// Ends the attempt of an order whose time is over; the order as it is afterwards.
pub(in super::super) async fn expire(
    platform: &Platform,
    order: Order,
) -> Result<Order, TillRefusal> {
    match end(platform, &order, AbortReason::Timeout).await {
        // It ended otherwise meanwhile.
        Err(TillRefusal::Rule { order, .. }) => Ok(*order),
        ended => ended,
    }
}

/// Makes the intent durable, asks the wallet, records its answer.
pub(super) async fn end(
    platform: &Platform,
    order: &Order,
    reason: AbortReason,
) -> Result<Order, TillRefusal> {
    let terms = &order.terms;
    let place = (&terms.merchant, &terms.number);
    let plan = |_: &Order, _| {
        let command = Command::RequestAbort { reason };
        Ok(Plan { command, keys: Vec::new(), tasks: Vec::new() })
    };
    let order = match change(platform, place, plan).await? {
        Changed::Yes(order) | Changed::No(order) => order,
    };
    let outcome = platform.wallets.abort(&order).await;
    let transaction = Transaction {
        owner: &order.terms.merchant,
        number: &order.terms.number,
        what: What::Abort,
        later: false,
    };
    let recorded = record_outcome(platform, transaction, &outcome).await;
    Ok(recorded.unwrap_or_else(|error| platform.left_open(order, &error)))
}
