//! The two clocks: the system's, and one that the sandbox can move ahead.
//!
//! A jump of the movable clock does not skip what falls due on the way: it goes from deadline to
//! deadline, and at each waits until the work that fell due is done, so that the repeat of a
//! repeat happens within the same jump (ucsp.md section 8.6).

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::limits::{CLOCK_MOVE_WAIT_S_MAX, CLOCK_STEP_WAIT_S_MAX};
use crate::ports::{Busy, Clock, Sleeper};

/// A clock of which business time runs ahead of real time by an offset that only grows.
#[derive(Clone)]
pub struct MovableClock(Arc<Inner>);

struct Inner {
    offset_ms: AtomicI64,
    next_sleeper: AtomicU64,
    sleepers: Mutex<BTreeMap<(Timestamp, u64), oneshot::Sender<Busy>>>,
    busy: AtomicUsize,
    idle: Notify,
    /// Rings when business time was moved.
    moved: Notify,
    moving: tokio::sync::Mutex<()>,
}

impl MovableClock {
    /// A clock that is ahead by `offset`; negative offsets count as none.
    #[must_use]
    pub fn new(offset: SignedDuration) -> Self {
        let offset_ms = i64::try_from(offset.as_millis().max(0)).unwrap_or(0);
        Self(Arc::new(Inner {
            offset_ms: AtomicI64::new(offset_ms),
            next_sleeper: AtomicU64::new(0),
            sleepers: Mutex::new(BTreeMap::new()),
            busy: AtomicUsize::new(0),
            idle: Notify::new(),
            moved: Notify::new(),
            moving: tokio::sync::Mutex::new(()),
        }))
    }

    /// The system's clock: the same without an offset, never moved.
    #[must_use]
    pub fn system() -> Self {
        Self::new(SignedDuration::ZERO)
    }

    /// How far business time is ahead.
    #[must_use]
    pub fn offset(&self) -> SignedDuration {
        SignedDuration::from_millis(self.0.offset_ms.load(Ordering::SeqCst))
    }

    /// Moves business time ahead by `by`, through every deadline on the way. Returns when all that
    /// fell due has been started, and done as far as the bounds of real time allowed, of each step
    /// and of all: after those the rest of the way is passed at once, and what fell due on it is
    /// done late.
    pub async fn advance(&self, by: SignedDuration) {
        self.advance_within(by, Duration::from_secs(CLOCK_MOVE_WAIT_S_MAX)).await;
    }

    async fn advance_within(&self, by: SignedDuration, patience: Duration) {
        let _one = self.0.moving.lock().await;
        let patience = after(patience);
        let by = by.max(SignedDuration::ZERO);
        let Ok(target) = self.now().checked_add(by) else { return };
        loop {
            self.0.settled(patience).await;
            match self.0.earliest() {
                Some(deadline) if deadline <= target => {
                    self.0.reach(self.real_now(), deadline);
                    self.0.wake_due(self.now());
                }
                Some(_) | None => break,
            }
        }
        self.0.reach(self.real_now(), target);
        self.0.settled(patience).await;
    }
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let real = self.real_now();
        real.checked_add(self.offset()).unwrap_or(real)
    }

    /// Whole milliseconds: what is kept, shown and compared has one precision.
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that all others read")]
    fn real_now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

impl Sleeper for MovableClock {
    /// Registers at once, not at the first poll: between a call and its first poll a jump must not
    /// pass over the deadline.
    fn sleep_until<'s, 'f>(
        &'s self,
        until: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Busy> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        let (sleeper, mut woken) = Sleeping::register(&self.0, until);
        Box::pin(async move {
            let sleeper = sleeper;
            loop {
                // A jump that ends before the deadline leaves less to wait for.
                let moved = self.0.moved.notified();
                tokio::select! {
                    biased;
                    busy = &mut woken => return busy.unwrap_or_else(|_| self.busy()),
                    () = real_sleep(until.duration_since(self.now())) => {
                        drop(sleeper);
                        return self.busy();
                    }
                    () = moved => {}
                }
            }
        })
    }

    fn busy(&self) -> Busy {
        Inner::busy(&self.0)
    }
}

/// Business time flows with real time between jumps.
async fn real_sleep(wait: SignedDuration) {
    tokio::time::sleep(Duration::try_from(wait).unwrap_or(Duration::ZERO)).await;
}

/// The instant of real time after this wait.
fn after(wait: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(wait).unwrap_or(now)
}

/// A place in the list of sleepers; gives it up when dropped.
struct Sleeping {
    clock: Arc<Inner>,
    key: (Timestamp, u64),
}

impl Sleeping {
    fn register(clock: &Arc<Inner>, until: Timestamp) -> (Self, oneshot::Receiver<Busy>) {
        let (wake, woken) = oneshot::channel();
        let key = (until, clock.next_sleeper.fetch_add(1, Ordering::Relaxed));
        clock.sleepers().insert(key, wake);
        (Self { clock: Arc::clone(clock), key }, woken)
    }
}

impl Drop for Sleeping {
    fn drop(&mut self) {
        self.clock.sleepers().remove(&self.key);
    }
}

impl Inner {
    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<(Timestamp, u64), oneshot::Sender<Busy>>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.sleepers().keys().next().map(|(deadline, _)| *deadline)
    }

    fn busy(inner: &Arc<Self>) -> Busy {
        inner.busy.fetch_add(1, Ordering::SeqCst);
        let clock = Arc::clone(inner);
        Busy::new(Arc::new(move || {
            if clock.busy.fetch_sub(1, Ordering::SeqCst) == 1 {
                clock.idle.notify_waiters();
            }
        }))
    }

    /// Moves the offset so far that business time is at least `instant`; never backwards.
    fn reach(&self, real_now: Timestamp, instant: Timestamp) {
        let ahead = instant.duration_since(real_now);
        let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX).saturating_add(1);
        self.offset_ms.fetch_max(ahead_ms, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    /// Wakes whoever's deadline is over, each with a guard.
    fn wake_due(self: &Arc<Self>, now: Timestamp) {
        loop {
            let due = {
                let mut sleepers = self.sleepers();
                match sleepers.first_key_value() {
                    Some(((deadline, _), _)) if *deadline <= now => sleepers.pop_first(),
                    Some(_) | None => None,
                }
            };
            let Some((_, wake)) = due else { return };
            // A sleeper that went away gives the guard back at once.
            drop(wake.send(Self::busy(self)));
        }
    }

    /// Waits until no guard is held, at most the bound of a step and until `patience` is over.
    async fn settled(&self, patience: Instant) {
        let idle = async {
            loop {
                let rung = self.idle.notified();
                if self.busy.load(Ordering::SeqCst) == 0 {
                    return;
                }
                rung.await;
            }
        };
        let step = after(Duration::from_secs(CLOCK_STEP_WAIT_S_MAX));
        if tokio::time::timeout_at(step.min(patience), idle).await.is_err() {
            tracing::warn!("the clock goes on while work that fell due is still running");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_jump_that_ends_before_a_deadline_leaves_only_the_rest_to_wait_for() {
        let clock = MovableClock::system();
        let until = clock.now().checked_add(SignedDuration::from_hours(1)).unwrap();
        let task_clock = clock.clone();
        let mut sleep = Box::pin(async move { drop(task_clock.sleep_until(until).await) });
        assert!(tokio::time::timeout(Duration::ZERO, &mut sleep).await.is_err(), "not yet");
        let left = until.duration_since(clock.now());
        clock.advance(left - SignedDuration::from_millis(50)).await;
        let waited = tokio::time::timeout(Duration::from_secs(20), sleep).await;
        assert!(waited.is_ok(), "it goes on waiting for what was to wait before the jump");
    }

    #[tokio::test]
    async fn a_jump_goes_through_every_deadline_on_the_way() {
        let clock = MovableClock::system();
        let start = clock.now();
        let times = Arc::new(Mutex::new(Vec::new()));
        let (task_clock, task_times) = (clock.clone(), Arc::clone(&times));
        let minute_from = |now: Timestamp| now.checked_add(SignedDuration::from_mins(1)).unwrap();
        let registered = Arc::new(Notify::new());
        let ready = Arc::clone(&registered);
        let task = tokio::spawn(async move {
            let mut sleep = task_clock.sleep_until(minute_from(task_clock.now()));
            ready.notify_one();
            for _ in 0..5 {
                let busy = sleep.await;
                task_times.lock().unwrap().push(task_clock.now().duration_since(start).as_mins());
                sleep = task_clock.sleep_until(minute_from(task_clock.now()));
                drop(busy);
            }
        });
        registered.notified().await;
        clock.advance(SignedDuration::from_secs(3 * 60 + 30)).await;
        task.abort();
        assert_eq!(*times.lock().unwrap(), [1, 2, 3]);
        assert!(clock.now().duration_since(start) >= SignedDuration::from_mins(3));
    }

    #[tokio::test]
    async fn a_jump_waits_for_the_work_that_fell_due() {
        let clock = MovableClock::system();
        let done = Arc::new(AtomicUsize::new(0));
        let until = clock.now().checked_add(SignedDuration::from_mins(1)).unwrap();
        let (task_clock, task_done) = (clock.clone(), Arc::clone(&done));
        let mut sleep = Box::pin(async move { task_clock.sleep_until(until).await });
        assert!(futures_poll_once(&mut sleep).await);
        let task = tokio::spawn(async move {
            let busy = sleep.await;
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            task_done.store(1, Ordering::SeqCst);
            drop(busy);
        });
        clock.advance(SignedDuration::from_mins(2)).await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
        task.await.unwrap();
    }

    /// Work that does not end, such as a question to a partner that never answers.
    #[tokio::test]
    async fn a_jump_over_work_that_does_not_end_is_bounded_in_all() {
        let (clock, start) = (MovableClock::system(), Instant::now());
        let target = clock.now().checked_add(SignedDuration::from_hours(24)).unwrap();
        let _busy = clock.busy();
        clock.advance_within(SignedDuration::from_hours(24), Duration::from_millis(50)).await;
        assert!(clock.now() >= target);
        assert!(start.elapsed() < Duration::from_secs(CLOCK_STEP_WAIT_S_MAX));
    }

    #[tokio::test]
    async fn it_never_runs_backwards() {
        let clock = MovableClock::new(SignedDuration::from_hours(1));
        clock.advance(SignedDuration::from_hours(-2)).await;
        assert!(clock.offset() >= SignedDuration::from_hours(1));
    }

    /// Polls once; true when the future is still pending.
    async fn futures_poll_once<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
