//! Claims of due tasks. Leases live in the writer's memory: one process writes the file, so that
//! a claim cannot outlive the work it stands for, and taking one costs no write.

use std::collections::HashMap;

use app::ports::store::Lease;
use app::writeset::{Task, Versioned};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::decode;
use super::fault::Fault;
use crate::instant::from_micros;
use crate::limits::ANSWER_COUNT_MAX;

/// Real times until which tasks are claimed, by row.
#[derive(Debug, Default)]
pub(super) struct Leases(HashMap<i64, Timestamp>);

impl Leases {
    /// Ends the leases of tasks that were replaced.
    pub(super) fn release(&mut self, rows: &[i64]) {
        for row in rows {
            self.0.remove(row);
        }
    }

    /// Ends all leases.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn forget_lapsed(&mut self, real_now: Timestamp) {
        self.0.retain(|_, until| *until > real_now);
    }

    /// Claims what is due at `now`, earliest first.
    pub(super) fn claim(
        &mut self,
        connection: &Connection,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Result<Vec<Versioned<Task>>, Fault> {
        self.forget_lapsed(lease.real_now);
        let count_max = count_max.min(ANSWER_COUNT_MAX);
        let mut claimed = Vec::new();
        // The index alone says which rows are due; only those that are not leased are read.
        let mut due = connection.prepare_cached(
            "SELECT row FROM tasks WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id",
        )?;
        let mut rows = due.query(params![now.as_microsecond()])?;
        while claimed.len() < count_max
            && let Some(row) = rows.next()?
        {
            let row: i64 = row.get(0)?;
            if self.0.contains_key(&row) {
                continue;
            }
            if let Some(task) = free_task(connection, row)? {
                self.0.insert(row, lease.lease_until);
                claimed.push(task);
            }
        }
        Ok(claimed)
    }

    /// When the first task that could be claimed falls due.
    pub(super) fn next_due(
        &mut self,
        connection: &Connection,
        real_now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        self.forget_lapsed(real_now);
        let mut due = connection.prepare_cached(
            "SELECT row, due_at FROM tasks WHERE due_at IS NOT NULL ORDER BY due_at, id",
        )?;
        let mut rows = due.query([])?;
        while let Some(row) = rows.next()? {
            let (row, due_at): (i64, i64) = (row.get(0)?, row.get(1)?);
            if !self.0.contains_key(&row) && is_free(connection, row)? {
                return Ok(from_micros(due_at));
            }
        }
        Ok(None)
    }
}

/// The task, unless the one before it waits for its first attempt.
fn free_task(connection: &Connection, row: i64) -> Result<Option<Versioned<Task>>, Fault> {
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks AS task \
               WHERE row = ?1 AND (after IS NULL OR NOT EXISTS (\
               SELECT 1 FROM tasks AS before WHERE before.id = task.after \
               AND before.owner = task.owner AND before.attempts = 0))";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([row])?;
    rows.next()?.map(decode::task).transpose()
}

fn is_free(connection: &Connection, row: i64) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM tasks AS task \
               WHERE row = ?1 AND (after IS NULL OR NOT EXISTS (\
               SELECT 1 FROM tasks AS before WHERE before.id = task.after \
               AND before.owner = task.owner AND before.attempts = 0))";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row([row], |_| Ok(())).optional()?.is_some())
}
