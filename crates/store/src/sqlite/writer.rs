//! The one writer: takes what waits in the queue, commits it as one transaction, and answers after
//! the commit.
//!
//! Each write set is whole or nothing. Most are not refused, so that a transaction is first tried
//! without savepoints, which cost a copy of every page that is changed; when a set is refused
//! after it wrote something, the transaction is begun anew with a savepoint for each set.
//!
//! Nothing is answered before the commit, not even a refusal: what stands in its way is durable
//! only then. When the transaction as a whole fails, each write set is tried alone, so that none
//! fails for another; only a failed commit of unknown outcome is not tried again.

use std::fs::File;

use app::ports::store::Lease;
use app::ports::{CommitOutcome, StoreError};
use app::writeset::{Task, Versioned};
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use super::answer::{Answer, answer};
use super::apply::{Ends, apply};
use super::checkpoint::Checkpoints;
use super::fault::{Fault, is_full};
use super::rows::Rows;
use super::tasks::{Leased, Leases};
use crate::instant::to_micros;
use crate::limits::{BATCH_COUNT_MAX, FORGET_COUNT_MAX};

/// Where an answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Commit a write set.
    Commit(Box<Rows>, oneshot::Sender<Answer>),
    /// Claim due tasks.
    Claim { now: Timestamp, lease: Lease, count_max: usize, reply: Reply<Vec<Versioned<Task>>> },
    /// When the next task falls due.
    NextDue { real_now: Timestamp, reply: Reply<Option<Timestamp>> },
    /// Forget a bounded number of expired rows.
    Forget { now: Timestamp, real_now: Timestamp, reply: Reply<usize> },
    /// Prove that the store can be written.
    Probe(Reply<()>),
    /// Take everything away.
    Clear(Reply<()>),
    /// Do what waits, then end.
    Close(Reply<()>),
}

/// The writer and all that only it touches.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) ends: Ends,
    pub(super) lock: File,
    pub(super) checkpoints: Checkpoints,
    pub(super) leases: Leases,
}

type Waiting = (Box<Rows>, oneshot::Sender<Answer>);
type Answers = Vec<Result<CommitOutcome, StoreError>>;

/// How a refused write set is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undo {
    /// Not at all: the transaction ends and is begun anew.
    Whole,
    /// By its savepoint.
    Each,
}

/// Why a transaction came to nothing.
enum Failed {
    /// A set was refused and cannot be undone alone.
    Refused,
    /// Nothing was committed.
    Undone(Fault),
    /// Nobody knows whether it was committed.
    Unknown(Fault),
}

impl Writer {
    /// Works until the queue is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut jobs = Vec::with_capacity(BATCH_COUNT_MAX);
        let mut closing = Vec::new();
        while queue.blocking_recv_many(&mut jobs, BATCH_COUNT_MAX) > 0 {
            let mut sets = Vec::with_capacity(jobs.len());
            let mut others = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Commit(rows, reply) => sets.push((rows, reply)),
                    Job::Close(reply) => {
                        queue.close();
                        closing.push(reply);
                    }
                    other @ (Job::Claim { .. }
                    | Job::NextDue { .. }
                    | Job::Forget { .. }
                    | Job::Probe(_)
                    | Job::Clear(_)) => others.push(other),
                }
            }
            if !sets.is_empty() {
                self.commit(sets);
                self.checkpoints.committed(&self.connection);
            }
            for job in others {
                self.serve(job);
            }
        }
        let database = self.checkpoints.finish(&self.connection);
        drop(self.connection);
        drop(database);
        drop(self.lock);
        for reply in closing {
            let _ = reply.send(Ok(()));
        }
    }

    fn commit(&mut self, mut sets: Vec<Waiting>) {
        let mut result = self.transaction(&mut sets, Undo::Whole);
        if matches!(result, Err(Failed::Refused)) {
            result = self.transaction(&mut sets, Undo::Each);
        }
        let fault = match result {
            Ok(answers) => return reply(sets, answers),
            Err(Failed::Undone(_)) if sets.len() > 1 => {
                return sets.into_iter().for_each(|set| self.commit(vec![set]));
            }
            Err(Failed::Undone(fault) | Failed::Unknown(fault)) => fault,
            Err(Failed::Refused) => Fault::damaged("write set", "it could not be undone"),
        };
        let error = fault.told("commit");
        tracing::error!(%error, sets = sets.len(), "a transaction failed");
        let answers = sets.iter().map(|_| Err(copy(&error))).collect();
        reply(sets, answers);
    }

    /// One transaction over all sets; after a failure nothing of it is left.
    fn transaction(&mut self, sets: &mut [Waiting], undo: Undo) -> Result<Answers, Failed> {
        let ends = self.ends;
        let mut released = Vec::new();
        let result = self.write(sets, undo, &mut released);
        if result.is_ok() {
            self.leases.release(&released);
            return result;
        }
        self.ends = ends;
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction could not be rolled back");
        }
        result
    }

    fn write(
        &mut self,
        sets: &mut [Waiting],
        undo: Undo,
        released: &mut Vec<Leased>,
    ) -> Result<Answers, Failed> {
        self.execute("BEGIN IMMEDIATE").map_err(Failed::Undone)?;
        let mut answers = Vec::with_capacity(sets.len());
        for (rows, _) in sets {
            answers.push(self.write_set(rows, undo, released)?);
        }
        match self.connection.prepare_cached("COMMIT").and_then(|mut it| it.execute([])) {
            Ok(_) => Ok(answers),
            Err(error) if is_full(&error) => Err(Failed::Undone(error.into())),
            Err(error) => Err(Failed::Unknown(error.into())),
        }
    }

    /// One set; an error of the engine fails the whole transaction.
    fn write_set(
        &mut self,
        rows: &mut Rows,
        undo: Undo,
        released: &mut Vec<Leased>,
    ) -> Result<Result<CommitOutcome, StoreError>, Failed> {
        if undo == Undo::Each {
            self.execute("SAVEPOINT one_set").map_err(Failed::Undone)?;
        }
        let (ends, released_before) = (self.ends, released.len());
        let changes_before = self.connection.total_changes();
        let outcome = match apply(&self.connection, &mut self.ends, released, rows) {
            Ok(outcome) => Ok(outcome),
            Err(fault @ Fault::Damaged { .. }) => Err(fault.told("commit")),
            Err(fault @ Fault::Engine(_)) => return Err(Failed::Undone(fault)),
        };
        if !matches!(outcome, Ok(CommitOutcome::Committed)) {
            let is_untouched = self.connection.total_changes() == changes_before;
            match undo {
                Undo::Each => self.execute("ROLLBACK TO one_set").map_err(Failed::Undone)?,
                Undo::Whole if is_untouched => {}
                Undo::Whole => return Err(Failed::Refused),
            }
            self.ends = ends;
            released.truncate(released_before);
        }
        if undo == Undo::Each {
            self.execute("RELEASE one_set").map_err(Failed::Undone)?;
        }
        Ok(outcome)
    }

    fn execute(&self, sql: &str) -> Result<(), Fault> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn serve(&mut self, job: Job) {
        match job {
            Job::Claim { now, lease, count_max, reply } => {
                let claimed = self.leases.claim(&self.connection, now, &lease, count_max);
                let _ = reply.send(claimed.map_err(|fault| fault.told("claim")));
            }
            Job::NextDue { real_now, reply } => {
                let due = self.leases.next_due(&self.connection, real_now);
                let _ = reply.send(due.map_err(|fault| fault.told("next due task")));
            }
            Job::Forget { now, real_now, reply } => {
                let forgotten = self.alone(|connection| forget(connection, now, real_now));
                let _ = reply.send(forgotten.map_err(|fault| fault.told("forget")));
            }
            Job::Probe(reply) => {
                let sql = "UPDATE probe SET count = (count + 1) % 1000000 WHERE one = 1";
                let probed = self.alone(|connection| Ok(connection.execute(sql, [])?));
                let _ = reply.send(probed.map(drop).map_err(|fault| fault.told("probe")));
            }
            Job::Clear(reply) => {
                let cleared = self.alone(clear);
                if cleared.is_ok() {
                    self.ends = Ends::START;
                    self.leases.clear();
                }
                let _ = reply.send(cleared.map_err(|fault| fault.told("clear")));
            }
            // Taken out of the queue before.
            Job::Commit(..) | Job::Close(_) => {}
        }
    }

    /// A transaction for one purpose.
    fn alone<T>(&self, work: impl Fn(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.execute("BEGIN IMMEDIATE")?;
        let done = work(&self.connection).and_then(|done| {
            self.execute("COMMIT")?;
            Ok(done)
        });
        if done.is_err() && !self.connection.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        self.checkpoints.committed(&self.connection);
        done
    }
}

fn reply(sets: Vec<Waiting>, answers: Answers) {
    let told = sets.into_iter().zip(answers);
    answer(told.map(|((rows, reply), outcome)| (reply, outcome, rows)).collect());
}

/// The same failure for another of those that shared it.
fn copy(error: &StoreError) -> StoreError {
    match error {
        StoreError::Overloaded { waiting } => StoreError::Overloaded { waiting: *waiting },
        StoreError::Full(text) => StoreError::Full(text.clone()),
        StoreError::Engine { operation, source } => {
            StoreError::Engine { operation, source: source.to_string().into() }
        }
        StoreError::Damaged { what, reason } => {
            StoreError::Damaged { what: what.clone(), reason: reason.clone() }
        }
        StoreError::Closed => StoreError::Closed,
    }
}

fn forget(connection: &Connection, now: Timestamp, real_now: Timestamp) -> Result<usize, Fault> {
    let limit = i64::try_from(FORGET_COUNT_MAX).unwrap_or(i64::MAX);
    let records = connection.prepare_cached(
        "DELETE FROM records WHERE rowid IN \
         (SELECT rowid FROM records WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    )?;
    let seen = connection.prepare_cached(
        "DELETE FROM seen WHERE digest IN \
         (SELECT digest FROM seen WHERE until < ?1 ORDER BY until LIMIT ?2)",
    )?;
    let mut count = 0_usize;
    for (mut statement, before) in [(records, now), (seen, real_now)] {
        let deleted = statement.execute(params![to_micros(before), limit])?;
        count = count.saturating_add(deleted);
    }
    Ok(count)
}

fn clear(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.execute_batch(
        "DELETE FROM orders; DELETE FROM transactions; DELETE FROM keys; DELETE FROM names; \
         DELETE FROM tasks; DELETE FROM journal; DELETE FROM postings; DELETE FROM records; \
         DELETE FROM seen;",
    )?)
}
