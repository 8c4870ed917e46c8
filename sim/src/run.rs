//! One run: the whole platform from one seed, from the first order until everything is settled.

use std::sync::Arc;

use app::ports::Store;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::audit::{Findings, audit};
use crate::faults::{Canary, Faults};
use crate::limits::{NODES_COUNT_MAX, ORDERS_COUNT_MAX, SETTLE_LOOK_S, SETTLE_S_MAX};
use crate::node::{self, Node};
use crate::notes::Violation;
use crate::rng::Rng;
use crate::time::{Time, pause_ms};
use crate::world::{World, skew};
use crate::{service, till};

/// What a run is made of.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Everything else follows from it.
    pub seed: u64,
    /// Orders that clients make.
    pub orders: u64,
    /// The planted bug.
    pub canary: Option<Canary>,
}

/// What came of a run.
#[derive(Debug)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// What the auditor found.
    pub findings: Findings,
    /// One number over all that happened and when: the same seed has the same.
    pub trace: u64,
    /// Draws from the seed.
    pub steps: u64,
    /// Virtual time, in seconds.
    pub virtual_s: u64,
    /// Crashes of nodes.
    pub crashes: u64,
}

impl Report {
    /// Whether two runs were the same, to the last draw and the last line of the journal.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let marks = |it: &Self| (it.trace, it.steps, it.virtual_s, it.crashes, it.findings.lines);
        marks(self) == marks(other) && self.findings.head == other.findings.head
    }
}

/// Runs a seed on this thread.
///
/// # Errors
/// The runtime's, when the system gives it nothing.
pub fn run(plan: Plan) -> anyhow::Result<Report> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build()?;
    runtime.block_on(play(plan))
}

async fn play(plan: Plan) -> anyhow::Result<Report> {
    let mut rng = Rng::new(plan.seed);
    let minutes = i64::try_from(rng.below(24 * 60)).unwrap_or(0);
    let epoch = Timestamp::from_second(1_772_400_000)?;
    let time = Time::begin(epoch.checked_add(SignedDuration::from_mins(minutes))?);
    let faults = Faults::drawn(&mut rng);
    let nodes = (0..rng.between(1, NODES_COUNT_MAX)).map(|_| Node::new(skew(&mut rng))).collect();
    let (crashes, to_crash) = unbounded_channel();
    let world = Arc::new(World::new((time, rng, faults), nodes, crashes, plan.canary));
    for id in 0..world.nodes.len() {
        node::start(&world, id);
    }
    let mut fate = JoinSet::new();
    fate.spawn(crashes_and_restarts(Arc::clone(&world), to_crash));
    clients(&world, plan.orders.min(ORDERS_COUNT_MAX)).await;
    world.heal();
    let late = settles(&world).await;
    let (trace, steps) = world.trace();
    let mut findings = audit(&world).await?;
    findings.violations.extend(late);
    let report = Report {
        seed: plan.seed,
        trace,
        steps,
        virtual_s: world.time.elapsed_ms() / 1_000,
        crashes: world.crash_count(),
        findings,
    };
    // The nodes hold the world, which holds the nodes.
    for id in 0..world.nodes.len() {
        node::kill(&world, id);
    }
    Ok(report)
}

/// All clients, each with one order, until the last has ended.
async fn clients(world: &Arc<World>, orders: u64) {
    let span_ms = world.draw(|rng| rng.between(1, 600)) * orders;
    let tills = world.draw(|rng| rng.below(1_001));
    let mut clients = JoinSet::new();
    for _ in 0..orders {
        let (at_ms, at_till) = world.draw(|rng| (rng.below(span_ms), rng.chance(tills)));
        let world = Arc::clone(world);
        clients.spawn(async move {
            pause_ms(at_ms).await;
            if at_till {
                till::sells(world).await;
            } else {
                service::sells(world).await;
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        if ended.is_err() {
            world.notes().violated(10, "a client failed".to_owned());
        }
    }
}

/// A node that is to crash ends at once, and starts again after a while.
async fn crashes_and_restarts(world: Arc<World>, mut to_crash: UnboundedReceiver<usize>) {
    while let Some(id) = to_crash.recv().await {
        if !node::runs(&world, id) {
            continue;
        }
        node::kill(&world, id);
        world.count_crash();
        let down_ms = world.draw(|rng| match rng.below(3) {
            0 => rng.below(20),
            1 => rng.below(3_000),
            _ => rng.below(60_000),
        });
        let there = Arc::clone(&world);
        world.spawn(async move {
            pause_ms(down_ms).await;
            node::start(&there, id);
        });
    }
}

/// Without faults everything is settled after a while.
async fn settles(world: &World) -> Option<Violation> {
    for _ in 0..SETTLE_S_MAX / SETTLE_LOOK_S {
        pause_ms(SETTLE_LOOK_S * 1_000).await;
        let next = world.store.next_due(Timestamp::MAX).await;
        if matches!(next, Ok(None)) {
            return None;
        }
    }
    let what = format!("work is due {SETTLE_S_MAX} s after the last fault");
    Some(Violation { invariant: 5, what })
}
