//! Virtual time: it stands still while anybody works and jumps to the next instant that somebody
//! waits for. The only place of this crate that reads a clock or waits for one.

use std::time::Duration;

use app::ports::{Busy, Clock, Sleeper};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// The time of a run as nobody in it knows it exactly.
#[derive(Debug, Clone, Copy)]
pub struct Time {
    started: Instant,
    epoch: Timestamp,
}

impl Time {
    /// Begins at this instant; inside a runtime whose clock is paused.
    #[must_use]
    pub fn begin(epoch: Timestamp) -> Self {
        Self { started: Instant::now(), epoch }
    }

    /// Milliseconds since the beginning.
    #[must_use]
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The true time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = i64::try_from(self.elapsed_ms()).unwrap_or(i64::MAX);
        self.epoch.checked_add(SignedDuration::from_millis(elapsed)).unwrap_or(self.epoch)
    }

    fn instant(&self, at: Timestamp) -> Instant {
        let since = Duration::try_from(at.duration_since(self.epoch));
        self.started + since.unwrap_or(Duration::ZERO)
    }
}

/// Lets so much time pass; none: lets the others go first.
pub async fn pause_ms(span_ms: u64) {
    if span_ms == 0 {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(Duration::from_millis(span_ms)).await;
    }
}

/// The clock of one node, which is off by a constant.
#[derive(Debug, Clone, Copy)]
pub struct NodeClock {
    time: Time,
    skew: SignedDuration,
}

impl NodeClock {
    /// The clock of a node.
    #[must_use]
    pub const fn new(time: Time, skew: SignedDuration) -> Self {
        Self { time, skew }
    }
}

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        let now = self.time.now();
        now.checked_add(self.skew).unwrap_or(now)
    }

    fn real_now(&self) -> Timestamp {
        self.now()
    }
}

#[async_trait]
impl Sleeper for NodeClock {
    async fn sleep_until(&self, until: Timestamp) -> Busy {
        let true_until = until.checked_sub(self.skew).unwrap_or(until);
        tokio::time::sleep_until(self.time.instant(true_until)).await;
        Busy::none()
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }
}

/// Measures in real time how long runs take; outside of them.
#[derive(Debug, Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    /// Starts.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Real time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
