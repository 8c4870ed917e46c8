//! What tells the platform's own numbers apart: a count that no two nodes give out twice, whatever
//! their clocks say. A node takes a block of it from the store and counts through that by itself.
//!
//! Goal: `sn` and `queryId` are unique over all merchants, since wallets and downstream systems
//! know a transaction by its number alone: two orders with one number would be one to them.
//! Invariant: a block begins where every block before it has ended; so also after a restart.
//! Blocks follow time, so that numbers made together stand together.

use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::limits::{
    NUMBERS_BLOCK, NUMBERS_EPOCH_S, NUMBERS_LATE, NUMBERS_PER_SECOND, STALE_RETRIES_COUNT_MAX,
};
use crate::ports::Store;
use crate::ports::store::{CommitOutcome, StoreError};
use crate::records::{NUMBERS, NUMBERS_KEY};
use crate::writeset::{RecordChange, RecordWrite, WriteSet};

/// The block that this node counts through.
#[derive(Debug, Default)]
pub struct Numbers(Mutex<Block>);

#[derive(Debug, Default)]
struct Block {
    next: u64,
    end: u64,
}

impl Numbers {
    /// The next count; no other call, on any node, gets the same.
    ///
    /// # Errors
    /// The store's, when a block is needed and cannot be had.
    pub async fn next(&self, store: &dyn Store, now: Timestamp) -> Result<u64, StoreError> {
        let mut block = self.0.lock().await;
        let due = due(now);
        if block.next >= block.end || block.end.saturating_add(NUMBERS_LATE) < due {
            let first = take(store, due.max(block.end)).await?;
            *block = Block { next: first, end: first.saturating_add(NUMBERS_BLOCK) };
        }
        let number = block.next;
        block.next = number.saturating_add(1);
        Ok(number)
    }
}

/// Where counting stands at an instant when no more than [`NUMBERS_PER_SECOND`] are given out.
fn due(now: Timestamp) -> u64 {
    let since = now.as_millisecond().saturating_sub(NUMBERS_EPOCH_S.saturating_mul(1_000));
    u64::try_from(since).unwrap_or(0).saturating_mul(NUMBERS_PER_SECOND).div_euclid(1_000)
}

/// Takes the block that begins at `least`, or where the last one that anybody took has ended.
async fn take(store: &dyn Store, least: u64) -> Result<u64, StoreError> {
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = store.record(NUMBERS, NUMBERS_KEY).await?;
        let ended = found.as_ref().map_or(Some(0), |it| it.value.parse().ok());
        let first = ended.ok_or_else(damaged)?.max(least);
        let body = first.saturating_add(NUMBERS_BLOCK).to_string();
        let change = match found {
            Some(it) => RecordChange::Replace { body, expected: it.version, expires_at: None },
            None => RecordChange::Insert { body, expires_at: None },
        };
        let record = RecordWrite { space: NUMBERS, key: NUMBERS_KEY.to_owned(), change };
        let set = WriteSet { records: vec![record], ..WriteSet::default() };
        if store.commit(set).await? == CommitOutcome::Committed {
            return Ok(first);
        }
    }
    Err(StoreError::Overloaded { waiting: 0 })
}

fn damaged() -> StoreError {
    let reason = "what was given out is not a number".to_owned();
    StoreError::Damaged { what: "numbers".to_owned(), reason }
}
