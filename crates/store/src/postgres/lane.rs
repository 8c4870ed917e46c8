//! The writer's lane of the journal: claimed for a while, moved on with every commit.
//!
//! Invariants: a commit goes through only if its lane stands where the writer knows it to stand.
//! So a lane that was taken over by another node is never continued by the first, whatever their
//! clocks say, and after a broken connection the lane itself tells whether the commit went through.

use app::journal;

use super::decode;
use super::fault::Fault;
use super::link::Connection;
use super::rows::Rows;
use super::steps::{Check, Step};
use crate::limits::LANES_COUNT_MAX;

/// A lane as its writer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lane {
    number: i64,
    epoch: i64,
    batch: i64,
    sequence: u64,
    hash: [u8; 32],
}

/// The first lane that nobody holds any more, taken over.
const TAKE_OVER: &str = "WITH free AS (SELECT lane FROM lanes WHERE held_until < now() \
     ORDER BY lane LIMIT 1 FOR UPDATE SKIP LOCKED) \
     UPDATE lanes AS it SET epoch = it.epoch + 1, held_until = now() + interval '30 seconds' \
     FROM free WHERE it.lane = free.lane \
     RETURNING it.lane, it.epoch, it.batch, it.sequence, it.hash";

/// A lane after all others.
const BEGIN: &str = "INSERT INTO lanes (lane, epoch, batch, sequence, hash, held_until) \
     SELECT coalesce(max(lane) + 1, 0), 1, 0, 0, $1, now() + interval '30 seconds' FROM lanes \
     ON CONFLICT (lane) DO NOTHING RETURNING lane, epoch, batch, sequence, hash";

/// Moves the lane on, and holds it for another while.
const MOVE: &str = "UPDATE lanes SET batch = batch + 1, sequence = $4, hash = $5, \
     held_until = now() + interval '30 seconds' \
     WHERE lane = $1 AND epoch = $2 AND batch = $3 RETURNING 1";

/// Ends whatever the broken connection still does in this lane: it waits for a commit under way,
/// and one that comes later finds another epoch.
const SETTLE: &str = "UPDATE lanes SET epoch = epoch + 1 WHERE lane = $1 AND epoch = $2 \
     RETURNING lane, epoch, batch, sequence, hash";

const RELEASE: &str =
    "UPDATE lanes SET epoch = epoch + 1, held_until = now() WHERE lane = $1 AND epoch = $2";

const LAST_LINE: &str = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
     FROM journal WHERE lane = $1 ORDER BY sequence DESC LIMIT 1";

impl Lane {
    /// Takes a lane that is free, or begins one.
    pub(super) async fn claim(connection: &Connection) -> Result<Self, Fault> {
        // Somebody else may begin the same new lane at the same time.
        for _ in 0..LANES_COUNT_MAX {
            let statement = connection.prepared(TAKE_OVER).await?;
            let mut row = connection.client.query_opt(&statement, &[]).await?;
            if row.is_none() {
                let statement = connection.prepared(BEGIN).await?;
                let start = journal::GENESIS.as_slice();
                row = connection.client.query_opt(&statement, &[&start]).await?;
            }
            if let Some(row) = row {
                let lane = Self::read(&row)?;
                if usize::try_from(lane.number).is_ok_and(|it| it < LANES_COUNT_MAX) {
                    lane.check(connection).await?;
                    return Ok(lane);
                }
                break;
            }
        }
        Err(Fault::damaged("journal", format!("it has {LANES_COUNT_MAX} lanes, all held")))
    }

    fn read(row: &tokio_postgres::Row) -> Result<Self, Fault> {
        Ok(Self {
            number: row.try_get(0)?,
            epoch: row.try_get(1)?,
            batch: row.try_get(2)?,
            sequence: decode::count("lane", row.try_get(3)?)?,
            hash: decode::hash(row.try_get(4)?)?,
        })
    }

    /// The last line must be where the lane says, and be what its hash says.
    async fn check(&self, connection: &Connection) -> Result<(), Fault> {
        let statement = connection.prepared(LAST_LINE).await?;
        let row = connection.client.query_opt(&statement, &[&self.number]).await?;
        let last = row.as_ref().map(decode::entry).transpose()?;
        let (sequence, hash) = last
            .as_ref()
            .map_or((0, journal::GENESIS), |last| (last.sequence, journal::hash(last)));
        if (sequence, hash) == (self.sequence, self.hash) {
            return Ok(());
        }
        let reason = format!("lane {} ends at {sequence} and not as it should", self.number);
        Err(Fault::damaged("journal", reason))
    }

    /// Gives the lines of the write sets their numbers and hashes; the lane as it is after them.
    pub(super) fn chain<'a>(&self, sets: impl Iterator<Item = &'a mut Rows>) -> Self {
        let mut next = self.clone();
        next.batch = self.batch.saturating_add(1);
        for line in sets.flat_map(|set| &mut set.lines) {
            let entry = &mut line.entry;
            entry.lane = u32::try_from(self.number).unwrap_or(u32::MAX);
            entry.sequence = next.sequence.saturating_add(1);
            entry.previous = next.hash;
            entry.hash = journal::hash(entry);
            (next.sequence, next.hash) = (entry.sequence, entry.hash);
        }
        next
    }

    /// The statement that moves this lane to where `next` is.
    pub(super) fn step<'a>(&self, next: &'a Self) -> Step<'a> {
        let sequence = i64::try_from(next.sequence).unwrap_or(i64::MAX);
        let values: Vec<super::steps::Value<'a>> = vec![
            Box::new(self.number),
            Box::new(self.epoch),
            Box::new(self.batch),
            Box::new(sequence),
            Box::new(next.hash.as_slice()),
        ];
        Step { sql: MOVE, check: Check::Lane, values }
    }

    /// After a broken connection: whether the lane moved to `next`. `None`: nobody can say any
    /// more, since another node holds the lane. This lane is as it stands afterwards.
    pub(super) async fn settle(
        &mut self,
        connection: &Connection,
        next: &Self,
    ) -> Result<Option<bool>, Fault> {
        let statement = connection.prepared(SETTLE).await?;
        let row = connection.client.query_opt(&statement, &[&self.number, &self.epoch]).await?;
        let Some(row) = row else { return Ok(None) };
        let known = self.batch;
        *self = Self::read(&row)?;
        if self.batch < known {
            let commits = known.saturating_sub(self.batch);
            tracing::error!(commits, "the database forgot commits: was a replica behind promoted?");
        }
        Ok(Some(self.batch == next.batch && self.hash == next.hash))
    }

    /// Lets another node have the lane at once.
    pub(super) async fn release(&self, connection: &Connection) -> Result<(), Fault> {
        let statement = connection.prepared(RELEASE).await?;
        connection.client.execute(&statement, &[&self.number, &self.epoch]).await?;
        Ok(())
    }
}
