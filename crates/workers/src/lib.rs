//! Threads for costly work, so that a signature of 0.35 ms never holds up a thread that serves
//! others.
//!
//! Goal: whoever is admitted gets its work done; who is not is refused before any of it. Work of
//! each lane waits apart and the threads take turns over the lanes, so that one kind does not stand
//! behind a queue of another. When many wait, a thread does a few jobs before it tells the askers:
//! waking a serving thread for each of them costs a tenth of a signature.
//!
//! Must not know: what the work is.

use std::collections::VecDeque;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

/// Jobs that one thread does before it tells who asked for them, when many wait: at 0.35 ms each,
/// what the first of them waits at most longer is 1.8 ms.
pub const TOGETHER_COUNT_MAX: usize = 6;

/// Does the work and returns what tells the asker; nothing when the work panicked.
type Job = Box<dyn FnOnce() -> Option<Tell> + Send>;
type Tell = Box<dyn FnOnce()>;

/// Too much of this lane's work is under way, it panicked, or the pool is ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much work of this kind is under way")]
pub struct Busy;

impl From<TryAcquireError> for Busy {
    fn from(_: TryAcquireError) -> Self {
        Self
    }
}

impl From<AcquireError> for Busy {
    fn from(_: AcquireError) -> Self {
        Self
    }
}

/// What a pool is made of.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The threads are called this and a number.
    pub name: &'static str,
    /// Threads; 0: one for each core.
    pub threads: usize,
    /// The most threads, whatever else is said.
    pub threads_max: usize,
    /// Lanes; at least 1.
    pub lanes: usize,
    /// Places in each lane.
    pub places_per_lane: usize,
}

struct Queues {
    lanes: Vec<VecDeque<Job>>,
    next: usize,
    /// Threads that wait for a job.
    idle: usize,
    closed: bool,
}

impl Queues {
    fn new(lanes: usize) -> Self {
        let lanes = std::iter::repeat_with(VecDeque::new).take(lanes.max(1)).collect();
        Self { lanes, next: 0, idle: 0, closed: false }
    }

    /// The oldest job of the next lane that has one.
    fn take(&mut self) -> Option<Job> {
        let count = self.lanes.len();
        for step in 0..count {
            let index = (self.next + step) % count;
            if let Some(job) = self.lanes.get_mut(index).and_then(VecDeque::pop_front) {
                self.next = (index + 1) % count;
                return Some(job);
            }
        }
        None
    }

    /// One thread's share of what waits, in turns over the lanes; at least one if there is any.
    fn take_share(&mut self, threads: usize, share: &mut Vec<Job>) {
        let waiting: usize = self.lanes.iter().map(VecDeque::len).sum();
        let count = (waiting / threads.max(1)).clamp(1, TOGETHER_COUNT_MAX);
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
        let mut share = Vec::with_capacity(TOGETHER_COUNT_MAX);
        let mut done = Vec::with_capacity(TOGETHER_COUNT_MAX);
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
pub struct Pool {
    board: Arc<Board>,
    rooms: Vec<Arc<Semaphore>>,
}

/// A place in a lane: with it a job can always be posted.
pub struct Place {
    lane: usize,
    _room: OwnedSemaphorePermit,
}

impl Pool {
    /// Starts the threads. One that cannot be started is logged and missing.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads = if options.threads == 0 { cores } else { options.threads };
        let threads = threads.min(options.threads_max).max(1);
        let queues = Mutex::new(Queues::new(options.lanes));
        let board = Arc::new(Board { threads, queues, posted: Condvar::new() });
        for number in 0..threads {
            let board = Arc::clone(&board);
            let name = format!("{}-{number}", options.name);
            if let Err(error) = std::thread::Builder::new().name(name).spawn(move || board.work()) {
                tracing::error!(%error, "a thread for costly work could not be started");
            }
        }
        let room = || Arc::new(Semaphore::new(options.places_per_lane));
        let rooms = std::iter::repeat_with(room).take(options.lanes.max(1)).collect();
        Self { board, rooms }
    }

    /// A place in the lane, taken before a request is worked on, so that its answer can be signed.
    ///
    /// # Errors
    /// [`Busy`] when the lane is full.
    pub fn reserve(&self, lane: usize) -> Result<Place, Busy> {
        let room = Arc::clone(self.rooms.get(lane).ok_or(Busy)?);
        Ok(Place { lane, _room: room.try_acquire_owned()? })
    }

    /// As [`Self::reserve`], waiting until there is one.
    ///
    /// # Errors
    /// [`Busy`] when there is no such lane.
    pub async fn wait(&self, lane: usize) -> Result<Place, Busy> {
        let room = Arc::clone(self.rooms.get(lane).ok_or(Busy)?);
        Ok(Place { lane, _room: room.acquire_owned().await? })
    }

    /// Runs a job on one of the threads. A place serves any number of jobs, one after another.
    ///
    /// # Errors
    /// [`Busy`] when the job panicked or the pool is ending.
    pub async fn run<T, F>(&self, place: &Place, job: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        let posted: Job = Box::new(move || {
            let value = catch_unwind(AssertUnwindSafe(job)).ok()?;
            // The asker may have gone; then nobody needs the value.
            Some(Box::new(move || drop(done.send(value))))
        });
        if self.post(place.lane, posted) {
            self.board.posted.notify_one();
        }
        outcome.await.map_err(|_| Busy)
    }

    /// Puts a job into its lane; whether a thread must be woken for it.
    fn post(&self, lane: usize, job: Job) -> bool {
        let mut queues = self.board.lock();
        if let Some(lane) = queues.lanes.get_mut(lane) {
            lane.push_back(job);
        }
        queues.idle > 0
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.board.lock().closed = true;
        self.board.posted.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(threads: usize) -> Pool {
        Pool::new(Options { name: "test", threads, threads_max: 8, lanes: 3, places_per_lane: 64 })
    }

    fn nothing() -> Job {
        Box::new(|| None)
    }

    #[test]
    fn lanes_take_turns() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut queues = Queues::new(3);
        let mut post = |lane: usize, name: &'static str| {
            let order = Arc::clone(&order);
            let job: Job = Box::new(move || {
                order.lock().unwrap().push(name);
                None
            });
            queues.lanes[lane].push_back(job);
        };
        for name in ["order 1", "order 2", "order 3"] {
            post(0, name);
        }
        post(1, "inquiry");
        while let Some(job) = queues.take() {
            job();
        }
        assert_eq!(*order.lock().unwrap(), ["order 1", "inquiry", "order 2", "order 3"]);
    }

    #[test]
    fn a_thread_takes_its_share_and_leaves_some_to_others() {
        let mut queues = Queues::new(2);
        let mut taken = Vec::new();
        for (waiting, expected) in [(0, 0), (1, 1), (2, 1), (6, 3)] {
            queues.lanes[0].clear();
            queues.lanes[0].extend((0..waiting).map(|_| nothing()));
            taken.clear();
            queues.take_share(2, &mut taken);
            assert_eq!(taken.len(), expected, "{waiting} wait");
        }
        queues.lanes[1].extend((0..1000).map(|_| nothing()));
        taken.clear();
        queues.take_share(2, &mut taken);
        assert_eq!(taken.len(), TOGETHER_COUNT_MAX);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_job_of_many_is_done_and_told() {
        let pool = Arc::new(pool(2));
        let one = |number: usize| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move {
                let place = pool.wait(1).await.expect("room");
                pool.run(&place, move || number).await
            })
        };
        let asked: Vec<_> = (0..500).map(one).collect();
        for (number, asked) in asked.into_iter().enumerate() {
            assert_eq!(asked.await.expect("it ended"), Ok(number));
        }
    }

    #[tokio::test]
    async fn a_full_lane_refuses_and_leaves_others_alone() {
        let pool = pool(1);
        let held: Vec<Place> = (0..64).map(|_| pool.reserve(0).expect("room")).collect();
        assert!(pool.reserve(0).is_err());
        let place = pool.reserve(1).expect("another lane has room");
        assert_eq!(pool.run(&place, || 7).await, Ok(7));
        drop(held);
        assert!(pool.reserve(0).is_ok());
        assert!(pool.reserve(3).is_err(), "there is no such lane");
    }

    #[tokio::test]
    async fn a_job_that_panics_ends_alone() {
        let pool = pool(1);
        let place = pool.reserve(2).expect("room");
        let failed: Result<(), Busy> = pool.run(&place, || panic!("a bad job")).await;
        assert_eq!(failed, Err(Busy));
        assert_eq!(pool.run(&place, || "alive").await, Ok("alive"));
    }
}
