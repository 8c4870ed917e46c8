//! Migrations: forward only, one change a file, each in a transaction of its own that also raises
//! the version of the database. Nodes that start at the same time wait for each other.

use tokio_postgres::{Client, Error};

/// The changes in order; the version of a database is how many of them it has.
const CHANGES: &[&str] = &[
    include_str!("../../migrations/postgres/0001_orders.sql"),
    include_str!("../../migrations/postgres/0002_transactions.sql"),
    include_str!("../../migrations/postgres/0003_keys.sql"),
    include_str!("../../migrations/postgres/0004_tasks.sql"),
    include_str!("../../migrations/postgres/0005_lanes.sql"),
    include_str!("../../migrations/postgres/0006_journal.sql"),
    include_str!("../../migrations/postgres/0007_postings.sql"),
    include_str!("../../migrations/postgres/0008_records.sql"),
    include_str!("../../migrations/postgres/0009_seen.sql"),
    include_str!("../../migrations/postgres/0010_probe.sql"),
    include_str!("../../migrations/postgres/0011_names.sql"),
    include_str!("../../migrations/postgres/0012_tasks_number.sql"),
    include_str!("../../migrations/postgres/0013_orders.sql"),
    include_str!("../../migrations/postgres/0014_tasks_own.sql"),
    include_str!("../../migrations/postgres/0015_transactions_own.sql"),
    include_str!("../../migrations/postgres/0016_keys_order_id.sql"),
];

/// Marks the database as ours and says which changes it has.
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS causeway_versions (\
     version BIGINT NOT NULL PRIMARY KEY, at TIMESTAMPTZ NOT NULL DEFAULT now())";

/// Held while the version is read and raised; the number only has to be the same everywhere.
const LOCK: &str = "BEGIN; SELECT pg_advisory_xact_lock(4851309072)";

/// The version of a database that has every change.
pub(super) fn known() -> i64 {
    i64::try_from(CHANGES.len()).unwrap_or(i64::MAX)
}

/// The version of the tables; 0 when there are none.
pub(super) async fn version(client: &Client) -> Result<i64, Error> {
    // Not by `to_regclass`, which remembers within a transaction that there was none.
    let there = "SELECT EXISTS (SELECT 1 FROM pg_class \
                 WHERE relname = 'causeway_versions' AND pg_table_is_visible(oid))";
    if !client.query_one(there, &[]).await?.try_get(0)? {
        return Ok(0);
    }
    let sql = "SELECT coalesce(max(version), 0) FROM causeway_versions";
    client.query_one(sql, &[]).await?.try_get(0)
}

/// Makes every change that the database does not have yet.
pub(super) async fn migrate(client: &Client) -> Result<(), Error> {
    for (version, change) in (1_i64..).zip(CHANGES) {
        let result = one(client, version, change).await;
        if result.is_err() {
            // The error is told; a rollback that fails as well has nothing to add.
            let _ = client.batch_execute("ROLLBACK").await;
        }
        result?;
    }
    Ok(())
}

async fn one(client: &Client, number: i64, change: &str) -> Result<(), Error> {
    if version(client).await? >= number {
        return Ok(());
    }
    client.batch_execute(LOCK).await?;
    // Somebody else may have been first.
    if version(client).await? < number {
        if number == 1 {
            client.batch_execute(VERSIONS).await?;
        }
        client.batch_execute(change).await?;
        let sql = "INSERT INTO causeway_versions (version) VALUES ($1)";
        client.execute(sql, &[&number]).await?;
        tracing::info!(version = number, "the database was migrated");
    }
    client.batch_execute("COMMIT").await
}
