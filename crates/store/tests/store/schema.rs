//! The tables of PostgreSQL: a new database, an upgraded one and `schema.sql` are the same.

use std::fs;
use std::path::Path;

use causeway_store::postgres::OpenError;
use causeway_store::{PostgresOptions, PostgresStore};
use tokio_postgres::Client;

use crate::database;

/// Everything that the catalog says about columns, constraints, indexes and settings of tables.
const DESCRIPTION: &str = "\
    SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' ' \
    || a.attnotnull || ' ' || coalesce(l.collname, '') || ' ' \
    || coalesce(pg_get_expr(d.adbin, d.adrelid), '') \
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 \
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum \
    LEFT JOIN pg_collation l ON l.oid = a.attcollation \
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND NOT a.attisdropped \
    UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
    UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE connamespace = 'public'::regnamespace \
    UNION ALL SELECT relname || ' ' || coalesce(array_to_string(reloptions, ','), '') \
    FROM pg_class WHERE relnamespace = 'public'::regnamespace \
    ORDER BY 1";

async fn description(client: &Client) -> Vec<String> {
    let rows = client.query(DESCRIPTION, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres"))
}

/// The migrations in order.
fn changes() -> Vec<String> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap() != "schema.sql")
        .collect();
    files.sort();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// A database as the first so many changes left it.
async fn at_version(count: usize) -> String {
    let url = database::fresh().await;
    let client = database::client(&url).await;
    let versions = "CREATE TABLE causeway_versions (version BIGINT NOT NULL PRIMARY KEY, \
                    at TIMESTAMPTZ NOT NULL DEFAULT now())";
    client.batch_execute(versions).await.unwrap();
    for (version, change) in (1_i64..).zip(changes().iter().take(count)) {
        client.batch_execute(change).await.unwrap();
        let sql = "INSERT INTO causeway_versions (version) VALUES ($1)";
        client.execute(sql, &[&version]).await.unwrap();
    }
    url
}

/// While a table is new its statistics do not tell an index of the whole key from one that shares
/// the key's first column, and the planner may look rows up by the wrong one for as long as the
/// statement stays prepared.
#[tokio::test]
async fn no_other_index_begins_as_the_key_of_its_table() {
    let url = database::fresh().await;
    drop(database::open(&url).await);
    let sql = "SELECT other.indexrelid::regclass::text FROM pg_index AS other \
               JOIN pg_index AS key ON key.indrelid = other.indrelid AND key.indisprimary \
               JOIN pg_class AS it ON it.oid = other.indrelid \
               WHERE it.relnamespace = 'public'::regnamespace AND NOT other.indisprimary \
               AND other.indkey[0] = key.indkey[0]";
    let rows = database::client(&url).await.query(sql, &[]).await.unwrap();
    let found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn a_new_database_an_upgraded_one_and_the_schema_are_the_same() {
    let schema = database::fresh().await;
    let client = database::client(&schema).await;
    let text = fs::read_to_string(folder().join("schema.sql")).unwrap();
    client.batch_execute(&text).await.unwrap();
    let expected = description(&client).await;
    assert!(expected.iter().any(|line| line.starts_with("orders.body text")), "{expected:?}");

    let new = database::fresh().await;
    drop(database::open(&new).await);
    assert_eq!(description(&database::client(&new).await).await, expected);
    for count in [1, changes().len() / 2, changes().len() - 1, changes().len()] {
        let url = at_version(count).await;
        let refused = PostgresStore::open_read_only(&url).await.err();
        let is_older = matches!(refused, Some(OpenError::Older { .. }));
        assert_eq!(is_older, count < changes().len(), "{count}: {refused:?}");
        drop(database::open(&url).await);
        assert_eq!(description(&database::client(&url).await).await, expected, "from {count}");
    }
}

#[tokio::test]
async fn nodes_that_start_at_once_migrate_once() {
    let url = database::fresh().await;
    let options = PostgresOptions::default();
    let (one, other, third) = tokio::join!(
        PostgresStore::open(&url, options),
        PostgresStore::open(&url, options),
        PostgresStore::open(&url, options)
    );
    assert!(one.is_ok() && other.is_ok() && third.is_ok(), "{one:?} {other:?} {third:?}");
    let client = database::client(&url).await;
    let sql = "SELECT count(*), max(version) FROM causeway_versions";
    let row = client.query_one(sql, &[]).await.unwrap();
    let count = i64::try_from(changes().len()).unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (count, count));
}

#[tokio::test]
async fn a_newer_database_and_a_foreign_one_are_refused() {
    let url = database::fresh().await;
    drop(database::open(&url).await);
    let client = database::client(&url).await;
    client.batch_execute("INSERT INTO causeway_versions (version) VALUES (999)").await.unwrap();
    let refused = PostgresStore::open(&url, PostgresOptions::default()).await.err().unwrap();
    assert!(matches!(refused, OpenError::Newer { found: 999, .. }), "{refused}");
    let refused = PostgresStore::open_read_only(&url).await.err().unwrap();
    assert!(refused.to_string().contains("run a newer version"), "{refused}");

    let url = database::fresh().await;
    let client = database::client(&url).await;
    client.batch_execute("CREATE TABLE orders (mine TEXT)").await.unwrap();
    let refused = PostgresStore::open(&url, PostgresOptions::default()).await.err().unwrap();
    assert!(matches!(refused, OpenError::Foreign { .. }), "{refused}");
    let sql = "SELECT to_regclass('causeway_versions') IS NULL";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert!(row.get::<_, bool>(0), "nothing was made in it");
}
