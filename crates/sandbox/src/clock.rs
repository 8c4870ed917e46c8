//! The clock that the simulated partners are given.
//!
//! Business time may be moved by the sandbox; the partners only read it and wait by it. Real
//! time is for the freshness of signatures alone.

use async_trait::async_trait;
use jiff::Timestamp;

/// Business and real time, and waiting by business time.
#[async_trait]
pub trait PartnerClock: Send + Sync + 'static {
    /// Business time.
    fn now(&self) -> Timestamp;
    /// Real time.
    fn real_now(&self) -> Timestamp;
    /// Returns when business time has reached `until`, with a guard that keeps a stepping clock
    /// from going on until it is dropped.
    async fn sleep_until(&self, until: Timestamp) -> Busy;
    /// A guard for work that began otherwise, such as a request.
    fn busy(&self) -> Busy;
}

/// Says that something which fell due is still being done; dropping it says: done.
#[must_use]
pub struct Busy(Option<Box<dyn Send + Sync>>);

impl Busy {
    /// A guard that holds a clock's own guard.
    pub fn holding(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// A guard of a clock that does not step.
    pub const fn none() -> Self {
        Self(None)
    }
}

impl std::fmt::Debug for Busy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Busy").field(&self.0.is_some()).finish()
    }
}

/// A partner's clock as the SDK wants to read it.
pub(crate) struct Reading<C: ?Sized>(pub(crate) std::sync::Arc<C>);

impl<C: PartnerClock + ?Sized> sdk::TimeSource for Reading<C> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn real_now(&self) -> Timestamp {
        self.0.real_now()
    }
}
