//! What everybody in a run shares: time, chance, the network's messages under way, the books of
//! the partners, the store, the nodes, and the auditor's notes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use store::MemoryStore;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::JoinSet;

use crate::bank::{Books, Side};
use crate::faults::{Canary, Faults};
use crate::limits::SKEW_MS_MAX;
use crate::node::Node;
use crate::notes::Notes;
use crate::rng::Rng;
use crate::time::Time;

/// Everything in a run.
pub struct World {
    /// True time.
    pub time: Time,
    /// What goes wrong.
    pub faults: Faults,
    /// The planted bug.
    pub canary: Option<Canary>,
    /// The one store: what is in it is durable, what is not is lost with its node.
    pub store: MemoryStore,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Says which node is to crash.
    pub crashes: UnboundedSender<usize>,
    state: Mutex<State>,
    messages: Mutex<JoinSet<()>>,
    downstream: Mutex<Books>,
    wallet: Mutex<Books>,
    notes: Mutex<Notes>,
}

struct State {
    rng: Rng,
    healed: bool,
    numbers: u64,
    trace: u64,
    steps: u64,
    crashes: u64,
    partner_skew: [SignedDuration; 2],
}

/// An offset of a clock, at most [`SKEW_MS_MAX`] either way.
pub fn skew(rng: &mut Rng) -> SignedDuration {
    let off = i64::try_from(rng.below(SKEW_MS_MAX * 2)).unwrap_or(0);
    SignedDuration::from_millis(off - i64::try_from(SKEW_MS_MAX).unwrap_or(0))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A world before its beginning.
    #[must_use]
    pub fn new(
        (time, mut rng, faults): (Time, Rng, Faults),
        nodes: Vec<Node>,
        crashes: UnboundedSender<usize>,
        canary: Option<Canary>,
    ) -> Self {
        let partner_skew = [skew(&mut rng), skew(&mut rng)];
        let state =
            State { rng, healed: false, numbers: 0, trace: 0, steps: 0, crashes: 0, partner_skew };
        Self {
            time,
            faults,
            canary,
            store: MemoryStore::new(),
            nodes,
            crashes,
            state: Mutex::new(state),
            messages: Mutex::new(JoinSet::new()),
            downstream: Mutex::new(Books::default()),
            wallet: Mutex::new(Books::default()),
            notes: Mutex::new(Notes::default()),
        }
    }

    /// Draws from the seed. Each draw leaves its mark in the trace: two runs that differ anywhere
    /// differ in it.
    pub fn draw<T>(&self, drawn: impl FnOnce(&mut Rng) -> T) -> T {
        let elapsed_ms = self.time.elapsed_ms();
        let mut state = lock(&self.state);
        state.steps += 1;
        state.trace = state.trace.rotate_left(5).wrapping_mul(0x0100_0000_01b3) ^ elapsed_ms;
        drawn(&mut state.rng)
    }

    /// Whether a fault of this rate happens now; none does after the world was healed.
    pub fn goes_wrong(&self, per_mille: u64) -> bool {
        per_mille > 0 && !self.is_healed() && self.draw(|rng| rng.chance(per_mille))
    }

    /// From now on nothing goes wrong any more.
    pub fn heal(&self) {
        lock(&self.state).healed = true;
    }

    /// Whether nothing goes wrong any more.
    pub fn is_healed(&self) -> bool {
        lock(&self.state).healed
    }

    /// What was drawn so far and when, as one number, and how often.
    pub fn trace(&self) -> (u64, u64) {
        let state = lock(&self.state);
        (state.trace, state.steps)
    }

    /// The next number that nobody has.
    pub fn number(&self) -> u64 {
        let mut state = lock(&self.state);
        state.numbers += 1;
        state.numbers
    }

    /// The time as a partner's clock shows it.
    pub fn partner_now(&self, side: Side) -> Timestamp {
        let skew = lock(&self.state).partner_skew;
        let [downstream, wallet] = skew;
        let off = match side {
            Side::Downstream => downstream,
            Side::Wallet => wallet,
        };
        let now = self.time.now();
        now.checked_add(off).unwrap_or(now)
    }

    /// The books of a partner.
    pub fn books(&self, side: Side) -> MutexGuard<'_, Books> {
        match side {
            Side::Downstream => lock(&self.downstream),
            Side::Wallet => lock(&self.wallet),
        }
    }

    /// The auditor's notes.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        lock(&self.notes)
    }

    /// Something that goes on whoever crashes: a message under way, a partner's work.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut messages = lock(&self.messages);
        while messages.try_join_next().is_some() {}
        messages.spawn(work);
    }

    /// A place where the node may crash: then the caller never comes back from here.
    pub async fn crash_point(&self, node: usize) {
        if self.goes_wrong(self.faults.crash) {
            let _ = self.crashes.send(node);
            std::future::pending::<()>().await;
        }
    }

    /// A node crashed.
    pub fn count_crash(&self) {
        lock(&self.state).crashes += 1;
    }

    /// How often nodes crashed.
    pub fn crash_count(&self) -> u64 {
        lock(&self.state).crashes
    }
}
