//! Questions that wait for one system share calls.
//!
//! Whoever comes while few calls are under way leads one at once, alone if nobody else waits: an
//! idle system adds no delay. Whoever comes later waits and is taken along by the next call. Calls
//! begin at least a pause apart, because each has a cost of its own, such as two signatures on
//! either side: under load many questions share it. Invariant: somebody waits only while somebody
//! leads.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::metered::Stopwatch;

/// How questions share calls.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Calls under way at the same time.
    pub(crate) calls_count_max: usize,
    /// Questions in one call.
    pub(crate) batch_count_max: usize,
    /// Questions that wait; one more is refused.
    pub(crate) waiting_count_max: usize,
    /// Between the beginnings of two calls, real time.
    pub(crate) pause: Duration,
}

/// A question and who waits for its answer.
pub(crate) struct Waiting<Q, A> {
    pub(crate) question: Q,
    pub(crate) done: oneshot::Sender<A>,
}

/// The questions that wait for one system.
pub(crate) struct Batcher<Q, A> {
    bounds: Bounds,
    queue: Mutex<Queue<Q, A>>,
}

struct Queue<Q, A> {
    waiting: VecDeque<Waiting<Q, A>>,
    leading: usize,
    /// When the last call began.
    begun: Option<Stopwatch>,
}

/// What became of a question that entered.
pub(crate) enum Entered<Q, A> {
    /// The caller leads a call.
    Lead(Lead<Q, A>),
    /// Somebody who leads will take it along.
    Follow,
    /// Too many wait.
    Full,
}

/// The right to send batches; given up when nobody waits, or when it is dropped.
pub(crate) struct Lead<Q, A> {
    batcher: Arc<Batcher<Q, A>>,
    held: bool,
}

/// What a leader does next.
enum Next<Q, A> {
    /// Sends these, without those who gave up.
    Send(Vec<Waiting<Q, A>>),
    /// Asks again when the pause since the last call is over.
    Wait(Stopwatch),
    /// Nothing: nobody waits, and this lead is over in the same instant, so that whoever comes
    /// next leads.
    Over,
}

impl<Q, A> Batcher<Q, A> {
    /// An empty queue.
    pub(crate) fn new(bounds: Bounds) -> Self {
        let queue = Queue { waiting: VecDeque::new(), leading: 0, begun: None };
        Self { bounds, queue: Mutex::new(queue) }
    }

    pub(crate) fn enter(self: &Arc<Self>, question: Waiting<Q, A>) -> Entered<Q, A> {
        let mut queue = self.queue();
        if queue.waiting.len() >= self.bounds.waiting_count_max {
            return Entered::Full;
        }
        queue.waiting.push_back(question);
        if queue.leading >= self.bounds.calls_count_max {
            return Entered::Follow;
        }
        queue.leading = queue.leading.saturating_add(1);
        Entered::Lead(Lead { batcher: Arc::clone(self), held: true })
    }

    fn queue(&self) -> MutexGuard<'_, Queue<Q, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Lead<Q, A> {
    /// The next batch, as soon as it may be sent; `None` when nobody waits.
    pub(crate) async fn take(&mut self) -> Option<Vec<Waiting<Q, A>>> {
        loop {
            match self.next() {
                Next::Send(batch) => return Some(batch),
                Next::Wait(begun) => begun.reaches(self.batcher.bounds.pause).await,
                Next::Over => return None,
            }
        }
    }

    fn next(&mut self) -> Next<Q, A> {
        let mut queue = self.batcher.queue();
        queue.waiting.retain(|one| !one.done.is_closed());
        if queue.waiting.is_empty() {
            if self.held {
                self.held = false;
                queue.leading = queue.leading.saturating_sub(1);
            }
            return Next::Over;
        }
        if let Some(begun) = queue.begun.filter(|begun| begun.elapsed() < self.batcher.bounds.pause)
        {
            return Next::Wait(begun);
        }
        queue.begun = Some(Stopwatch::start());
        let count = queue.waiting.len().min(self.batcher.bounds.batch_count_max);
        Next::Send(queue.waiting.drain(..count).collect())
    }
}

impl<Q, A> Drop for Lead<Q, A> {
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

    type Answer = oneshot::Receiver<()>;
    type Numbers = Arc<Batcher<usize, ()>>;

    const CALLS_MAX: usize = 2;
    const BATCH_MAX: usize = 256;
    const WAITING_MAX: usize = 1000;

    fn batcher(pause: Duration) -> Numbers {
        Arc::new(Batcher::new(Bounds {
            calls_count_max: CALLS_MAX,
            batch_count_max: BATCH_MAX,
            waiting_count_max: WAITING_MAX,
            pause,
        }))
    }

    fn one(question: usize) -> (Waiting<usize, ()>, Answer) {
        let (done, answer) = oneshot::channel();
        (Waiting { question, done }, answer)
    }

    fn entered(batcher: &Numbers, number: usize, kept: &mut Vec<Answer>) -> Entered<usize, ()> {
        let (waiting, answer) = one(number);
        kept.push(answer);
        batcher.enter(waiting)
    }

    #[tokio::test]
    async fn the_first_goes_alone_and_those_behind_go_together() {
        let batcher = batcher(Duration::ZERO);
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..CALLS_MAX {
            let Entered::Lead(mut lead) = entered(&batcher, number, &mut kept) else {
                panic!("an idle system is led at once");
            };
            assert_eq!(lead.take().await.map(|batch| batch.len()), Some(1));
            leads.push(lead);
        }
        for number in 0..BATCH_MAX + 10 {
            assert!(matches!(entered(&batcher, number, &mut kept), Entered::Follow));
        }
        for (lead, size) in leads.iter_mut().zip([BATCH_MAX, 10]) {
            assert_eq!(lead.take().await.map(|batch| batch.len()), Some(size));
        }
        for lead in &mut leads {
            assert!(lead.take().await.is_none());
        }
        assert!(matches!(entered(&batcher, 0, &mut kept), Entered::Lead(_)));
    }

    #[tokio::test]
    async fn who_gave_up_is_not_taken_along() {
        let batcher = batcher(Duration::ZERO);
        let (waiting, answer) = one(1);
        let Entered::Lead(mut lead) = batcher.enter(waiting) else { panic!("it leads") };
        drop(answer);
        assert!(lead.take().await.is_none());
    }

    #[test]
    fn the_queue_is_bounded() {
        let batcher = batcher(Duration::ZERO);
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..WAITING_MAX {
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
        let batcher = batcher(Duration::ZERO);
        let mut kept = Vec::new();
        let mut leads = Vec::new();
        for number in 0..=CALLS_MAX {
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
        let batcher = batcher(Duration::from_hours(1));
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
