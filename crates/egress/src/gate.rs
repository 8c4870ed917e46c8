//! How many exchanges run at once, in all and for each host.
//!
//! Invariant: a slow host fills its own share and no other's. Who waits, waits on the share of its
//! host first, so that waiting for a slow host holds nothing of the common share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{HOSTS_REMEMBERED_MAX, Limits};

/// The bounds of one client.
#[derive(Debug)]
pub(crate) struct Gate {
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    per_host: usize,
    all: Arc<Semaphore>,
}

/// The right to run one exchange; given back when dropped.
#[derive(Debug)]
pub(crate) struct Pass {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            hosts: Mutex::default(),
            per_host: limits.connections_per_host_max.max(1),
            all: Arc::new(Semaphore::new(limits.connections_max.max(1))),
        }
    }

    /// Waits until the authority (host and port) may have one more exchange.
    ///
    /// `None` never happens while the client lives: the semaphores are not closed.
    pub(crate) async fn enter(&self, authority: &str) -> Option<Pass> {
        let host = self.share_of(authority).acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Pass { _host: host, _all: all })
    }

    fn share_of(&self, authority: &str) -> Arc<Semaphore> {
        // Nothing in the critical section can panic halfway, so a poisoned map is still whole.
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= HOSTS_REMEMBERED_MAX {
            // A share that somebody uses or waits for has a second owner.
            hosts.retain(|_, share| Arc::strong_count(share) > 1);
        }
        let share = hosts
            .entry(authority.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(self.per_host)));
        Arc::clone(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(per_host: usize, all: usize) -> Gate {
        Gate::new(&Limits {
            connections_per_host_max: per_host,
            connections_max: all,
            ..Limits::default()
        })
    }

    /// Whether an exchange could begin at once.
    async fn open(gate: &Gate, authority: &str) -> bool {
        tokio::select! {
            biased;
            pass = gate.enter(authority) => pass.is_some(),
            () = std::future::ready(()) => false,
        }
    }

    #[tokio::test]
    async fn a_full_host_leaves_the_others_open() {
        let gate = gate(2, 10);
        let first = gate.enter("slow:443").await.unwrap();
        let _second = gate.enter("slow:443").await.unwrap();
        assert!(!open(&gate, "slow:443").await);
        assert!(open(&gate, "other:443").await);
        drop(first);
        assert!(open(&gate, "slow:443").await);
    }

    #[tokio::test]
    async fn the_common_share_bounds_all_hosts() {
        let gate = gate(2, 2);
        let first = gate.enter("a:1").await.unwrap();
        let _second = gate.enter("b:1").await.unwrap();
        assert!(!open(&gate, "c:1").await);
        drop(first);
        assert!(open(&gate, "c:1").await);
    }

    #[tokio::test]
    async fn hosts_in_use_survive_the_cleaning() {
        let gate = gate(1, HOSTS_REMEMBERED_MAX * 2);
        let _held = gate.enter("held:1").await.unwrap();
        for number in 0..HOSTS_REMEMBERED_MAX + 10 {
            drop(gate.enter(&format!("host{number}:1")).await);
        }
        assert!(!open(&gate, "held:1").await);
        assert!(gate.hosts.lock().unwrap().len() <= HOSTS_REMEMBERED_MAX);
    }
}
