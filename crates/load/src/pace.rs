//! When the next request leaves: at once, or at a set rate.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::limits::DRAIN_S_MAX;

/// When counting begins and when everything ends.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// The end of the warm-up.
    pub from: Instant,
    /// The end; without it a run ends with its requests.
    pub until: Option<Instant>,
}

impl Window {
    /// Whether nothing new begins.
    #[must_use]
    pub fn is_over(self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    /// Whether what happens at this instant counts.
    #[must_use]
    pub fn counts(self, at: Instant) -> bool {
        at >= self.from && !self.is_over(at)
    }
}

/// The turns of all connections together.
#[derive(Debug)]
pub struct Pace {
    window: Window,
    begun: Instant,
    /// Time between two requests; `None` is the closed loop: each connection asks again when it
    /// was answered.
    interval: Option<Duration>,
    turns: AtomicU64,
    exhausted: AtomicBool,
}

impl Pace {
    /// A closed loop, or with a rate above 0 so many requests a second, whoever is free.
    #[must_use]
    pub fn new(window: Window, begun: Instant, rate: Option<u32>) -> Self {
        let interval = rate.map(|rate| Duration::from_secs(1) / rate.max(1));
        let (turns, exhausted) = (AtomicU64::new(0), AtomicBool::new(false));
        Self { window, begun, interval, turns, exhausted }
    }

    /// The window.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Waits for the next turn: the instant from which its time counts. `None` when the run is
    /// over. A turn that is late is given at once, and its time counts from when it was due.
    pub async fn turn(&self) -> Option<Instant> {
        let now = Instant::now();
        let Some(interval) = self.interval else {
            return (!self.window.is_over(now)).then_some(now);
        };
        let turn = self.turns.fetch_add(1, Ordering::Relaxed);
        let due = self.begun + interval.saturating_mul(u32::try_from(turn).unwrap_or(u32::MAX));
        let drained = self.window.until.map(|until| until + Duration::from_secs(DRAIN_S_MAX));
        if self.window.is_over(due) || drained.is_some_and(|end| now >= end) {
            return None;
        }
        if due > now {
            sleep_until(due).await;
        }
        Some(due)
    }

    /// Whether a turn counts: in a closed loop by its end, at a set rate by the instant at which
    /// it was due, because a late one must not fall out of the window.
    #[must_use]
    pub fn counts(&self, due: Instant, ended: Instant) -> bool {
        self.window.counts(if self.interval.is_some() { due } else { ended })
    }

    /// Notes that a connection had nothing left to send. Others may have.
    pub fn exhaust(&self) {
        self.exhausted.store(true, Ordering::Relaxed);
    }

    /// Whether the requests ran out.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Turns that fell due before the end and were never given, at a set rate.
    #[must_use]
    pub fn never_sent(&self) -> u64 {
        let (Some(interval), Some(until)) = (self.interval, self.window.until) else { return 0 };
        let due = (until - self.begun).as_nanos() / interval.as_nanos().max(1);
        let due = u64::try_from(due).unwrap_or(u64::MAX);
        due.saturating_sub(self.turns.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(begun: Instant) -> Window {
        Window { from: begun + Duration::from_secs(1), until: Some(begun + Duration::from_secs(3)) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_gives_turns_at_equal_distances_and_ends() {
        let begun = Instant::now();
        let pace = Pace::new(window(begun), begun, Some(2));
        let mut dues = Vec::new();
        while let Some(due) = pace.turn().await {
            dues.push((due - begun).as_millis());
        }
        assert_eq!(dues, [0, 500, 1000, 1500, 2000, 2500]);
        assert_eq!(pace.never_sent(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_turn_counts_from_when_it_was_due() {
        let begun = Instant::now();
        let pace = Pace::new(window(begun), begun, Some(2));
        tokio::time::advance(Duration::from_secs(2)).await;
        let late = pace.turn().await.unwrap();
        assert_eq!((late, Instant::now() - begun), (begun, Duration::from_secs(2)));
        let ended = begun + Duration::from_secs(20);
        assert!(pace.counts(begun + Duration::from_secs(2), ended));
        assert!(!pace.counts(begun, ended));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_never_sent_is_told() {
        let begun = Instant::now();
        let pace = Pace::new(window(begun), begun, Some(2));
        tokio::time::advance(Duration::from_secs(3 + DRAIN_S_MAX)).await;
        assert_eq!(pace.turn().await, None);
        assert_eq!(pace.never_sent(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_loop_counts_by_the_end() {
        let begun = Instant::now();
        let pace = Pace::new(window(begun), begun, None);
        assert_eq!(pace.turn().await, Some(begun));
        assert!(pace.counts(begun, begun + Duration::from_secs(1)));
        pace.exhaust();
        assert!(pace.is_exhausted() && pace.turn().await.is_some(), "others may have more to send");
    }
}
