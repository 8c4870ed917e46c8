//! The dispatcher: claims what is due by lease, runs it, sleeps until the next thing falls due.
//!
//! Goal: every task is done at least once, on its schedule, across restarts and nodes, and no
//! receiver delays another. Nothing is kept here that the store does not know: a task that is not
//! begun or not recorded is claimed again when its lease lapses, or sooner when it was given back.
//! All that is due is claimed, whoever it is for, so that nobody stands behind the backlog of
//! another; what finds no place is parked and given back when there is room.
//!
//! While anything is due or running it holds the clock's guard, so that a jump of the sandbox's
//! clock runs what falls due on the way one after another.

mod job;
mod lanes;
mod mislaid;
mod parked;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::Platform;
use app::limits::{CLAIM_COUNT_MAX, TASK_LEASE};
use app::ports::store::{Lease, NoticeFilter, StoreError};
use app::ports::{Busy, Sleeper};
use app::use_cases::give_back;
use app::writeset::{Task, Versioned};
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use self::job::{Job, JobKey, Lane, PrepareError};
use self::lanes::{After, Lanes, Offer};
use self::mislaid::Mislaid;
use self::parked::Parked;
use crate::bell::Bell;
use crate::limits::{
    CLAIM_PAUSE, POLL, STOP_WAIT, TIDY_POLLS, UNDELIVERED_COUNT_MAX, WAITING_COUNT_MAX,
};
use crate::metered::Stopwatch;
use crate::notice::Notices;

/// What the dispatcher needs.
pub struct DispatcherParts {
    /// The use cases' ports.
    pub platform: Arc<Platform>,
    /// Sends notices.
    pub notices: Arc<dyn Notices>,
    /// Business time to sleep by.
    pub sleeper: Arc<dyn Sleeper>,
    /// The bell that the platform rings; the same as [`Platform::wake`].
    pub bell: Arc<Bell>,
    /// The name of this node in its leases.
    pub holder: String,
}

/// Runs what falls due, until it is told to stop.
pub struct Dispatcher {
    shared: Arc<Shared>,
    busy: Busy,
}

type AllLanes = Lanes<Lane, JobKey, Job, Parked>;

/// What the loop and its jobs share.
struct Shared {
    parts: DispatcherParts,
    lanes: Mutex<AllLanes>,
    mislaid: Mutex<Mislaid<JobKey, Versioned<Task>>>,
}

/// What a look for work found.
enum Next {
    /// Nothing before this instant.
    At(Timestamp),
    /// Nothing at all, or only what waits for something that runs.
    Later,
    /// Enough was claimed for now; when something ended, or after a pause.
    Soon,
}

impl Dispatcher {
    /// A dispatcher that does nothing before [`Self::run`]. From now until it has looked for the
    /// first time business time does not jump on, so that what waited for it is not passed over.
    #[must_use]
    pub fn new(parts: DispatcherParts) -> Self {
        let lanes = Mutex::new(Lanes::new());
        parts.bell.attend(true);
        let busy = parts.sleeper.busy();
        let mislaid = Mutex::new(Mislaid::new(WAITING_COUNT_MAX));
        Self { shared: Arc::new(Shared { parts, lanes, mislaid }), busy }
    }

    /// Works until `stop` is done; then it begins nothing more, waits for what is running, bounded
    /// by [`STOP_WAIT`], and leaves the rest to its leases.
    pub async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        let shared = &self.shared;
        let mut jobs = JoinSet::new();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut polls: u32 = 0;
        let mut busy = self.busy;
        let mut claimed = Stopwatch::start();
        loop {
            let next = shared.look(&mut jobs, &mut claimed).await;
            let pauses = matches!(next, Next::Soon);
            // The sleep is registered before the guard is given up: the clock passes over nothing.
            let sleep = match next {
                Next::At(at) => Some(shared.parts.sleeper.sleep_until(at)),
                Next::Later | Next::Soon => None,
            };
            drop(busy);
            busy = tokio::select! {
                biased;
                () = &mut stop => break,
                busy = shared.parts.bell.wait() => busy,
                busy = or_never(sleep) => busy,
                Some(_) = jobs.join_next(), if !jobs.is_empty() => shared.parts.sleeper.busy(),
                () = claimed.reaches(CLAIM_PAUSE), if pauses => shared.parts.sleeper.busy(),
                _ = poll.tick() => {
                    polls = polls.wrapping_add(1);
                    shared.lanes().forget_lapsed(shared.parts.platform.clock.real_now());
                    jobs.spawn(Arc::clone(shared).give_back());
                    if polls % TIDY_POLLS == 1 {
                        jobs.spawn(Arc::clone(shared).tidy());
                    }
                    shared.parts.sleeper.busy()
                }
            };
        }
        shared.parts.bell.attend(false);
        shared.end(jobs).await;
    }
}

/// The guard of a sleep, or nothing for ever.
async fn or_never(sleep: Option<impl Future<Output = Busy>>) -> Busy {
    match sleep {
        Some(sleep) => sleep.await,
        None => std::future::pending().await,
    }
}

impl Shared {
    /// Claims and starts all that is due and finds room, and says when to look again.
    async fn look(self: &Arc<Self>, jobs: &mut JoinSet<()>, claimed: &mut Stopwatch) -> Next {
        // What ended keeps its memory until it is joined, and under load the bell comes first.
        while jobs.try_join_next().is_some() {}
        for (lane, job) in self.lanes().start_more() {
            drop(jobs.spawn(Arc::clone(self).drive(lane, job)));
        }
        match self.claim_all(jobs, claimed).await {
            Ok(next) => next,
            Err(StoreError::Closed) => Next::Later,
            Err(error) => {
                tracing::error!(%error, "due work could not be claimed; it is tried again");
                Next::Later
            }
        }
    }

    async fn claim_all(
        self: &Arc<Self>,
        jobs: &mut JoinSet<()>,
        claimed_before: &mut Stopwatch,
    ) -> Result<Next, StoreError> {
        let platform = &self.parts.platform;
        loop {
            if self.lanes().is_ahead() && claimed_before.elapsed() < CLAIM_PAUSE {
                return Ok(Next::Soon);
            }
            *claimed_before = Stopwatch::start();
            // A claim passes over all that is in hand, so it is made for many at once.
            let count = CLAIM_COUNT_MAX;
            let real_now = platform.clock.real_now();
            let lease_until = real_now.checked_add(TASK_LEASE).unwrap_or(real_now);
            let lease = Lease { holder: self.parts.holder.clone(), real_now, lease_until };
            let now = platform.clock.now();
            let claimed = platform.store.claim_due(now, &lease, count).await?;
            let more = claimed.len() >= count;
            for task in claimed {
                self.route(task, lease_until, jobs).await;
            }
            if !more {
                return self.next(now, real_now).await;
            }
        }
    }

    /// What is due already and was not claimed waits for another task: its end rings the bell.
    async fn next(&self, looked_at: Timestamp, real_now: Timestamp) -> Result<Next, StoreError> {
        let next = self.parts.platform.store.next_due(real_now).await?;
        Ok(next.filter(|at| *at > looked_at).map_or(Next::Later, Next::At))
    }

    /// Puts a claimed task into its lane.
    async fn route(
        self: &Arc<Self>,
        task: Versioned<Task>,
        lease_until: Timestamp,
        jobs: &mut JoinSet<()>,
    ) {
        let key = JobKey::of(&task.value);
        let until = parked::until(lease_until);
        if !self.lanes().take(key.clone(), until, || Parked::of(&task, lease_until)) {
            return;
        }
        let (lane, job) = match self.prepare(task, lease_until).await {
            Ok(prepared) => prepared,
            Err((error, task)) => {
                tracing::error!(%error, "a due task could not be prepared; it is tried again");
                if let PrepareError::Read { source, .. } = &error {
                    self.mislay(task, lease_until, source);
                }
                self.drop_from_hand(&key);
                return;
            }
        };
        let mut lanes = self.lanes();
        match lanes.offer(&lane, job) {
            Offer::Start(job) => drop(jobs.spawn(Arc::clone(self).drive(lane, job))),
            Offer::Waits => {}
            Offer::Full(job) => {
                Self::park(&mut lanes, &lane, job.parked(), false);
                drop(lanes);
                self.drop_from_hand(&key);
            }
        }
    }

    /// A task that was not begun. This loop alone claims, so that it was not claimed again.
    fn drop_from_hand(&self, key: &JobKey) {
        let again = self.lanes().give_up(key, self.parts.platform.clock.real_now());
        debug_assert!(again.is_none(), "nothing is claimed while a task is prepared");
    }

    /// Runs a job and then those that wait behind it in its lane; meanwhile parked ones for which
    /// there is room are given back, and what was claimed again while it was in hand: its commit
    /// found the task changed, and the newer one is to be done now and not when a lease lapses.
    async fn drive(self: Arc<Self>, lane: Lane, job: Job) {
        let _busy = self.parts.sleeper.busy();
        let (mut next, mut back) = (Some(job), Vec::new());
        while let Some(job) = next {
            let key = job.key();
            let ((end, unbegun), ()) = tokio::join!(self.perform(job), self.unpark(back));
            let real_now = self.parts.platform.clock.real_now();
            let mut lanes = self.lanes();
            let again = lanes.give_up(&key, real_now);
            if let Some(parked) = unbegun {
                Self::park(&mut lanes, &lane, parked, true);
            }
            After { next, back } = lanes.ended(&lane, end, real_now);
            back.extend(again);
        }
        self.unpark(back).await;
    }

    /// A task whose beginning or end the store did not take is given back when the store is well.
    fn mislay(&self, task: Versioned<Task>, lease_until: Timestamp, error: &StoreError) {
        match error {
            StoreError::Engine { .. } | StoreError::Overloaded { .. } | StoreError::Full(_) => {}
            // Another time does not mend it.
            StoreError::Damaged { .. } | StoreError::Closed => return,
        }
        let (key, real_now) = (JobKey::of(&task.value), self.parts.platform.clock.real_now());
        let mut mislaid = self.mislaid.lock().unwrap_or_else(PoisonError::into_inner);
        mislaid.add(key, task, lease_until, real_now);
    }

    /// Gives back what was mislaid, until the store fails again.
    async fn give_back(self: Arc<Self>) {
        let lock = || self.mislaid.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = lock().take().into_iter();
        while let Some(task) = all.next() {
            if let Err(error) = give_back(&self.parts.platform, &task).await {
                tracing::warn!(%error, "a claimed task could not be given back yet");
                lock().put_back(std::iter::once(task).chain(all));
                return;
            }
        }
    }

    /// Forgets what is over and sets the gauges.
    async fn tidy(self: Arc<Self>) {
        let platform = &self.parts.platform;
        let (now, real_now) = (platform.clock.now(), platform.clock.real_now());
        if let Err(error) = platform.store.forget_expired(now, real_now).await {
            tracing::warn!(%error, "expired documents could not be forgotten");
        }
        let filter = NoticeFilter { undelivered_only: true, count_max: UNDELIVERED_COUNT_MAX };
        match platform.store.notices(filter).await {
            Ok(found) => job::measure_undelivered(&found, now),
            Err(error) => tracing::warn!(%error, "undelivered notices could not be counted"),
        }
    }

    /// Lets go what waits, waits for what runs.
    async fn end(&self, mut jobs: JoinSet<()>) {
        drop(self.lanes().clear_waiting());
        let running = async { while jobs.join_next().await.is_some() {} };
        if timeout(STOP_WAIT, running).await.is_err() {
            tracing::warn!(left = jobs.len(), "work was left to its leases at the stop");
            jobs.shutdown().await;
        }
    }

    fn lanes(&self) -> MutexGuard<'_, AllLanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
