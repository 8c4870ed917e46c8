//! Orders that wait to be placed with one downstream system share calls.
//!
//! Whoever comes while fewer than [`PLACE_BATCHES_COUNT_MAX`] calls are under way leads one at
//! once, alone if nobody else waits: an idle system adds no delay. Whoever comes later waits and
//! is taken along by the next call. Calls begin at least a pause apart, because each costs two
//! signatures on either side, as much as answering the orders themselves: under load many orders
//! share them. Invariant: somebody waits only while somebody leads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::ports::PlaceError;
use tokio::sync::oneshot;
use wire::downstream::{PLACE_ORDERS_COUNT_MAX, PlaceOrder};

use crate::limits::{PLACE_BATCHES_COUNT_MAX, PLACE_WAITING_COUNT_MAX};
use crate::metered::Stopwatch;

/// An order and who waits for it.
pub(super) struct Waiting {
    pub(super) order: PlaceOrder,
    pub(super) done: oneshot::Sender<Result<(), PlaceError>>,
}

/// The orders that wait for one downstream system.
pub(super) struct Batcher {
    /// Between the beginnings of two calls, real time.
    pause: Duration,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    leading: usize,
    /// When the last call began.
    begun: Option<Stopwatch>,
}

/// What became of an order that entered.
pub(super) enum Entered {
    /// The caller leads a call.
    Lead(Lead),
    /// Somebody who leads will take it along.
    Follow,
    /// Too many wait.
    Full,
}

/// The right to send batches; given up when nobody waits, or when it is dropped.
pub(super) struct Lead {
    batcher: Arc<Batcher>,
    held: bool,
}

/// What a leader does next.
enum Next {
    /// Sends these, without those who gave up.
    Send(Vec<Waiting>),
    /// Asks again when the pause since the last call is over.
    Wait(Stopwatch),
    /// Nothing: nobody waits, and this lead is over in the same instant, so that whoever comes
    /// next leads.
    Over,
}

impl Batcher {
    /// A queue whose calls begin at least `pause` apart.
    pub(super) fn new(pause: Duration) -> Self {
        Self { pause, queue: Mutex::default() }
    }

    pub(super) fn enter(self: &Arc<Self>, order: Waiting) -> Entered {
        let mut queue = self.queue();
        if queue.waiting.len() >= PLACE_WAITING_COUNT_MAX {
            return Entered::Full;
        }
        queue.waiting.push_back(order);
        if queue.leading >= PLACE_BATCHES_COUNT_MAX {
            return Entered::Follow;
        }
        queue.leading = queue.leading.saturating_add(1);
        Entered::Lead(Lead { batcher: Arc::clone(self), held: true })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// The next batch, as soon as it may be sent; `None` when nobody waits.
    pub(super) async fn take(&mut self) -> Option<Vec<Waiting>> {
        loop {
            match self.next() {
                Next::Send(batch) => return Some(batch),
                Next::Wait(begun) => begun.reaches(self.batcher.pause).await,
                Next::Over => return None,
            }
        }
    }

    fn next(&mut self) -> Next {
        let mut queue = self.batcher.queue();
        queue.waiting.retain(|one| !one.done.is_closed());
        if queue.waiting.is_empty() {
            if self.held {
                self.held = false;
                queue.leading = queue.leading.saturating_sub(1);
            }
            return Next::Over;
        }
        if let Some(begun) = queue.begun.filter(|begun| begun.elapsed() < self.batcher.pause) {
            return Next::Wait(begun);
        }
        queue.begun = Some(Stopwatch::start());
        let count = queue.waiting.len().min(PLACE_ORDERS_COUNT_MAX);
        Next::Send(queue.waiting.drain(..count).collect())
    }
}

impl Drop for Lead {
    /// A call that ended abnormally leaves its followers without a leader: they are let go, which
    /// they see as a failed call.
    fn drop(&mut self) {
        if self.held {
            let mut queue = self.batcher.queue();
            queue.leading = queue.leading.saturating_sub(1);
            if queue.leading == 0 {
                queue.waiting.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Result<(), PlaceError>>;

    fn one(number: usize) -> (Waiting, Answer) {
        let (done, answer) = oneshot::channel();
        let order = PlaceOrder { tn: number.to_string(), ..PlaceOrder::default() };
        (Waiting { order, done }, answer)
    }

    fn entered(batcher: &Arc<Batcher>, number: usize, kept: &mut Vec<Answer>) -> Entered {
        let (waiting, answer) = one(number);
        kept.push(answer);
        batcher.enter(waiting)
    }

    #[tokio::test]
    async fn the_first_goes_alone_and_those_behind_go_together() {
        let batcher = Arc::new(Batcher::new(Duration::ZERO));
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..PLACE_BATCHES_COUNT_MAX {
            let Entered::Lead(mut lead) = entered(&batcher, number, &mut kept) else {
                panic!("an idle system is led at once");
            };
            assert_eq!(lead.take().await.map(|batch| batch.len()), Some(1));
            leads.push(lead);
        }
        for number in 0..PLACE_ORDERS_COUNT_MAX + 10 {
            assert!(matches!(entered(&batcher, number, &mut kept), Entered::Follow));
        }
        for (lead, size) in leads.iter_mut().zip([PLACE_ORDERS_COUNT_MAX, 10]) {
            assert_eq!(lead.take().await.map(|batch| batch.len()), Some(size));
        }
        for lead in &mut leads {
            assert!(lead.take().await.is_none());
        }
        assert!(matches!(entered(&batcher, 0, &mut kept), Entered::Lead(_)));
    }

    #[tokio::test]
    async fn who_gave_up_is_not_taken_along() {
        let batcher = Arc::new(Batcher::new(Duration::ZERO));
        let (waiting, answer) = one(1);
        let Entered::Lead(mut lead) = batcher.enter(waiting) else { panic!("it leads") };
        drop(answer);
        assert!(lead.take().await.is_none());
    }

    #[test]
    fn the_queue_is_bounded() {
        let batcher = Arc::new(Batcher::new(Duration::ZERO));
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..PLACE_WAITING_COUNT_MAX {
            match entered(&batcher, number, &mut kept) {
                Entered::Lead(lead) => leads.push(lead),
                Entered::Follow => {}
                Entered::Full => panic!("there is room for {number}"),
            }
        }
        assert!(matches!(entered(&batcher, 0, &mut kept), Entered::Full));
    }

    #[tokio::test]
    async fn a_lead_that_ends_abnormally_strands_nobody() {
        let batcher = Arc::new(Batcher::new(Duration::ZERO));
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..=PLACE_BATCHES_COUNT_MAX {
            if let Entered::Lead(mut lead) = entered(&batcher, number, &mut kept) {
                assert!(lead.take().await.is_some());
                leads.push(lead);
            }
        }
        drop(leads);
        let last = kept.last_mut().expect("the follower");
        assert!(matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        assert!(matches!(entered(&batcher, 9, &mut kept), Entered::Lead(_)));
    }

    #[test]
    fn calls_begin_a_pause_apart_and_an_idle_system_does_not_wait() {
        let batcher = Arc::new(Batcher::new(Duration::from_hours(1)));
        let mut kept = Vec::new();
        let Entered::Lead(mut first) = entered(&batcher, 0, &mut kept) else { panic!("it leads") };
        assert!(matches!(first.next(), Next::Send(batch) if batch.len() == 1));
        let Entered::Lead(mut second) = entered(&batcher, 1, &mut kept) else { panic!("it leads") };
        assert!(matches!(second.next(), Next::Wait(_)));
        assert!(matches!(entered(&batcher, 2, &mut kept), Entered::Follow));
        assert!(matches!(second.next(), Next::Wait(_)));
        drop(kept);
        assert!(matches!(second.next(), Next::Over));
    }
}
