//! Who waits for an order to change: held calls, woken by whatever is recorded on this node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::OrderNumber;
use tokio::sync::Notify;

/// The orders that somebody waits for.
#[derive(Clone, Default)]
pub struct Watchers(Arc<Mutex<HashMap<OrderNumber, Arc<Notify>>>>);

/// Waits for one order until it is dropped.
pub(crate) struct Watch {
    watchers: Watchers,
    number: OrderNumber,
    pub(crate) changed: Arc<Notify>,
}

impl Watchers {
    pub(crate) fn watch(&self, number: &OrderNumber) -> Watch {
        let changed = Arc::clone(self.lock().entry(number.clone()).or_default());
        Watch { watchers: self.clone(), number: number.clone(), changed }
    }

    /// Wakes who waits for this order.
    pub(crate) fn changed(&self, number: &OrderNumber) {
        if let Some(changed) = self.lock().get(number) {
            changed.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OrderNumber, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut map = self.watchers.lock();
        // The map and this watch hold it; anybody else is another watch.
        if Arc::strong_count(&self.changed) <= 2 {
            map.remove(&self.number);
        }
    }
}
