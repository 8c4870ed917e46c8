//! The sandbox's clock: movable, remembered over restarts, and lent to the simulated partners.

use app::clock::MovableClock;
use app::ports::store::StoreError;
use app::ports::{Clock, Sleeper, Store};
use app::records::SETTING;
use app::writeset::{RecordChange, RecordWrite, WriteSet};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use sandbox::{Busy, PartnerClock};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Key of the clock in the space of settings.
const CLOCK_KEY: &str = "clock";

/// How far the clock was moved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moved {
    /// How far business time is ahead of real time.
    pub(crate) offset_ms: i64,
    /// The sum of all that was asked for.
    pub(crate) advanced_seconds: i64,
}

impl Moved {
    /// What the store remembers; nothing moved at the first start.
    pub(crate) async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        let Some(record) = store.record(SETTING, CLOCK_KEY).await? else {
            return Ok(Self::default());
        };
        serde_json::from_str(&record.value).map_err(|error| StoreError::Damaged {
            what: "clock".to_owned(),
            reason: error.to_string(),
        })
    }

    /// The record that remembers it.
    pub(crate) fn to_record(self) -> RecordWrite {
        let body = json!({
            "offset_ms": self.offset_ms, "advanced_seconds": self.advanced_seconds,
        });
        let change = RecordChange::Put { body: body.to_string(), expires_at: None };
        RecordWrite { space: SETTING, key: CLOCK_KEY.to_owned(), change }
    }
}

/// Moves the clock and remembers it.
pub(crate) struct ClockKeeper {
    clock: MovableClock,
    moved: tokio::sync::Mutex<Moved>,
}

impl ClockKeeper {
    /// Starts where the store says.
    pub(crate) async fn start(store: &dyn Store) -> Result<Self, StoreError> {
        let moved = Moved::read(store).await?;
        let clock = MovableClock::new(SignedDuration::from_millis(moved.offset_ms));
        Ok(Self { clock, moved: tokio::sync::Mutex::new(moved) })
    }

    /// The clock.
    pub(crate) const fn clock(&self) -> &MovableClock {
        &self.clock
    }

    /// How far it was moved.
    pub(crate) async fn moved(&self) -> Moved {
        *self.moved.lock().await
    }

    /// Moves business time ahead. The jump is durable before it happens, so that no restart takes
    /// it back.
    pub(crate) async fn advance(
        &self,
        store: &dyn Store,
        seconds: i64,
    ) -> Result<Moved, StoreError> {
        let mut moved = self.moved.lock().await;
        let by = SignedDuration::from_secs(seconds);
        moved.advanced_seconds = moved.advanced_seconds.saturating_add(seconds);
        let aim = self.clock.offset().saturating_add(by);
        moved.offset_ms = i64::try_from(aim.as_millis()).unwrap_or(i64::MAX);
        remember(store, *moved, self.clock.now()).await?;
        self.clock.advance(by).await;
        moved.offset_ms = i64::try_from(self.clock.offset().as_millis()).unwrap_or(i64::MAX);
        remember(store, *moved, self.clock.now()).await?;
        Ok(*moved)
    }
}

async fn remember(store: &dyn Store, moved: Moved, now: Timestamp) -> Result<(), StoreError> {
    let records = vec![moved.to_record()];
    let set = WriteSet { at: Some(now), records, ..WriteSet::default() };
    store.commit(set).await.map(|_| ())
}

/// The clock as the simulated partners see it.
pub(crate) struct LentClock(pub(crate) MovableClock);

#[async_trait]
impl PartnerClock for LentClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn real_now(&self) -> Timestamp {
        self.0.real_now()
    }

    /// Registers with the clock at once, as the clock's own sleep does.
    fn sleep_until<'s, 'f>(
        &'s self,
        until: Timestamp,
    ) -> std::pin::Pin<Box<dyn Future<Output = Busy> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let sleep = self.0.sleep_until(until);
        Box::pin(async move { Busy::holding(sleep.await) })
    }

    fn busy(&self) -> Busy {
        Busy::holding(self.0.busy())
    }
}

#[cfg(test)]
mod tests {
    use store::MemoryStore;

    use super::*;

    #[tokio::test]
    async fn the_clock_is_remembered_and_never_goes_back() {
        let store = MemoryStore::new();
        let keeper = ClockKeeper::start(&store).await.unwrap();
        let moved = keeper.advance(&store, 3_600).await.unwrap();
        assert_eq!(moved.advanced_seconds, 3_600);
        let before = keeper.clock().now();
        let again = ClockKeeper::start(&store).await.unwrap();
        assert!(again.clock().now() >= before);
        assert_eq!(again.moved().await.advanced_seconds, 3_600);
    }
}
