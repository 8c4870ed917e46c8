//! The names of this crate's metrics, each in one place, and the one watch that times calls.

use std::time::Duration;

use metrics::{counter, gauge, histogram};
use tokio::time::Instant;

/// Measures how long a call takes in real time, which a moved business clock does not change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Returns when so much time has passed since the start.
    pub(crate) async fn reaches(self, span: Duration) {
        tokio::time::sleep_until(self.0 + span).await;
    }
}

/// Attempts to deliver a notice, by receiver and result.
pub(crate) fn notice_attempted(receiver: &'static str, confirmed: bool, took: Duration) {
    let result = if confirmed { "confirmed" } else { "failed" };
    counter!("causeway_notice_attempts_total", "receiver" => receiver, "result" => result)
        .increment(1);
    histogram!("causeway_notice_attempt_seconds", "receiver" => receiver).record(took);
}

/// A notice was given up.
pub(crate) fn notice_undelivered(receiver: &'static str) {
    counter!("causeway_notices_undelivered_total", "receiver" => receiver).increment(1);
}

/// How many notices stand undelivered (up to the bound that is looked at), and the age of the
/// oldest of them.
pub(crate) fn undelivered(count: usize, oldest: Duration) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    gauge!("causeway_notices_undelivered").set(f64::from(count));
    gauge!("causeway_notices_undelivered_oldest_seconds").set(oldest.as_secs_f64());
}

/// A call to a downstream system, by operation and outcome.
pub(crate) fn downstream_called(operation: &'static str, outcome: &'static str, took: Duration) {
    counter!("causeway_downstream_calls_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
    histogram!("causeway_downstream_seconds", "operation" => operation).record(took);
}

/// Orders that shared one call.
pub(crate) fn placed_together(count: usize) {
    histogram!("causeway_downstream_place_orders")
        .record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// An operation of a wallet, by operation and outcome.
pub(crate) fn wallet_called(operation: &'static str, outcome: &'static str, took: Duration) {
    counter!("causeway_wallet_calls_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
    histogram!("causeway_wallet_seconds", "operation" => operation).record(took);
}

/// Operations of a wallet that shared one call.
pub(crate) fn wallet_called_together(count: usize) {
    histogram!("causeway_wallet_call_operations")
        .record(f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
}

/// A call to a channel, by operation and result.
pub(crate) fn channel_called(operation: &'static str, succeeded: bool, took: Duration) {
    let result = if succeeded { "ok" } else { "failed" };
    counter!("causeway_channel_calls_total", "operation" => operation, "result" => result)
        .increment(1);
    histogram!("causeway_channel_seconds", "operation" => operation).record(took);
}

/// A claimed task was done, by kind.
pub(crate) fn task_run(kind: &'static str, took: Duration) {
    histogram!("causeway_task_seconds", "task" => kind).record(took);
}

/// A claimed task was left to its lease: too many wait, or the lease was nearly over.
pub(crate) fn task_left(reason: &'static str) {
    counter!("causeway_tasks_left_total", "reason" => reason).increment(1);
}
