//! One request at a time per key on this node: equal requests wait for the first, and commands to
//! one order do not race into stale versions. Correctness across nodes rests on the store alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

/// The keys that are being worked on.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>);

/// Holds a key until it is dropped.
pub struct Flight {
    flights: Flights,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Flights {
    /// Waits for the key, at most `wait` of real time; `None` when that was not enough.
    pub async fn enter(&self, key: String, wait: Duration) -> Option<Flight> {
        let lock = Arc::clone(self.lock().entry(key.clone()).or_default());
        // Taking part keeps the entry alive: it is removed only when nobody holds it any more.
        let guard = tokio::time::timeout(wait, lock.lock_owned()).await.ok();
        let flight = Flight { flights: self.clone(), key, guard };
        flight.guard.is_some().then_some(flight)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<tokio::sync::Mutex<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.guard.take();
        let mut map = self.flights.lock();
        if map.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            map.remove(&self.key);
        }
    }
}
