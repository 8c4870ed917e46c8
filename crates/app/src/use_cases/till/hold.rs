//! A pay call is held while the payer types the PIN (upay.md section 9.5).

use domain::order::{Order, OrderState};

use super::TillRefusal;
use super::change::load;
use super::end::{expire, is_over};
use crate::limits::HOLD_POLL;
use crate::platform::Platform;

/// Waits until the order is no longer paid for, at most the time that calls are held from its
/// creation; business time. Another node may record the end, so it is looked for as well. When this
/// node ends nobody is held any more: a query elsewhere tells how the payment goes on.
pub(super) async fn hold(platform: &Platform, order: Order) -> Result<Order, TillRefusal> {
    let created_at = order.terms.created_at;
    let until = created_at.checked_add(platform.settings.terminals.hold).unwrap_or(created_at);
    let watch = platform.watchers.watch(&order.terms.number);
    let mut over = std::pin::pin!(platform.sleeper.sleep_until(until));
    let mut latest = order;
    loop {
        let changed = watch.changed.notified();
        let found = load(platform, &latest.terms.merchant, &latest.terms.number).await?;
        latest = found.value;
        let now = platform.clock.now();
        if is_over(&latest, now) {
            return expire(platform, latest).await;
        }
        if !is_waiting(&latest) || now >= until || watch.is_let_go() {
            return Ok(latest);
        }
        tokio::select! {
            // In this order, so that a simulated run is the same each time.
            biased;
            // Another node does not wake anybody here: it is looked for every now and then.
            _woken = tokio::time::timeout(HOLD_POLL, changed) => {}
            _busy = &mut over => {
                let found = load(platform, &latest.terms.merchant, &latest.terms.number).await?;
                return Ok(found.value);
            }
        }
    }
}

/// Whether an end may still come of itself.
const fn is_waiting(order: &Order) -> bool {
    match &order.state {
        OrderState::Paying { .. } => true,
        OrderState::Aborting { abort, .. } => {
            matches!(abort.standing, domain::abort::AbortStanding::Asked)
        }
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborted { .. }
        | OrderState::Failed { .. }
        | OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => false,
    }
}
