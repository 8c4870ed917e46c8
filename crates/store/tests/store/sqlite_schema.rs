//! The tables of SQLite: a new file, an upgraded one and `schema.sql` are the same; and they mean
//! the same as those of PostgreSQL, but for the differences that are listed here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use causeway_store::sqlite::DATABASE_FILE;
use causeway_store::{SqliteOptions, SqliteStore};
use rusqlite::Connection;

use crate::database;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"))
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

/// Everything that the file says of tables and indexes, without comments and line breaks.
fn description(connection: &Connection) -> Vec<String> {
    let sql = "SELECT type || ' ' || name || ' of ' || tbl_name || ': ' || coalesce(sql, '') \
               FROM sqlite_master ORDER BY type, name";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.map(|row| plain(&row.unwrap())).collect()
}

fn plain(sql: &str) -> String {
    let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn schema() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    let text = fs::read_to_string(folder().join("schema.sql")).unwrap();
    connection.execute_batch(&text).unwrap();
    connection
}

/// A new file, opened and closed by the store.
fn opened(folder: &Path) -> Connection {
    drop(SqliteStore::open(folder, SqliteOptions::default()).unwrap());
    Connection::open(folder.join(DATABASE_FILE)).unwrap()
}

#[test]
fn a_new_file_an_upgraded_one_and_the_schema_are_the_same() {
    let expected = description(&schema());
    assert!(expected.iter().any(|line| line.starts_with("table orders of")), "{expected:?}");
    let new = tempfile::tempdir().unwrap();
    let fresh = opened(new.path());
    assert_eq!(description(&fresh), expected);
    let ours: i64 = fresh.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
    for count in 1..=changes().len() {
        let old = tempfile::tempdir().unwrap();
        let raw = Connection::open(old.path().join(DATABASE_FILE)).unwrap();
        raw.pragma_update(None, "application_id", ours).unwrap();
        changes().iter().take(count).for_each(|change| raw.execute_batch(change).unwrap());
        raw.pragma_update(None, "user_version", i64::try_from(count).unwrap()).unwrap();
        drop(raw);
        assert_eq!(description(&opened(old.path())), expected, "from {count}");
    }
}

/// Whether a column may be NULL, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    holds: &'static str,
    may_be_null: bool,
}

/// The columns and the primary key of each table.
type Tables = BTreeMap<String, (BTreeMap<String, Column>, Vec<String>)>;

/// Types that hold the same.
const TYPES: [(&str, &str); 7] = [
    ("TEXT", "text"),
    ("text", "text"),
    ("INTEGER", "whole number"),
    ("bigint", "whole number"),
    ("BLOB", "bytes"),
    ("bytea", "bytes"),
    ("timestamp with time zone", "time"),
];

fn holds(word: &str) -> &'static str {
    let found = TYPES.iter().find(|(name, _)| *name == word);
    found.unwrap_or_else(|| panic!("{word} is not in the table of types")).1
}

fn tables_of_sqlite(connection: &Connection) -> Tables {
    let sql = "SELECT it.name, c.name, c.type, c.\"notnull\", c.pk \
               FROM sqlite_master AS it, pragma_table_info(it.name) AS c \
               WHERE it.type = 'table' ORDER BY it.name, c.pk";
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut tables = Tables::new();
    while let Some(row) = rows.next().unwrap() {
        let (name, column, word): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        let (not_null, key): (bool, i64) = (row.get(3).unwrap(), row.get(4).unwrap());
        let table = tables.entry(name).or_default();
        // The row id is never NULL, whatever its column says.
        let may_be_null = !not_null && key == 0;
        table.0.insert(column.clone(), Column { holds: holds(&word), may_be_null });
        if key > 0 {
            table.1.push(column);
        }
    }
    tables
}

async fn tables_of_postgres() -> Tables {
    let url = database::fresh().await;
    drop(database::open(&url).await);
    let sql = "SELECT c.table_name::text, c.column_name::text, c.data_type::text, \
               c.is_nullable = 'YES', coalesce(array_position(i.indkey::int2[], \
               c.ordinal_position::int2), -1) FROM information_schema.columns AS c \
               JOIN pg_index AS i ON i.indrelid = c.table_name::regclass AND i.indisprimary \
               WHERE c.table_schema = 'public' ORDER BY 1, 5";
    let client = database::client(&url).await;
    let mut tables = Tables::new();
    for row in client.query(sql, &[]).await.unwrap() {
        let (name, column, word): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let table = tables.entry(name).or_default();
        let described = Column { holds: holds(&word), may_be_null: row.get(3) };
        table.0.insert(column.clone(), described);
        if row.get::<_, i32>(4) >= 0 {
            table.1.push(column);
        }
    }
    tables
}

/// What one side has and the other does not need.
const POSTGRES_ALONE: [(&str, &[&str], &str); 6] = [
    ("causeway_versions", &["version", "at"], "a file has a version of its own"),
    (
        "lanes",
        &["lane", "epoch", "batch", "sequence", "hash", "held_until"],
        "a file has one writer and one lane, whose end is the journal's last line",
    ),
    (
        "orders",
        &["terms", "close_until", "close_holder", "inquire_until", "inquire_holder"],
        "the journal is divided otherwise; leases end with the one process",
    ),
    ("tasks", &["made_at", "place", "leased_until", "holder"], "leases end with the one process"),
    ("journal", &["place"], "the sequence of one lane is the order of its lines"),
    ("seen", &["app", "id"], "a digest stands for both"),
];
const SQLITE_ALONE: [(&str, &[&str], &str); 4] = [
    ("orders", &["submitted", "terms"], "the journal tells the terms"),
    ("keys", &["row", "digest"], "references are indexed by a digest"),
    ("tasks", &["row"], "the row tells the order"),
    ("seen", &["digest"], "a digest stands for application and message"),
];
/// Where NULL stands for the number of the order.
const NULL_IN_SQLITE: [(&str, &str); 2] = [("keys", "query_id"), ("names", "query_id")];
/// The primary keys: in PostgreSQL the owner comes first, so that tables can be divided; in SQLite
/// the platform's own numbers are unique over all owners, and digests stand for long keys.
const PRIMARY_KEYS: [(&str, &str, &str); 10] = [
    ("orders", "owner number", "number"),
    ("transactions", "owner query_id", "query_id"),
    ("keys", "owner order_id txn_time", "row"),
    ("names", "owner name", "name owner"),
    ("tasks", "owner id", "row"),
    ("journal", "lane sequence", "sequence"),
    ("postings", "owner number transaction_id line", "number transaction_id line"),
    ("records", "space key", "space key"),
    ("seen", "app id", "digest"),
    ("probe", "one", "one"),
];

/// Takes away what only one side has; each line of the list must be needed.
fn without(mut tables: Tables, alone: &[(&str, &[&str], &str)]) -> Tables {
    for (table, columns, _) in alone {
        let found = tables.get_mut(*table).unwrap_or_else(|| panic!("there is no {table}"));
        for column in *columns {
            assert!(found.0.remove(*column).is_some(), "there is no {table}.{column}");
        }
        if found.0.is_empty() {
            tables.remove(*table);
        }
    }
    tables
}

#[tokio::test]
async fn the_tables_mean_the_same_in_both_stores() {
    let (sqlite, postgres) = (tables_of_sqlite(&schema()), tables_of_postgres().await);
    for (table, of_postgres, of_sqlite) in PRIMARY_KEYS {
        assert_eq!(postgres[table].1.join(" "), of_postgres, "{table} in PostgreSQL");
        assert_eq!(sqlite[table].1.join(" "), of_sqlite, "{table} in SQLite");
    }
    let listed: BTreeSet<&str> = PRIMARY_KEYS.iter().map(|(table, ..)| *table).collect();
    let mut sqlite = without(sqlite, &SQLITE_ALONE);
    let postgres = without(postgres, &POSTGRES_ALONE);
    for (table, column) in NULL_IN_SQLITE {
        let found = sqlite.get_mut(table).and_then(|it| it.0.get_mut(column)).unwrap();
        assert!(found.may_be_null, "{table}.{column} is never NULL");
        found.may_be_null = false;
    }
    assert_eq!(listed, postgres.keys().map(String::as_str).collect());
    assert_eq!(listed, sqlite.keys().map(String::as_str).collect());
    for table in listed {
        assert_eq!(sqlite[table].0, postgres[table].0, "{table}");
    }
}
