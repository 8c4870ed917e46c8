//! Opening a PostgreSQL database: what stands in the way is told in one line that says what to do.

use app::ports::{Store, StoreError};
use causeway_store::postgres::OpenError;
use causeway_store::{PostgresOptions, PostgresStore};

use crate::build::{number, order, submit};
use crate::conformance::commit;
use crate::database;

async fn refused(url: &str) -> OpenError {
    let error = PostgresStore::open(url, PostgresOptions::default()).await.err().unwrap();
    let text = error.to_string();
    assert!(!text.contains('\n') && !text.contains("secret"), "{text}");
    error
}

/// The URL with another user, whose password is `secret`.
fn as_user(url: &str, user: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{user}:secret@{rest}")
}

/// A user of its own with these settings, and the URL with which it opens a new database.
async fn with_user(name: &str, settings: &str) -> String {
    let url = database::fresh().await;
    let name = format!("{name}_{}", std::process::id());
    let client = database::client(&url).await;
    let made = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'; {settings}");
    client.batch_execute(&made.replace("ROLE_NAME", &name)).await.unwrap();
    as_user(&url, &name)
}

#[tokio::test]
async fn what_cannot_be_reached_is_told() {
    let error = refused("postgres://u:secret@127.0.0.1:1/db").await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("127.0.0.1:1/db"), "{error}");
    let error = refused(&database::url("there_is_no_such_database", "")).await;
    assert!(matches!(error, OpenError::NoDatabase { .. }), "{error}");
    let error = refused("postgres://u:secret@127.0.0.1").await;
    assert!(matches!(error, OpenError::Url { .. }), "{error}");
    // The server of the tests has no TLS, and nothing is sent to it without.
    let error = refused(&database::url("postgres", "sslmode=verify-full")).await;
    assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[tokio::test]
async fn a_user_without_password_or_rights_is_told() {
    let url = with_user("rights", "").await;
    let error = refused(&url).await;
    assert!(matches!(error, OpenError::Rights { .. }), "{error}");
    let error = refused(&url.replace(":secret@", "@")).await;
    assert!(error.to_string().contains("no password"), "{error}");
    let error = refused(&url.replace(":secret@", ":wrong@")).await;
    assert!(matches!(error, OpenError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_read_only_server_is_told() {
    let settings = "ALTER ROLE ROLE_NAME SUPERUSER; \
                    ALTER ROLE ROLE_NAME SET default_transaction_read_only = on";
    let url = with_user("reading", settings).await;
    let error = refused(&url).await;
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
}

#[tokio::test]
async fn too_few_connections_are_told() {
    let settings = "GRANT ALL ON SCHEMA public TO ROLE_NAME; \
                    ALTER ROLE ROLE_NAME CONNECTION LIMIT 3";
    let url = with_user("few", settings).await;
    let error = refused(&url).await;
    assert!(matches!(error, OpenError::TooFewConnections { needed: 11, .. }), "{error}");
}

#[tokio::test]
async fn texts_that_are_not_kept_as_utf8_are_told() {
    let client = database::client(&database::url("postgres", "")).await;
    let name = format!("ascii_{}", std::process::id());
    let sql = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'");
    client.batch_execute(&sql).await.unwrap();
    let error = refused(&database::url(&name, "")).await;
    assert!(matches!(error, OpenError::Encoding { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_for_reading_reads_and_refuses_to_write() {
    let url = database::fresh().await;
    let store = database::open(&url).await;
    commit(&store, submit(&order(1))).await;
    let reading = PostgresStore::open_read_only(&url).await.unwrap();
    assert!(reading.order_by_number(&number(1)).await.unwrap().is_some());
    let refused = reading.commit(submit(&order(2))).await;
    assert!(matches!(refused, Err(StoreError::Engine { .. })), "{refused:?}");
    assert!(reading.ready().await.is_err());
    reading.close().await.unwrap();
    let refused = reading.order_by_number(&number(1)).await;
    assert!(matches!(refused, Err(StoreError::Closed)), "{refused:?}");
}
