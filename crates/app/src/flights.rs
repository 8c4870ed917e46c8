//! One request at a time per key on this node: equal requests wait for the first, and commands to
//! one order do not race into stale versions. Correctness across nodes rests on the store alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

/// The keys that are being worked on.
#[derive(Clone, Default)]
pub struct Flights(Arc<Mutex<HashMap<String, Entry>>>);

/// What is asked under a key, and who may do it.
#[derive(Clone)]
struct Entry {
    content: Arc<str>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

/// Holds a key until it is dropped.
pub struct Flight {
    flights: Flights,
    key: String,
    guard: Option<OwnedMutexGuard<()>>,
}

/// Why a key could not be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Occupied {
    /// The same is being worked on for longer than the wait.
    Same,
    /// Something else is asked under this key at the moment: this.
    Other(Arc<str>),
}

impl Flights {
    /// Waits for the key, at most `wait` of real time, while the same `content` is worked on. Other
    /// content is not waited for, so that nobody hears "accepted" of what was never taken on.
    ///
    /// # Errors
    /// [`Occupied`].
    pub async fn enter(
        &self,
        key: String,
        content: &str,
        wait: Duration,
    ) -> Result<Flight, Occupied> {
        let lock = self.join(&key, content)?;
        // Made before the wait: a caller who goes away meanwhile leaves nothing behind.
        let mut flight = Flight { flights: self.clone(), key, guard: None };
        // Taking part keeps the entry alive: it is removed only when nobody holds it any more.
        flight.guard = tokio::time::timeout(wait, lock.lock_owned()).await.ok();
        if flight.guard.is_some() { Ok(flight) } else { Err(Occupied::Same) }
    }

    /// Takes part in what is asked under the key.
    fn join(&self, key: &str, content: &str) -> Result<Arc<tokio::sync::Mutex<()>>, Occupied> {
        let mut map = self.lock();
        if let Some(entry) = map.get(key) {
            if *entry.content == *content {
                return Ok(Arc::clone(&entry.lock));
            }
            return Err(Occupied::Other(Arc::clone(&entry.content)));
        }
        let entry = Entry { content: content.into(), lock: Arc::default() };
        let lock = Arc::clone(&entry.lock);
        map.insert(key.to_owned(), entry);
        Ok(lock)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.guard.take();
        let mut map = self.flights.lock();
        if map.get(&self.key).is_some_and(|entry| Arc::strong_count(&entry.lock) == 1) {
            map.remove(&self.key);
        }
    }
}
