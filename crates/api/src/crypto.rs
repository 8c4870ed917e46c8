//! Threads for RSA, so that a signature of 0.35 ms never holds up a thread that serves others.
//!
//! Goal: whoever is admitted gets its signature; who is not is refused before any work. Each kind
//! of request has a lane of its own and the threads take turns over the lanes, so that an inquiry
//! does not stand behind a queue of submissions. When many wait, a thread does a few jobs before it
//! tells the askers: waking a serving thread for each of them costs a tenth of a signature.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::limits::{
    CRYPTO_JOBS_PER_LANE_COUNT_MAX, CRYPTO_JOBS_TOGETHER_COUNT_MAX, CRYPTO_THREADS_COUNT_MAX,
};

/// The kinds of requests that take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Submissions of orders.
    Orders,
    /// Inquiries.
    Inquiries,
    /// Refunds and cancellations.
    Reversals,
    /// Cards.
    Cards,
    /// Logins.
    Logins,
    /// The downstream payment system.
    Downstream,
    /// Signed refusals.
    Refusals,
}

const LANES: [Lane; 7] = [
    Lane::Orders,
    Lane::Inquiries,
    Lane::Reversals,
    Lane::Cards,
    Lane::Logins,
    Lane::Downstream,
    Lane::Refusals,
];

impl Lane {
    fn index(self) -> usize {
        LANES.iter().position(|lane| *lane == self).unwrap_or(0)
    }
}

/// Does the work and returns what tells the asker; nothing when the work panicked.
type Job = Box<dyn FnOnce() -> Option<Tell> + Send>;
type Tell = Box<dyn FnOnce()>;

/// Too many of this kind are under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests of this kind are under way")]
pub(crate) struct Busy;

#[derive(Default)]
struct Queues {
    lanes: [VecDeque<Job>; LANES.len()],
    next: usize,
    /// Threads that wait for a job.
    idle: usize,
    closed: bool,
}

impl Queues {
    /// The oldest job of the next lane that has one.
    fn take(&mut self) -> Option<Job> {
        for step in 0..LANES.len() {
            let index = (self.next + step) % LANES.len();
            if let Some(job) = self.lanes.get_mut(index).and_then(VecDeque::pop_front) {
                self.next = (index + 1) % LANES.len();
                return Some(job);
            }
        }
        None
    }

    /// One thread's share of what waits, in turns over the lanes; at least one if there is any.
    fn take_share(&mut self, threads: usize, share: &mut Vec<Job>) {
        let waiting: usize = self.lanes.iter().map(VecDeque::len).sum();
        let count = (waiting / threads.max(1)).clamp(1, CRYPTO_JOBS_TOGETHER_COUNT_MAX);
        share.extend(std::iter::from_fn(|| self.take()).take(count));
    }
}

struct Board {
    threads: usize,
    queues: Mutex<Queues>,
    posted: Condvar,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut share = Vec::with_capacity(CRYPTO_JOBS_TOGETHER_COUNT_MAX);
        let mut done = Vec::with_capacity(CRYPTO_JOBS_TOGETHER_COUNT_MAX);
        let mut queues = self.lock();
        loop {
            queues.take_share(self.threads, &mut share);
            if !share.is_empty() {
                drop(queues);
                done.extend(share.drain(..).filter_map(|job| job()));
                done.drain(..).for_each(|tell| tell());
                queues = self.lock();
            } else if queues.closed {
                return;
            } else {
                queues.idle += 1;
                queues = self.posted.wait(queues).unwrap_or_else(PoisonError::into_inner);
                queues.idle -= 1;
            }
        }
    }
}

/// The threads and their lanes. Dropping it ends the threads after what was posted.
pub(crate) struct CryptoPool {
    board: Arc<Board>,
    rooms: [Arc<Semaphore>; LANES.len()],
}

/// A place in a lane: with it a job can always be posted.
pub(crate) struct Place {
    lane: Lane,
    _room: OwnedSemaphorePermit,
}

impl CryptoPool {
    /// A pool of this many threads; 0 means one for each core.
    pub(crate) fn new(threads: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let count = if threads == 0 { cores } else { threads }.min(CRYPTO_THREADS_COUNT_MAX);
        let board =
            Arc::new(Board { threads: count, queues: Mutex::default(), posted: Condvar::new() });
        for number in 0..count {
            let board = Arc::clone(&board);
            let builder = std::thread::Builder::new().name(format!("crypto-{number}"));
            if let Err(error) = builder.spawn(move || board.work()) {
                tracing::error!(%error, "a signing thread could not be started");
            }
        }
        let room = || Arc::new(Semaphore::new(CRYPTO_JOBS_PER_LANE_COUNT_MAX));
        Self { board, rooms: std::array::from_fn(|_| room()) }
    }

    /// A place in the lane, taken before a request is worked on, so that its answer can be signed.
    ///
    /// # Errors
    /// [`Busy`] when the lane is full.
    pub(crate) fn reserve(&self, lane: Lane) -> Result<Place, Busy> {
        let room = self.rooms.get(lane.index()).ok_or(Busy)?;
        let room = Arc::clone(room).try_acquire_owned().map_err(|_| Busy)?;
        Ok(Place { lane, _room: room })
    }

    /// Runs a job on one of the threads. A place serves any number of jobs, one after another.
    ///
    /// # Errors
    /// [`Busy`] when the job panicked or the pool is ending.
    pub(crate) async fn run<T, F>(&self, place: &Place, job: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let posted: Job = Box::new(move || {
            let value = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).ok()?;
            // The asker may have gone; then nobody needs the value.
            Some(Box::new(move || drop(done.send(value))))
        });
        if self.post(place.lane, posted) {
            self.board.posted.notify_one();
        }
        outcome.await.map_err(|_| Busy)
    }

    /// Puts a job into its lane; whether a thread must be woken for it.
    fn post(&self, lane: Lane, job: Job) -> bool {
        let mut queues = self.board.lock();
        if let Some(lane) = queues.lanes.get_mut(lane.index()) {
            lane.push_back(job);
        }
        queues.idle > 0
    }
}

impl Drop for CryptoPool {
    fn drop(&mut self) {
        self.board.lock().closed = true;
        self.board.posted.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_take_turns() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut queues = Queues::default();
        let mut post = |lane: Lane, name: &'static str| {
            let order = Arc::clone(&order);
            let job: Job = Box::new(move || {
                order.lock().unwrap().push(name);
                None
            });
            queues.lanes[lane.index()].push_back(job);
        };
        for name in ["order 1", "order 2", "order 3"] {
            post(Lane::Orders, name);
        }
        post(Lane::Inquiries, "inquiry");
        while let Some(job) = queues.take() {
            job();
        }
        assert_eq!(*order.lock().unwrap(), ["order 1", "inquiry", "order 2", "order 3"]);
    }

    #[test]
    fn a_thread_takes_its_share_and_leaves_some_to_others() {
        let mut queues = Queues::default();
        let mut taken = Vec::new();
        for (waiting, expected) in [(0, 0), (1, 1), (2, 1), (6, 3)] {
            queues.lanes[0].clear();
            queues.lanes[0].extend((0..waiting).map(|_| -> Job { Box::new(|| None) }));
            taken.clear();
            queues.take_share(2, &mut taken);
            assert_eq!(taken.len(), expected, "{waiting} wait");
        }
        queues.lanes[1].extend((0..1000).map(|_| -> Job { Box::new(|| None) }));
        taken.clear();
        queues.take_share(2, &mut taken);
        assert_eq!(taken.len(), CRYPTO_JOBS_TOGETHER_COUNT_MAX);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_job_of_many_is_done_and_told() {
        let pool = Arc::new(CryptoPool::new(2));
        let one = |number: usize| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                let place = pool.reserve(Lane::Inquiries).expect("room");
                pool.run(&place, move || number).await
            })
        };
        let asked: Vec<_> = (0..CRYPTO_JOBS_PER_LANE_COUNT_MAX).map(one).collect();
        for (number, asked) in asked.into_iter().enumerate() {
            assert_eq!(asked.await.expect("it ended"), Ok(number));
        }
    }

    #[tokio::test]
    async fn a_full_lane_refuses_and_leaves_others_alone() {
        let pool = CryptoPool::new(1);
        let held: Vec<Place> = (0..CRYPTO_JOBS_PER_LANE_COUNT_MAX)
            .map(|_| pool.reserve(Lane::Orders).expect("room"))
            .collect();
        assert!(pool.reserve(Lane::Orders).is_err());
        let place = pool.reserve(Lane::Inquiries).expect("another lane has room");
        assert_eq!(pool.run(&place, || 7).await, Ok(7));
        drop(held);
        assert!(pool.reserve(Lane::Orders).is_ok());
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_alone() {
        let pool = CryptoPool::new(1);
        let place = pool.reserve(Lane::Cards).expect("room");
        let failed: Result<(), Busy> = pool.run(&place, || panic!("a bad job")).await;
        assert_eq!(failed, Err(Busy));
        assert_eq!(pool.run(&place, || "alive").await, Ok("alive"));
    }
}
