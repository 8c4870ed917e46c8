//! Claims of due tasks. Each call claims under a name of its own, so that what it claimed can be
//! found again when its answer was lost with the connection: the node would otherwise wait for its
//! own leases to lapse.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use app::ports::StoreError;
use app::ports::store::Lease;
use app::writeset::{Task, Versioned};
use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::decode;
use super::fault::Fault;
use super::pool::Pool;
use super::read::limit;
use crate::instant::to_micros;
use crate::limits::{CLAIM_TRIES_MAX, MISLAID_COUNT_MAX, MISLAID_LIFE};

/// Rows that another node claims at this moment are passed over; rows under a name whose answer was
/// lost are nobody's.
const CLAIM: &str = "WITH due AS (SELECT owner, id FROM tasks AS it \
    WHERE due_at IS NOT NULL AND due_at <= $1 \
    AND (leased_until IS NULL OR leased_until <= $2 OR holder = ANY($6)) \
    AND (after IS NULL OR NOT EXISTS (SELECT 1 FROM tasks AS before \
    WHERE before.owner = it.owner AND before.id = it.after AND before.attempts = 0)) \
    ORDER BY due_at, id LIMIT $3 FOR UPDATE OF it SKIP LOCKED) \
    UPDATE tasks AS it SET leased_until = $4, holder = $5 FROM due \
    WHERE it.owner = due.owner AND it.id = due.id \
    RETURNING it.id, it.owner, it.number, it.due_at, it.after, it.attempts, \
    it.version, it.body";

/// The names under which this store claimed and heard nothing.
#[derive(Debug, Default)]
pub(super) struct Claims {
    next: AtomicU64,
    mislaid: Mutex<Vec<(Timestamp, String)>>,
}

impl Claims {
    /// A name for one call. The first part is the node's, for operators.
    fn name(&self, holder: &str) -> String {
        format!("{holder}-{}", self.next.fetch_add(1, Ordering::Relaxed))
    }

    /// The answer to this call was lost. The server may come to the call a while later, so that
    /// the name is kept longer than the server could work on it.
    fn mislay(&self, name: String, real_now: Timestamp) {
        let mut all = self.mislaid.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MISLAID_COUNT_MAX {
            all.push((real_now, name));
        }
    }

    fn mislaid(&self, real_now: Timestamp) -> Vec<String> {
        let mut all = self.mislaid.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(at, _)| real_now.duration_since(*at) < MISLAID_LIFE);
        all.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Claims what is due at `now`, earliest first.
    pub(super) async fn claim(
        &self,
        pool: &Pool,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, StoreError> {
        let mut tries = 1;
        loop {
            let name = self.name(&lease.holder);
            match self.claim_as(&name, pool, now, lease, count_max).await {
                Ok(claimed) => return Ok(claimed),
                Err(Fault::Lost(reason)) => {
                    self.mislay(name, lease.real_now);
                    if tries >= CLAIM_TRIES_MAX {
                        return Err(Fault::Lost(reason).told("claim"));
                    }
                    tries += 1;
                }
                Err(fault) => return Err(fault.told("claim")),
            }
        }
    }

    async fn claim_as(
        &self,
        name: &str,
        pool: &Pool,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, Fault> {
        let (now, real_now) = (now.as_microsecond(), lease.real_now.as_microsecond());
        let (until, mislaid) = (to_micros(lease.lease_until), self.mislaid(lease.real_now));
        let values: [&(dyn ToSql + Sync); 6] =
            [&now, &real_now, &limit(count_max), &until, &name, &mislaid];
        let rows = pool.rows_once(CLAIM, &values).await?;
        let mut claimed: Vec<_> = rows.iter().map(decode::task).collect::<Result<_, _>>()?;
        claimed.sort_by(|one, other| {
            let key = |task: &Versioned<Task>| (task.value.due_at, task.value.id.clone());
            key(one).cmp(&key(other))
        });
        Ok(claimed)
    }
}
