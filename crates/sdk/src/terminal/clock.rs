//! The clock of a till: days of check-ins, and the waits between two queries.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Where a till reads the time and waits. Tests pass one that jumps.
#[async_trait]
pub trait TillClock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns when so much time went by.
    async fn wait(&self, time: Duration);
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl TillClock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "a till lives in real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
