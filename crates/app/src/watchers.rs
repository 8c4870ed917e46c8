//! Who waits for an order to change: held calls, woken by whatever is recorded on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::OrderNumber;
use tokio::sync::Notify;

/// The orders that somebody waits for.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    orders: HashMap<OrderNumber, Arc<Notify>>,
    let_go: bool,
}

/// Waits for one order until it is dropped.
pub(crate) struct Watch {
    watchers: Watchers,
    number: OrderNumber,
    pub(crate) changed: Arc<Notify>,
}

impl Watchers {
    pub(crate) fn watch(&self, number: &OrderNumber) -> Watch {
        let changed = Arc::clone(self.lock().orders.entry(number.clone()).or_default());
        Watch { watchers: self.clone(), number: number.clone(), changed }
    }

    /// Wakes who waits for this order.
    pub(crate) fn changed(&self, number: &OrderNumber) {
        if let Some(changed) = self.lock().orders.get(number) {
            changed.notify_waiters();
        }
    }

    /// Nothing is waited for any more: the node ends, and its held calls are answered with what is
    /// known.
    pub fn let_go(&self) {
        let mut waiting = self.lock();
        waiting.let_go = true;
        waiting.orders.values().for_each(|order| order.notify_waiters());
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Whether the node ends.
    pub(crate) fn is_let_go(&self) -> bool {
        self.watchers.lock().let_go
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut waiting = self.watchers.lock();
        // The map and this watch hold it; anybody else is another watch.
        if Arc::strong_count(&self.changed) <= 2 {
            waiting.orders.remove(&self.number);
        }
    }
}
