//! Claims of due tasks. Leases live in the writer's memory: one process writes the file, so that
//! a claim cannot outlive the work it stands for, and taking one costs no write.

use std::collections::HashMap;

use app::ports::store::Lease;
use app::writeset::{Task, Versioned};
use domain::ids::OrderNumber;
use jiff::Timestamp;
use rusqlite::{Connection, Rows};

use super::fault::Fault;
use super::own;
use super::{decode, read};
use crate::instant::from_micros;
use crate::limits::ANSWER_COUNT_MAX;
use crate::order_row::Own;

/// A task that can be leased.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Leased {
    /// An order's own, by the order's number.
    Own(Own, String),
    /// Another, by its row.
    Other(i64),
}

/// Real times until which tasks are claimed.
#[derive(Debug, Default)]
pub(super) struct Leases(HashMap<Leased, Timestamp>);

impl Leases {
    /// Ends the leases of tasks that were replaced.
    pub(super) fn release(&mut self, tasks: &[Leased]) {
        if self.0.is_empty() {
            return;
        }
        for task in tasks {
            self.0.remove(task);
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
        if count_max == 0 {
            return Ok(claimed);
        }
        let until = now.as_microsecond();
        let mut taken = Vec::new();
        self.each_free(connection, until, |_, leased, task| {
            taken.push(leased);
            claimed.push(task);
            claimed.len() < count_max
        })?;
        self.0.extend(taken.into_iter().map(|leased| (leased, lease.lease_until)));
        Ok(claimed)
    }

    /// When the first task that could be claimed falls due.
    pub(super) fn next_due(
        &mut self,
        connection: &Connection,
        real_now: Timestamp,
    ) -> Result<Option<Timestamp>, Fault> {
        self.forget_lapsed(real_now);
        let mut first = None;
        self.each_free(connection, i64::MAX, |due_at, _, _| {
            first = Some(due_at);
            false
        })?;
        Ok(first.and_then(from_micros))
    }

    /// Tells every task that is due, not leased and not behind another, earliest first, until
    /// `tell` has enough.
    fn each_free(
        &self,
        connection: &Connection,
        until: i64,
        mut tell: impl FnMut(i64, Leased, Versioned<Task>) -> bool,
    ) -> Result<(), Fault> {
        let others = "SELECT id, due_at, row FROM tasks WHERE due_at IS NOT NULL \
                      ORDER BY due_at, id";
        // The indexes alone say what is due; only what is not leased is read.
        let mut close = connection.prepare_cached(&Own::Close.sql().due)?;
        let mut inquire = connection.prepare_cached(&Own::Inquire.sql().due)?;
        let mut others = connection.prepare_cached(others)?;
        let mut queues = [
            Queue::of(Some(Own::Close), close.query([])?)?,
            Queue::of(Some(Own::Inquire), inquire.query([])?)?,
            Queue::of(None, others.query([])?)?,
        ];
        loop {
            let waiting = queues.iter_mut().filter(|queue| queue.first.is_some());
            let first = waiting.min_by(|a, b| a.place().cmp(&b.place()));
            let Some(queue) = first else { return Ok(()) };
            let Some((due_at, _, leased)) = queue.take()? else { return Ok(()) };
            if due_at > until {
                return Ok(());
            }
            if !self.0.contains_key(&leased)
                && let Some(task) = free_task(connection, &leased)?
                && !tell(due_at, leased, task)
            {
                return Ok(());
            }
        }
    }
}

/// What one index says is due.
struct Queue<'a> {
    own: Option<Own>,
    rows: Rows<'a>,
    /// When it is due, its name, and what it is.
    first: Option<(i64, String, Leased)>,
}

impl<'a> Queue<'a> {
    /// `rows` are `name, due_at`, and for other tasks `row`.
    fn of(own: Option<Own>, rows: Rows<'a>) -> Result<Self, Fault> {
        let mut queue = Self { own, rows, first: None };
        queue.take()?;
        Ok(queue)
    }

    fn place(&self) -> Option<(i64, &str)> {
        self.first.as_ref().map(|(due_at, name, _)| (*due_at, name.as_str()))
    }

    /// The first one; the next comes after it.
    fn take(&mut self) -> Result<Option<(i64, String, Leased)>, Fault> {
        let next = match (self.rows.next()?, self.own) {
            (None, _) => None,
            (Some(row), Some(own)) => {
                let number: String = row.get(0)?;
                Some((row.get(1)?, own.name(&number), Leased::Own(own, number)))
            }
            (Some(row), None) => Some((row.get(1)?, row.get(0)?, Leased::Other(row.get(2)?))),
        };
        Ok(std::mem::replace(&mut self.first, next))
    }
}

/// The task, unless the one before it waits for its first attempt.
fn free_task(connection: &Connection, leased: &Leased) -> Result<Option<Versioned<Task>>, Fault> {
    let row = match leased {
        Leased::Own(own, number) => {
            let order = OrderNumber::new(number.as_str());
            return Ok(own::of_order(connection, *own, &order)?.map(|(_, task)| task));
        }
        Leased::Other(row) => row,
    };
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks \
               WHERE row = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([row])?;
    let Some(task) = rows.next()?.map(decode::task).transpose()? else { return Ok(None) };
    let before = match &task.value.after {
        None => None,
        Some(before) => read::task(connection, &task.value.owner, before)?,
    };
    Ok(before.is_none_or(|before| before.value.attempts > 0).then_some(task))
}
