//! Orders that wait to be placed with one downstream system share calls.
//!
//! Whoever comes while fewer than [`PLACE_BATCHES_COUNT_MAX`] calls are under way leads one at
//! once, alone if nobody else waits: an idle system adds no delay. Whoever comes later waits and
//! is taken along by the next call. Invariant: somebody waits only while somebody leads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::ports::PlaceError;
use tokio::sync::oneshot;
use wire::downstream::{PLACE_ORDERS_COUNT_MAX, PlaceOrder};

use crate::limits::{PLACE_BATCHES_COUNT_MAX, PLACE_WAITING_COUNT_MAX};

/// An order and who waits for it.
pub(super) struct Waiting {
    pub(super) order: PlaceOrder,
    pub(super) done: oneshot::Sender<Result<(), PlaceError>>,
}

/// The orders that wait for one downstream system.
#[derive(Default)]
pub(super) struct Batcher(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    leading: usize,
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

impl Batcher {
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead {
    /// The next batch, without those who gave up; `None` when nobody waits, and then this lead is
    /// over in the same instant, so that whoever comes next leads.
    pub(super) fn take(&mut self) -> Option<Vec<Waiting>> {
        let mut queue = self.batcher.queue();
        let mut batch = Vec::new();
        while batch.len() < PLACE_ORDERS_COUNT_MAX {
            match queue.waiting.pop_front() {
                Some(one) if one.done.is_closed() => {}
                Some(one) => batch.push(one),
                None => break,
            }
        }
        if batch.is_empty() && self.held {
            self.held = false;
            queue.leading = queue.leading.saturating_sub(1);
        }
        (!batch.is_empty()).then_some(batch)
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

    #[test]
    fn the_first_goes_alone_and_those_behind_go_together() {
        let batcher = Arc::new(Batcher::default());
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..PLACE_BATCHES_COUNT_MAX {
            let Entered::Lead(mut lead) = entered(&batcher, number, &mut kept) else {
                panic!("an idle system is led at once");
            };
            assert_eq!(lead.take().map(|batch| batch.len()), Some(1));
            leads.push(lead);
        }
        for number in 0..PLACE_ORDERS_COUNT_MAX + 10 {
            assert!(matches!(entered(&batcher, number, &mut kept), Entered::Follow));
        }
        let sizes: Vec<_> = leads.iter_mut().map(|lead| lead.take().map(|b| b.len())).collect();
        assert_eq!(sizes, [Some(PLACE_ORDERS_COUNT_MAX), Some(10)]);
        assert!(leads.iter_mut().all(|lead| lead.take().is_none()));
        assert!(matches!(entered(&batcher, 0, &mut kept), Entered::Lead(_)));
    }

    #[test]
    fn who_gave_up_is_not_taken_along() {
        let batcher = Arc::new(Batcher::default());
        let (waiting, answer) = one(1);
        let Entered::Lead(mut lead) = batcher.enter(waiting) else { panic!("it leads") };
        drop(answer);
        assert!(lead.take().is_none());
    }

    #[test]
    fn the_queue_is_bounded() {
        let batcher = Arc::new(Batcher::default());
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

    #[test]
    fn a_lead_that_ends_abnormally_strands_nobody() {
        let batcher = Arc::new(Batcher::default());
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..=PLACE_BATCHES_COUNT_MAX {
            if let Entered::Lead(mut lead) = entered(&batcher, number, &mut kept) {
                assert!(lead.take().is_some());
                leads.push(lead);
            }
        }
        drop(leads);
        let last = kept.last_mut().expect("the follower");
        assert!(matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        assert!(matches!(entered(&batcher, 9, &mut kept), Entered::Lead(_)));
    }
}
