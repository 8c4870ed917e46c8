//! Two times: business time, which the sandbox can move, and real time, which nothing moves.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

/// The clock of the platform (interface.md, "What the clock moves").
pub trait Clock: Send + Sync + 'static {
    /// Business time: message time stamps, deadlines, repeats, inquiries, trade days.
    fn now(&self) -> Timestamp;

    /// Real time: freshness of authentication, replay windows, certificate validity.
    fn real_now(&self) -> Timestamp;
}

/// Waits on business time.
#[async_trait]
pub trait Sleeper: Send + Sync + 'static {
    /// Returns when business time has reached `until`. The guard keeps a clock that steps through
    /// a jump from going on until the work that fell due is done.
    async fn sleep_until(&self, until: Timestamp) -> Busy;

    /// A guard for work that began otherwise: a request, a wake-up.
    fn busy(&self) -> Busy;
}

/// Work that business time waits for. Dropping it says: done.
#[must_use]
pub struct Busy(Option<Arc<dyn Fn() + Send + Sync>>);

impl Busy {
    /// A guard that nobody waits for.
    pub const fn none() -> Self {
        Self(None)
    }

    /// A guard that calls `done` when it is dropped.
    pub fn new(done: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self(Some(done))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done();
        }
    }
}
