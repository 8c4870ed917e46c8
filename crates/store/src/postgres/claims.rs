//! Claims of due tasks. Each call claims under a name of its own, so that what it claimed can be
//! found again when its answer was lost with the connection: the node would otherwise wait for its
//! own leases to lapse.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use app::ports::StoreError;
use app::ports::store::Lease;
use app::writeset::{Task, Versioned};
use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::decode;
use super::fault::Fault;
use super::pool::Pool;
use super::read::limit;
use crate::instant::{from_micros, to_micros};
use crate::limits::{CLAIM_TRIES_MAX, MISLAID_COUNT_MAX, MISLAID_LIFE};

/// Orders one of whose own tasks is due and free, earliest first.
macro_rules! own_due {
    ($own:literal) => {
        concat!(
            "SELECT owner, number, ",
            $own,
            "_due AS due_at FROM orders WHERE ",
            $own,
            "_due IS NOT NULL AND ",
            $own,
            "_due <= $1 AND (",
            $own,
            "_until IS NULL OR ",
            $own,
            "_until <= $2 OR ",
            $own,
            "_holder = ANY($6)) ORDER BY ",
            $own,
            "_due LIMIT $3 FOR UPDATE SKIP LOCKED"
        )
    };
}

/// The lease of an order's own task, if it was taken.
macro_rules! lease {
    ($own:literal) => {
        concat!(
            $own,
            "_until = CASE WHEN due.is_",
            $own,
            " THEN $4 ELSE it.",
            $own,
            "_until END, ",
            $own,
            "_holder = CASE WHEN due.is_",
            $own,
            " THEN $5 ELSE it.",
            $own,
            "_holder END"
        )
    };
}

/// Rows that another node claims or writes at this moment are passed over; rows under a name whose
/// answer was lost are nobody's. Of each kind of task as many are looked at as may be claimed, and
/// the first of all are taken.
const CLAIM: &str = concat!(
    "WITH closing AS MATERIALIZED (",
    own_due!("close"),
    "), inquiry AS MATERIALIZED (",
    own_due!("inquire"),
    "), other AS MATERIALIZED (SELECT owner, id, due_at FROM tasks AS it \
     WHERE due_at IS NOT NULL AND due_at <= $1 \
     AND (leased_until IS NULL OR leased_until <= $2 OR holder = ANY($6)) \
     AND (after IS NULL OR NOT EXISTS (SELECT 1 FROM tasks AS before \
     WHERE before.owner = it.owner AND before.id = it.after AND before.attempts = 0)) \
     ORDER BY due_at, id LIMIT $3 FOR UPDATE OF it SKIP LOCKED), \
     first AS MATERIALIZED (\
     SELECT 'close' AS own, owner, number AS name, due_at, 'close:' || number AS id FROM closing \
     UNION ALL SELECT 'inquire', owner, number, due_at, 'inquire:' || number FROM inquiry \
     UNION ALL SELECT NULL, owner, id, due_at, id FROM other ORDER BY due_at, id LIMIT $3), \
     due AS (SELECT owner, name, bool_or(own = 'close') AS is_close, \
     bool_or(own = 'inquire') AS is_inquire FROM first WHERE own IS NOT NULL \
     GROUP BY owner, name), \
     orders_taken AS (UPDATE orders AS it SET ",
    lease!("close"),
    ", ",
    lease!("inquire"),
    " FROM due WHERE it.owner = due.owner AND it.number = due.name \
     RETURNING it.*, due.is_close, due.is_inquire), \
     tasks_taken AS (UPDATE tasks AS it SET leased_until = $4, holder = $5 FROM first \
     WHERE first.own IS NULL AND it.owner = first.owner AND it.id = first.name \
     RETURNING it.id, it.owner, it.number, it.due_at, it.after, it.attempts, it.version, it.body) \
     SELECT * FROM tasks_taken \
     UNION ALL SELECT 'close:' || number, owner, number, close_due, NULL, close_attempts, \
     close_version, NULL FROM orders_taken WHERE is_close \
     UNION ALL SELECT 'inquire:' || coalesce(query_id, number), owner, number, inquire_due, NULL, \
     inquire_attempts, inquire_version, NULL FROM orders_taken WHERE is_inquire"
);

/// When an own task of an order that is free falls due, the earliest.
macro_rules! next_own {
    ($own:literal) => {
        concat!(
            "(SELECT ",
            $own,
            "_due AS due_at FROM orders WHERE ",
            $own,
            "_due IS NOT NULL AND (",
            $own,
            "_until IS NULL OR ",
            $own,
            "_until <= $1) ORDER BY ",
            $own,
            "_due LIMIT 1)"
        )
    };
}

const NEXT_DUE: &str = concat!(
    next_own!("close"),
    " UNION ALL ",
    next_own!("inquire"),
    " UNION ALL (SELECT due_at FROM tasks AS it WHERE due_at IS NOT NULL \
     AND (leased_until IS NULL OR leased_until <= $1) \
     AND (after IS NULL OR NOT EXISTS (SELECT 1 FROM tasks AS before \
     WHERE before.owner = it.owner AND before.id = it.after AND before.attempts = 0)) \
     ORDER BY due_at, id LIMIT 1) ORDER BY due_at LIMIT 1"
);

/// When the first task that is not leased falls due.
pub(super) async fn next_due(
    pool: &Pool,
    real_now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let real_now = real_now.as_microsecond();
    let due = |row: &Row| Ok(from_micros(row.try_get(0)?));
    let found = pool.ask("next due task", NEXT_DUE, &[&real_now], due).await?;
    Ok(found.into_iter().next().flatten())
}

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
