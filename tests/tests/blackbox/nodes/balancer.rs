//! A balancer as a test needs it: it looks at `/readyz` of each node, sends nothing to one that
//! does not say 200, and writes down each request that broke.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::harness::http::Http;
use crate::harness::partner::real_now;
use crate::harness::wait::until;

/// How often it looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How long a look may take.
const LOOK_MAX: Duration = Duration::from_secs(1);

/// What it knows of one node.
struct Seat {
    base: String,
    ready: AtomicBool,
    /// It is being killed: requests at it may break.
    falling: AtomicBool,
}

/// The balancer; cheap to clone.
#[derive(Clone)]
pub(crate) struct Balancer(Arc<Shared>);

struct Shared {
    seats: Vec<Seat>,
    turn: AtomicUsize,
    /// Requests that broke at a node that nobody killed.
    broken: Mutex<Vec<String>>,
    /// Requests that broke at a killed node and were sent again elsewhere.
    by_kill: AtomicUsize,
}

impl Balancer {
    /// Begins to look at each node; the looks end when the set is dropped.
    pub(crate) fn start(bases: impl Iterator<Item = String>) -> (Self, JoinSet<()>) {
        let seat = |base| Seat { base, ready: true.into(), falling: false.into() };
        let shared = Shared {
            seats: bases.map(seat).collect(),
            turn: AtomicUsize::new(0),
            broken: Mutex::default(),
            by_kill: AtomicUsize::new(0),
        };
        let balancer = Self(Arc::new(shared));
        let mut looks = JoinSet::new();
        for node in 0..balancer.0.seats.len() {
            looks.spawn(balancer.clone().look(node));
        }
        (balancer, looks)
    }

    async fn look(self, node: usize) {
        let (http, seat) = (Http::new(), &self.0.seats[node]);
        let url = format!("{}/readyz", seat.base);
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        loop {
            looks.tick().await;
            let reply = tokio::time::timeout(LOOK_MAX, http.get(&url)).await;
            let ready = matches!(reply, Ok(Ok(reply)) if reply.status == 200);
            seat.ready.store(ready, Ordering::Relaxed);
        }
    }

    /// From now on, or no more, requests at this node may break.
    pub(crate) fn falling(&self, node: usize, falling: bool) {
        self.0.seats[node].falling.store(falling, Ordering::Relaxed);
    }

    /// Until the balancer sends requests to this node again.
    pub(crate) async fn takes_up(&self, node: usize) {
        until("the balancer takes a node up", async || {
            let ready = self.0.seats[node].ready.load(Ordering::Relaxed);
            if ready { Ok(()) } else { Err("not ready".to_owned()) }
        })
        .await;
    }

    /// Sends to a node in turn, and elsewhere when the connection broke; the answer, and whether
    /// the request had to be sent again.
    pub(crate) async fn send<T>(&self, send: impl AsyncFn(&str) -> Result<T, String>) -> (T, bool) {
        let mut again = false;
        loop {
            let seat = self.next().await;
            match send(&seat.base).await {
                Ok(answer) => return (answer, again),
                Err(_) if seat.falling.load(Ordering::Relaxed) => {
                    seat.ready.store(false, Ordering::Relaxed);
                    self.0.by_kill.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    let at = real_now();
                    self.0.broken.lock().unwrap().push(format!("{at} {}: {error}", seat.base));
                }
            }
            again = true;
        }
    }

    async fn next(&self) -> &Seat {
        until("a node is ready", async || {
            let seats = &self.0.seats;
            let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
            let mut around = (0..seats.len()).map(|step| &seats[(turn + step) % seats.len()]);
            let ready = around.find(|seat| seat.ready.load(Ordering::Relaxed));
            ready.ok_or_else(|| "none".to_owned())
        })
        .await
    }

    /// The requests that broke although their node was not killed.
    pub(crate) fn broken(&self) -> Vec<String> {
        self.0.broken.lock().unwrap().clone()
    }

    pub(crate) fn by_kill(&self) -> usize {
        self.0.by_kill.load(Ordering::Relaxed)
    }
}
