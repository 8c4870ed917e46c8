//! Connections for everything but commits. A question that touches a few rows shares a connection
//! with others; one that goes over many rows has it for itself, a bounded number at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use app::ports::StoreError;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::link::Link;
use crate::limits::{LONG_ANSWER_WAIT, SHORT_QUESTIONS_COUNT_MAX, UNANSWERED_WAIT};

/// The kept connections of one kind.
pub(super) struct Pool {
    links: Vec<Link>,
    next: AtomicUsize,
    gate: Semaphore,
    is_closed: AtomicBool,
    /// How long it is waited for a connection.
    patience: Duration,
    /// How long it is waited for an answer.
    answer_wait: Duration,
}

impl Pool {
    /// For short questions: many on one connection, one behind the other.
    pub(super) fn short(links: Vec<Link>, patience: Duration) -> Self {
        Self::new(links, SHORT_QUESTIONS_COUNT_MAX, patience, UNANSWERED_WAIT)
    }

    /// For long questions: no more at once than connections.
    pub(super) fn long(links: Vec<Link>, patience: Duration) -> Self {
        let count = links.len();
        Self::new(links, count, patience, LONG_ANSWER_WAIT)
    }

    fn new(links: Vec<Link>, at_once: usize, patience: Duration, answer_wait: Duration) -> Self {
        let (next, gate) = (AtomicUsize::new(0), Semaphore::new(at_once));
        Self { links, next, gate, is_closed: AtomicBool::new(false), patience, answer_wait }
    }

    /// Refuses every further question.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.gate.close();
    }

    /// Asks one statement and makes its rows values.
    pub(super) async fn ask<T>(
        &self,
        operation: &'static str,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
        decode: fn(&Row) -> Result<T, Fault>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(sql, values).await;
        let decoded = rows.and_then(|rows| rows.iter().map(decode).collect());
        decoded.map_err(|fault| fault.told(operation))
    }

    /// The rows of one statement; a broken connection is replaced once. So only what may be done
    /// twice is asked here.
    pub(super) async fn rows(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        self.rows_within(2, sql, values).await
    }

    /// The rows of one statement that must not be asked twice. After [`Fault::Lost`] it is not
    /// known whether the server did it.
    pub(super) async fn rows_once(
        &self,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        self.rows_within(1, sql, values).await
    }

    async fn rows_within(
        &self,
        tries_max: u32,
        sql: &'static str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Fault> {
        let _permit = self.gate.acquire().await.map_err(|_| Fault::Closed)?;
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let link = self.links.get(index % self.links.len().max(1)).ok_or(Fault::Closed)?;
        let mut connection = link.get(self.patience).await?;
        let mut tries = 1;
        loop {
            let asked = async {
                let statement = connection.prepared(sql).await?;
                Ok(connection.client.query(&statement, values).await?)
            };
            let answer = match timeout(self.answer_wait, asked).await {
                Ok(answer) => answer,
                Err(_) => Err(Fault::Lost("no answer in time".to_owned())),
            };
            match answer {
                Err(_) if self.is_closed.load(Ordering::Acquire) => return Err(Fault::Closed),
                Err(Fault::Lost(_)) if tries < tries_max => {
                    connection = link.another(&connection, self.patience).await?;
                    tries += 1;
                }
                Err(Fault::Lost(reason)) => {
                    link.leave(&connection, self.patience).await;
                    return Err(Fault::Lost(reason));
                }
                answer => return answer,
            }
        }
    }
}
