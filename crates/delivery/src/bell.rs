//! The bell that use cases ring when they made work due.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::ports::{Busy, Sleeper, Wake};
use tokio::sync::Notify;

/// Wakes the dispatcher. From the ring until the dispatcher has looked, business time does not
/// jump on, so that a moved clock never overtakes work that is already due.
pub struct Bell {
    sleeper: Arc<dyn Sleeper>,
    rung: Notify,
    attended: AtomicBool,
    busy: Mutex<Option<Busy>>,
}

impl Bell {
    /// A bell for the clock that the dispatcher sleeps by.
    #[must_use]
    pub fn new(sleeper: Arc<dyn Sleeper>) -> Self {
        Self {
            sleeper,
            rung: Notify::new(),
            attended: AtomicBool::new(false),
            busy: Mutex::new(None),
        }
    }

    /// Says whether a dispatcher listens. Without one nothing holds the clock.
    pub(crate) fn attend(&self, attended: bool) {
        self.attended.store(attended, Ordering::SeqCst);
        if !attended {
            self.held().take();
        }
    }

    /// Waits for a ring; the guard is held until work was looked for.
    pub(crate) async fn wait(&self) -> Busy {
        self.rung.notified().await;
        let held = self.held().take();
        held.unwrap_or_else(|| self.sleeper.busy())
    }

    fn held(&self) -> MutexGuard<'_, Option<Busy>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Bell {
    fn wake(&self) {
        if self.attended.load(Ordering::SeqCst) {
            self.held().get_or_insert_with(|| self.sleeper.busy());
        }
        self.rung.notify_one();
    }
}
