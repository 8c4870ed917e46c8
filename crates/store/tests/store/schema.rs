//! The tables of PostgreSQL: a new database, an upgraded one and `schema.sql` are the same.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use app::ports::store::Lease;
use app::ports::{CommitOutcome, Store};
use app::writeset::{TargetKind, Task, TaskWrite, WriteSet};
use causeway_store::postgres::OpenError;
use causeway_store::{PostgresOptions, PostgresStore};
use domain::ids::QueryId;
use domain::order::Order;
use jiff::Timestamp;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::build::{at, closed, number, order, owner, query_id, replace};
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

/// What version 12 wrote of two orders: one as a till makes it, with a claimed inquiry, one of a
/// service with both of its own tasks, a refund and the inquiry after it; and a closing without its
/// order.
async fn fill_version_12(url: &str) -> [Order; 2] {
    let client = database::client(url).await;
    let (mut till, service) = (order(1), closed(&order(2)));
    Arc::make_mut(&mut till.terms).query_id = QueryId::new(till.terms.number.as_str());
    for order in [&till, &service] {
        let terms = &order.terms;
        let values = [terms.number.as_str(), terms.query_id.as_str()];
        let sql = "INSERT INTO orders VALUES ($1, $2, 7, $3, $4)";
        let body = serde_json::to_string(order).unwrap();
        let owner = terms.merchant.as_str();
        client.execute(sql, &[&owner, &values[0], &order.state.name(), &body]).await.unwrap();
        let sql = "INSERT INTO transactions VALUES ($1, $2, $3, 'payment')";
        client.execute(sql, &[&owner, &values[1], &values[0]]).await.unwrap();
    }
    let owner = owner(0).to_string();
    let of_task = "INSERT INTO tasks (owner, id, number, due_at, attempts, version, made_at, \
                   place, leased_until, holder, body) \
                   VALUES ($1, $2, $3, $4, 2, 3, $5, 1, $6, $7, $8)";
    let refund = query_id(9).to_string();
    let (one, two) = (number(1).to_string(), number(2).to_string());
    let (own, close) = (query_id(2).to_string(), r#"{"task":"close"}"#.to_owned());
    let inquire = |query_id: &str, reversal: bool| {
        format!(r#"{{"task":"inquire","query_id":"{query_id}","reversal":{reversal}}}"#)
    };
    let (due, leased) = (Some(at(5).as_microsecond()), Some(at(90).as_microsecond()));
    for (made, (id, number, due, leased, body)) in (1_i64..).zip([
        (format!("inquire:{one}"), &one, due, leased, inquire(&one, false)),
        (format!("close:{two}"), &two, due, None, close.clone()),
        (format!("inquire:{own}"), &two, None, None, inquire(&own, false)),
        (format!("inquire:{refund}"), &two, due, None, inquire(&refund, true)),
        (format!("close:{}", number(3)), &number(3).to_string(), due, None, close),
    ]) {
        let holder = leased.map(|_| "a-1");
        let values: [&(dyn ToSql + Sync); 8] =
            [&owner, &id, number, &due, &made, &leased, &holder, &body];
        client.execute(of_task, &values).await.unwrap();
    }
    let sql = "INSERT INTO transactions VALUES ($1, $2, $3, 'refund')";
    client.execute(sql, &[&owner, &refund, &two]).await.unwrap();
    [till, service]
}

#[tokio::test]
async fn an_upgrade_carries_orders_and_their_open_tasks_over() {
    let url = at_version(12).await;
    let orders = fill_version_12(&url).await;
    let store = database::open(&url).await;
    for order in &orders {
        let found = store.order(&owner(0), &order.terms.number).await.unwrap().unwrap();
        assert_eq!((&found.value, found.version), (order, 7));
        let target = store.by_query_id(&owner(0), &order.terms.query_id).await.unwrap().unwrap();
        assert_eq!((target.order, target.kind), (order.terms.number.clone(), TargetKind::Payment));
    }
    let refund = store.by_query_id(&owner(0), &query_id(9)).await.unwrap().unwrap();
    assert_eq!((refund.order, refund.kind), (number(2), TargetKind::Refund));
    let told = async |n: u32| {
        let tasks = store.tasks_of(&owner(0), &number(n)).await.unwrap();
        for task in &tasks {
            let found = store.task(&owner(0), &task.value.id).await.unwrap();
            assert_eq!(found.as_ref(), Some(task));
            assert_eq!((task.version, task.value.attempts), (3, 2));
        }
        tasks.iter().map(|it| format!("{} {:?}", it.value.id.as_str(), it.value.due_at)).collect()
    };
    let due = Some(at(5));
    let expected = |names: &[(String, Option<Timestamp>)]| -> Vec<String> {
        names.iter().map(|(id, due)| format!("{id} {due:?}")).collect()
    };
    let of_service = [
        (format!("close:{}", number(2)), due),
        (format!("inquire:{}", query_id(2)), None),
        (format!("inquire:{}", query_id(9)), due),
    ];
    let all: [Vec<String>; 3] = [told(1).await, told(2).await, told(3).await];
    assert_eq!(all[0], expected(&[(format!("inquire:{}", number(1)), due)]));
    assert_eq!(all[1], expected(&of_service));
    assert_eq!(all[2], expected(&[(format!("close:{}", number(3)), due)]));
    // What another node had claimed stays claimed until its lease is over.
    let claim = async |real: i64| {
        let lease = Lease { holder: "n".into(), real_now: at(real), lease_until: at(real + 90) };
        store.claim_due(at(9), &lease, 10).await.unwrap().len()
    };
    assert_eq!((claim(0).await, claim(89).await, claim(90).await), (3, 0, 4));
    // They go on from the version that they had.
    let task = store.tasks_of(&owner(0), &number(1)).await.unwrap().remove(0);
    let ended = Task { due_at: None, ..task.value };
    let changed = WriteSet {
        order: replace(&orders[0], 7),
        tasks: vec![TaskWrite::Replace { task: ended, expected: 3 }],
        ..WriteSet::default()
    };
    assert_eq!(store.commit(changed).await.unwrap(), CommitOutcome::Committed);
    let rows = database::client(&url).await;
    let rows = rows.query("SELECT id FROM tasks ORDER BY id", &[]).await.unwrap();
    let left: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let refund = format!("inquire:{}", query_id(9));
    assert_eq!(left, [format!("close:{}", number(3)), refund], "the others are in their orders");
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
