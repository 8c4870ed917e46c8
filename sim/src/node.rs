//! A node: the platform with its dispatcher over the one store. A crash drops all its futures at
//! whatever they wait for; a restart begins with nothing but the store.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::directory::{Directory, DirectoryCell};
use app::flights::Flights;
use app::numbers::Numbers;
use app::ports::Ids;
use app::terminals::TerminalCache;
use app::testing::{HexSealer, MemoryLogs, terminal_settings};
use app::watchers::Watchers;
use app::{Platform, Settings};
use delivery::dispatcher::DispatcherParts;
use delivery::{Bell, Dispatcher};
use futures_util::FutureExt;
use jiff::SignedDuration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::gateway::{Gateway, NoChannels};
use crate::ids::NodeIds;
use crate::limits::ANSWER_MS_MAX;
use crate::network::Work;
use crate::parties;
use crate::receivers::Sender;
use crate::store::NodeStore;
use crate::time::NodeClock;
use crate::world::World;

/// One node.
pub struct Node {
    skew: SignedDuration,
    running: Mutex<Option<Running>>,
}

struct Running {
    platform: Arc<Platform>,
    tasks: JoinSet<()>,
}

impl Node {
    /// A node whose clock is off by this, not started yet.
    #[must_use]
    pub const fn new(skew: SignedDuration) -> Self {
        Self { skew, running: Mutex::new(None) }
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts a node that does not run.
pub fn start(world: &Arc<World>, id: usize) {
    let Some(node) = world.nodes.get(id) else { return };
    let clock = Arc::new(NodeClock::new(world.time, node.skew));
    let bell = Arc::new(Bell::new(Arc::clone(&clock) as Arc<dyn app::ports::Sleeper>));
    let platform = Arc::new(platform(world, id, &clock, &bell));
    let dispatcher = Dispatcher::new(DispatcherParts {
        platform: Arc::clone(&platform),
        notices: Arc::new(Sender { world: Arc::clone(world), clock: Arc::clone(&clock) }),
        sleeper: clock,
        bell,
        holder: format!("node-{id}"),
    });
    let mut tasks = JoinSet::new();
    tasks.spawn(dispatcher.run(std::future::pending()));
    *node.running() = Some(Running { platform, tasks });
}

/// Ends a node at once.
pub fn kill(world: &World, id: usize) {
    if let Some(node) = world.nodes.get(id) {
        let running = node.running().take();
        drop(running);
    }
}

/// Whether a node runs.
pub fn runs(world: &World, id: usize) -> bool {
    world.nodes.get(id).is_some_and(|node| node.running().is_some())
}

/// Does what a client asked for, unless the node does not run. The answer never comes when the
/// node crashes.
pub fn work<A: Send + 'static>(
    world: &Arc<World>,
    id: usize,
    work: Work<A>,
) -> Option<oneshot::Receiver<A>> {
    let mut running = world.nodes.get(id)?.running();
    let running = running.as_mut()?;
    while running.tasks.try_join_next().is_some() {}
    let (done, answer) = oneshot::channel();
    let platform = Arc::clone(&running.platform);
    let world = Arc::clone(world);
    running.tasks.spawn(async move {
        let began_ms = world.time.elapsed_ms();
        let result = AssertUnwindSafe(async { work(platform).await }).catch_unwind().await;
        let took_ms = world.time.elapsed_ms().saturating_sub(began_ms);
        let mut notes = world.notes();
        if took_ms > ANSWER_MS_MAX && world.faults.stall == 0 {
            notes.violated(9, format!("a call took {took_ms} ms"));
        }
        match result {
            Ok(answer) => drop(done.send(answer)),
            Err(_) => notes.violated(9, "a call ended in a failed assertion".to_owned()),
        }
    });
    Some(answer)
}

fn platform(world: &Arc<World>, id: usize, clock: &Arc<NodeClock>, bell: &Arc<Bell>) -> Platform {
    let gateway =
        Arc::new(Gateway { world: Arc::clone(world), node: id, clock: Arc::clone(clock) });
    let terminals = terminal_settings();
    Platform {
        store: Arc::new(NodeStore { world: Arc::clone(world), node: id }),
        clock: Arc::clone(clock) as Arc<dyn app::ports::Clock>,
        ids: Arc::new(NodeIds { world: Arc::clone(world) }) as Arc<dyn Ids>,
        downstream: Arc::clone(&gateway) as Arc<dyn app::ports::Downstream>,
        wallets: gateway,
        sleeper: Arc::clone(clock) as Arc<dyn app::ports::Sleeper>,
        logs: Arc::new(MemoryLogs::default()),
        channels: Arc::new(NoChannels),
        directory: Arc::new(DirectoryCell::new(Directory::new(parties::directory()))),
        wake: Arc::clone(bell) as Arc<dyn app::ports::Wake>,
        sealer: Arc::new(HexSealer),
        settings: Settings {
            base_url: "https://pay.example".to_owned(),
            default_zone: terminals.zone.clone(),
            compare: Box::new(dialect::ucsp::first_difference),
            terminals,
            callback: Box::new(dialect::upay::callback_body),
        },
        flights: Flights::default(),
        attempted: tokio::sync::Notify::new(),
        watchers: Watchers::default(),
        terminals: TerminalCache::default(),
        numbers: Numbers::default(),
    }
}
