//! Migrations: forward only, one change a file, each in a transaction of its own that also raises
//! the version of the database.

use rusqlite::{Connection, TransactionBehavior};

/// The changes in order; the version of a database is how many of them it has.
const CHANGES: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_orders.sql"),
    include_str!("../../migrations/sqlite/0002_transactions.sql"),
    include_str!("../../migrations/sqlite/0003_keys.sql"),
    include_str!("../../migrations/sqlite/0004_tasks.sql"),
    include_str!("../../migrations/sqlite/0005_journal.sql"),
    include_str!("../../migrations/sqlite/0006_postings.sql"),
    include_str!("../../migrations/sqlite/0007_records.sql"),
    include_str!("../../migrations/sqlite/0008_seen.sql"),
    include_str!("../../migrations/sqlite/0009_probe.sql"),
];

/// The version of a database that has every change.
pub(super) fn known() -> i64 {
    i64::try_from(CHANGES.len()).unwrap_or(i64::MAX)
}

/// Makes every change that the database of version `from` does not have yet.
pub(super) fn migrate(connection: &mut Connection, from: i64) -> rusqlite::Result<()> {
    let had = usize::try_from(from).unwrap_or(0);
    for (version, change) in (1_i64..).zip(CHANGES).skip(had) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(change)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
        tracing::info!(version, "the database was migrated");
    }
    Ok(())
}
