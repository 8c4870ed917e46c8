//! A PostgreSQL database for each test, in the cluster that `CAUSEWAY_TEST_POSTGRES` names;
//! `cargo xtask test` makes one.

use std::sync::atomic::{AtomicU32, Ordering};

use causeway_store::{PostgresOptions, PostgresStore};
use tokio_postgres::{Client, NoTls};

static MADE: AtomicU32 = AtomicU32::new(0);

/// The URL of the cluster, with another database and further parameters.
pub(crate) fn url(database: &str, parameters: &str) -> String {
    let url = std::env::var("CAUSEWAY_TEST_POSTGRES")
        .expect("CAUSEWAY_TEST_POSTGRES names no PostgreSQL server; run `cargo xtask test`");
    let (base, query) = url.split_once('?').unwrap_or((&url, ""));
    let (server, _) = base.rsplit_once('/').unwrap();
    let query = [query, parameters].map(str::to_owned).into_iter().filter(|it| !it.is_empty());
    format!("{server}/{database}?{}", query.collect::<Vec<_>>().join("&"))
}

/// A connection for what a test does beside the store.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The URL of an empty database of its own.
pub(crate) async fn fresh() -> String {
    let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let client = client(&url("postgres", "")).await;
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    client.batch_execute(&drop).await.unwrap();
    client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap();
    url(&name, "")
}

/// A node with one lane of the journal, like the other stores.
pub(crate) fn options() -> PostgresOptions {
    PostgresOptions { writers_count: 1, ..PostgresOptions::default() }
}

/// A store in it, as one node opens it.
pub(crate) async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, options()).await.unwrap()
}
