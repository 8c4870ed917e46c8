//! The writer: takes what waits in the queue, commits it as one transaction that is sent at once,
//! and answers after the commit.
//!
//! A transaction with a write set that cannot go through fails as a whole. Then the database is
//! asked what is there of all that the sets touch; those that it refutes are refused, those that
//! touch the same things as others wait for the next transaction, and the rest is sent again.
//! Whatever somebody else changes in between only leads to another round.
//!
//! When the connection breaks in a commit, the lane of the journal tells whether it went through;
//! only when no connection can be had in time is the outcome unknown.

use std::sync::Arc;
use std::time::Duration;

use app::ports::{CommitOutcome, StoreError};
use futures_util::future::{join_all, join3};
use tokio::sync::{Mutex, Notify, mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::fault::{Fault, is_lost};
use super::known::Known;
use super::lane::Lane;
use super::link::{Connection, Link};
use super::rows::Rows;
use super::steps::{self, Statement};
use super::turns::Turns;
use crate::limits::{COMMIT_TRIES_MAX, UNANSWERED_WAIT};

/// Where the answer to a write set goes.
pub(super) type Reply = oneshot::Sender<Result<CommitOutcome, StoreError>>;

/// What the writers are asked to do.
pub(super) enum Job {
    /// Commit a write set.
    Commit(Box<Rows>, Reply),
    /// Do what waits, then end.
    Close,
}

type Waiting = (Box<Rows>, Reply);

/// One writer with its connection and its lane.
pub(super) struct Writer {
    pub(super) link: Link,
    /// Ends the connection when the writer has ended.
    pub(super) closing: watch::Sender<bool>,
    pub(super) lane: Option<Lane>,
    pub(super) queue: Arc<Mutex<mpsc::Receiver<Job>>>,
    pub(super) turns: Arc<Turns>,
    /// How long it is waited for a connection.
    pub(super) patience: Duration,
    /// Told after tasks were written.
    pub(super) work: Arc<Notify>,
}

/// Why a transaction did not go through.
enum Failed {
    /// Something stood in its way that may look different now.
    Again(String),
    /// The engine refused it: nothing of it is left.
    Undone(Fault),
    /// Nobody knows whether it was committed.
    Unknown(Fault),
}

impl Writer {
    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self) {
        loop {
            let sets = self.next().await;
            match sets {
                None => break,
                Some(sets) if sets.is_empty() => {}
                Some(sets) => self.serve(sets).await,
            }
        }
        let release = async {
            if let Some(lane) = &self.lane
                && let Ok(connection) = self.link.get(self.patience).await
                && let Err(fault) = lane.release(&connection).await
            {
                tracing::warn!(?fault, "the journal's lane could not be given back");
            }
        };
        let _ = timeout(self.patience, release).await;
        self.closing.send_replace(true);
    }

    /// What waits now; `None` when the queue is closed and empty.
    async fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue.lock().await;
        let jobs = self.turns.take(&mut queue).await;
        if jobs.is_empty() {
            return None;
        }
        let sets = jobs.into_iter().filter_map(|job| match job {
            Job::Commit(rows, reply) => Some((rows, reply)),
            Job::Close => {
                queue.close();
                None
            }
        });
        Some(sets.collect())
    }

    /// Commits or refuses the write sets, each whole or not at all, and answers.
    async fn serve(&mut self, mut pending: Vec<Waiting>) {
        let mut ask_first = overlap(&pending);
        let mut tries = 0_usize;
        while !pending.is_empty() {
            let mut later = Vec::new();
            let failed = if ask_first && let Err(failed) = self.sift(&mut pending, &mut later).await
            {
                Some(failed)
            } else if pending.is_empty() {
                None
            } else {
                self.commit(&mut pending).await.err()
            };
            let Some(failed) = failed else {
                self.committed(std::mem::replace(&mut pending, later));
                (ask_first, tries) = (true, 0);
                continue;
            };
            pending.append(&mut later);
            tries = tries.saturating_add(1);
            ask_first = true;
            let fault = match failed {
                Failed::Again(reason) if tries < COMMIT_TRIES_MAX => {
                    tracing::debug!(reason, sets = pending.len(), "a transaction is tried again");
                    continue;
                }
                Failed::Again(reason) => Fault::Crowded(reason),
                Failed::Undone(fault) => fault,
                Failed::Unknown(fault) => return refuse(pending, &fault),
            };
            if pending.len() == 1 || matches!(fault, Fault::Closed | Fault::Lost(_)) {
                return refuse(pending, &fault);
            }
            // None shall fail for another.
            for set in pending {
                Box::pin(self.serve(vec![set])).await;
            }
            return;
        }
    }

    fn committed(&self, sets: Vec<Waiting>) {
        if sets.iter().any(|(rows, _)| rows.all_tasks().next().is_some()) {
            self.work.notify_one();
        }
        for (_, reply) in sets {
            // The caller may have gone; what is committed stays.
            let _ = reply.send(Ok(CommitOutcome::Committed));
        }
    }

    /// Answers those that what is committed refuses, and takes those out that have to wait.
    async fn sift(
        &mut self,
        pending: &mut Vec<Waiting>,
        later: &mut Vec<Waiting>,
    ) -> Result<(), Failed> {
        let connection = self.link.get(self.patience).await.map_err(Failed::Undone)?;
        let rows: Vec<&Rows> = pending.iter().map(|(rows, _)| &**rows).collect();
        let known = match timeout(UNANSWERED_WAIT, Known::load(&connection, &rows)).await {
            Ok(Ok(known)) => known,
            Ok(Err(fault)) => return Err(self.untouched(&connection, fault).await),
            Err(_) => return Err(self.untouched(&connection, unanswered()).await),
        };
        let verdicts = known.judge(&rows);
        let mut sets: Vec<Option<Waiting>> = pending.drain(..).map(Some).collect();
        let mut take = |index: usize| sets.get_mut(index).and_then(Option::take);
        for (index, refusal) in verdicts.refused {
            if let Some((_, reply)) = take(index) {
                let _ = reply.send(refusal);
            }
        }
        for (index, strays) in verdicts.free {
            let Some((mut rows, reply)) = take(index) else { continue };
            let placed = strays.iter().try_for_each(|(owner, id)| rows.stray(owner, id));
            rows.is_judged = true;
            match placed {
                Ok(()) => pending.push((rows, reply)),
                // Its caller may have gone.
                Err(error) => drop(reply.send(Err(error))),
            }
        }
        later.extend(verdicts.later.into_iter().filter_map(&mut take));
        Ok(())
    }

    /// One transaction over all sets.
    async fn commit(&mut self, sets: &mut [Waiting]) -> Result<(), Failed> {
        let connection = self.link.get(self.patience).await.map_err(Failed::Undone)?;
        let lane = match &self.lane {
            Some(lane) => lane,
            None => match Lane::claim(&connection).await {
                Ok(lane) => self.lane.insert(lane),
                Err(fault) => return Err(self.untouched(&connection, fault).await),
            },
        };
        let next = lane.chain(sets.iter_mut().map(|(rows, _)| &mut **rows));
        let rows: Vec<&Rows> = sets.iter().map(|(rows, _)| &**rows).collect();
        let statements = steps::of(&rows, lane.step(&next));
        let turn = self.turns.begin();
        let sent = timeout(UNANSWERED_WAIT, send(&connection, statements)).await;
        drop(turn);
        let fault = match sent {
            Ok(Ok(())) => {
                self.lane = Some(next);
                return Ok(());
            }
            Ok(Err(error)) if !is_lost(&error) => return Err(self.obstacle(error)),
            Ok(Err(error)) => Fault::from(error),
            Err(_) => unanswered(),
        };
        self.settle(&connection, &next, fault).await
    }

    /// What a fault means before any write set was sent: a broken connection is replaced.
    async fn untouched(&self, connection: &Arc<Connection>, fault: Fault) -> Failed {
        let Fault::Lost(reason) = fault else { return Failed::Undone(fault) };
        match self.link.another(connection, self.patience).await {
            Ok(_) => Failed::Again(reason),
            Err(fault) => Failed::Undone(fault),
        }
    }

    /// What an error of the engine means: its transaction is undone.
    fn obstacle(&mut self, error: Error) -> Failed {
        let code = error.code().cloned().unwrap_or(SqlState::INTERNAL_ERROR);
        let is_refusal = code == SqlState::UNIQUE_VIOLATION
            || code == SqlState::DIVISION_BY_ZERO
            || code == SqlState::CARDINALITY_VIOLATION;
        // What the check of the lane comes to.
        if code == SqlState::INVALID_TEXT_REPRESENTATION {
            self.lane = None;
            return Failed::Again("another node took over the lane of the journal".to_owned());
        }
        let is_passing = [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::LOCK_NOT_AVAILABLE,
        ];
        if is_refusal || is_passing.contains(&code) {
            Failed::Again(super::address::chain(&error))
        } else {
            Failed::Undone(Fault::Engine(error))
        }
    }

    /// Finds out, over another connection, whether a commit went through.
    async fn settle(
        &mut self,
        broken: &Arc<Connection>,
        next: &Lane,
        fault: Fault,
    ) -> Result<(), Failed> {
        tracing::warn!(?fault, "the connection broke in a commit");
        let Some(mut lane) = self.lane.take() else { return Err(Failed::Unknown(fault)) };
        let asked = async {
            let mut broken = Arc::clone(broken);
            loop {
                let connection = self.link.another(&broken, self.patience).await?;
                match lane.settle(&connection, next).await {
                    Err(Fault::Lost(_)) => broken = connection,
                    answer => return answer,
                }
            }
        };
        match timeout(self.patience, asked).await {
            Ok(Ok(Some(is_committed))) => {
                self.lane = Some(lane);
                tracing::info!(is_committed, "the commit is settled");
                if is_committed { Ok(()) } else { Err(Failed::Again(format!("{fault:?}"))) }
            }
            Ok(Ok(None) | Err(_)) | Err(_) => Err(Failed::Unknown(fault)),
        }
    }
}

/// Sends everything at once. Several statements are one transaction, in which the first failure
/// undoes all, since `COMMIT` then rolls back; one alone is a transaction by itself.
async fn send(connection: &Connection, statements: Vec<Statement<'_>>) -> Result<(), Error> {
    let mut prepared = Vec::with_capacity(statements.len());
    for statement in &statements {
        prepared.push(connection.prepared(&statement.sql).await?);
    }
    let client = &connection.client;
    let is_alone = statements.len() == 1;
    let say = async |words| if is_alone { Ok(()) } else { client.batch_execute(words).await };
    let values = statements.into_iter().zip(&prepared);
    let all = join_all(values.map(|(it, sql)| client.execute_raw(sql, it.values)));
    let begin = say("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    let (first, done, last) = join3(begin, all, say("COMMIT")).await;
    first?;
    done.into_iter().try_for_each(|it| it.map(drop))?;
    last
}

/// Whether two of the sets touch the same thing, or one twice.
fn overlap(sets: &[Waiting]) -> bool {
    let mut touched = std::collections::HashSet::with_capacity(sets.len().saturating_mul(6));
    sets.iter().any(|(rows, _)| {
        let is_met = rows.clashes() || rows.touched().any(|it| touched.contains(&it));
        touched.extend(rows.touched());
        is_met
    })
}

fn unanswered() -> Fault {
    Fault::Lost("no answer in time".to_owned())
}

fn refuse(sets: Vec<Waiting>, fault: &Fault) {
    let error = fault.told("commit");
    tracing::error!(%error, sets = sets.len(), "write sets failed");
    for (_, reply) in sets {
        let _ = reply.send(Err(fault.told("commit")));
    }
}
