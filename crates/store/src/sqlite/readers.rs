//! Connections that read. A question that touches a few rows is answered on the caller's thread:
//! it takes some microseconds, less than handing it over would. One that goes over many rows is
//! answered on a thread for blocking work, a bounded number of them at once.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use app::ports::StoreError;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::error::OpenError;
use super::fault::Fault;
use super::open;
use crate::limits::SCANNERS_COUNT;

type Slot = Mutex<Option<Connection>>;

/// The reading connections; empty slots once the store is closed.
#[derive(Debug)]
pub(super) struct Readers {
    short: Vec<Slot>,
    next: AtomicUsize,
    long: Arc<Vec<Slot>>,
    gate: Arc<Semaphore>,
}

impl Readers {
    /// Opens `count` connections for short questions, and those for long ones.
    pub(super) fn open(file: &Path, count: usize) -> Result<Self, OpenError> {
        let connect = |_| open::reading(file).map(|connection| Mutex::new(Some(connection)));
        Ok(Self {
            short: (0..count.max(1)).map(connect).collect::<Result<_, _>>()?,
            next: AtomicUsize::new(0),
            long: Arc::new((0..SCANNERS_COUNT).map(connect).collect::<Result<_, _>>()?),
            gate: Arc::new(Semaphore::new(SCANNERS_COUNT)),
        })
    }

    /// Answers a short question here and now.
    pub(super) fn short<T>(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let slot = free(&self.short, self.next.fetch_add(1, Ordering::Relaxed));
        let connection = slot.as_ref().ok_or(StoreError::Closed)?;
        ask(connection).map_err(|fault| fault.told(operation))
    }

    /// Answers a long question on a thread for blocking work.
    pub(super) async fn long<T: Send + 'static>(
        &self,
        operation: &'static str,
        ask: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.gate).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let long = Arc::clone(&self.long);
        let answered = tokio::task::spawn_blocking(move || {
            let slot = free(&long, 0);
            let connection = slot.as_ref().ok_or(StoreError::Closed)?;
            let answer = ask(connection).map_err(|fault| fault.told(operation));
            drop(slot);
            drop(permit);
            answer
        });
        answered
            .await
            .map_err(|source| StoreError::Engine { operation, source: Box::new(source) })?
    }

    /// Ends all connections when they are free.
    pub(super) fn close(&self) {
        self.gate.close();
        for slot in self.short.iter().chain(self.long.iter()) {
            slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A slot that nobody uses, looked for from `from` on; else the one at `from`, when it is free.
fn free(slots: &[Slot], from: usize) -> MutexGuard<'_, Option<Connection>> {
    let start = from % slots.len();
    let (before, after) = slots.split_at(start);
    for slot in after.iter().chain(before) {
        match slot.try_lock() {
            Ok(guard) => return guard,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    slots[start].lock().unwrap_or_else(PoisonError::into_inner)
}
