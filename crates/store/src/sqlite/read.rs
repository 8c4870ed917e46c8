//! The questions, each one statement on one connection.

use app::ports::store::{JournalEntry, NoticeFilter, PostingSum};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned};
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use rusqlite::{Connection, Params, Row, params};

use super::decode;
use super::fault::Fault;
use crate::limits::{ANSWER_COUNT_MAX, FOUND_COUNT_MAX};

type Decode<T> = fn(&Row<'_>) -> Result<T, Fault>;

/// The columns of a task in the order that [`decode::task`] reads.
pub(super) const TASK_COLUMNS: &str = "id, owner, number, due_at, after, attempts, version, body";

fn one<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    decode: Decode<T>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    rows.next()?.map(decode).transpose()
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    decode: Decode<T>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(row)?);
    }
    Ok(found)
}

fn limit(count_max: usize) -> i64 {
    i64::try_from(count_max.min(ANSWER_COUNT_MAX)).unwrap_or(i64::MAX)
}

pub(super) fn order(
    connection: &Connection,
    owner: &MerchantId,
    number: &OrderNumber,
) -> Result<Option<Versioned<Order>>, Fault> {
    let sql = "SELECT number, owner, version, body FROM orders WHERE number = ?1 AND owner = ?2";
    one(connection, sql, params![number.as_str(), owner.as_str()], decode::order)
}

pub(super) fn order_by_number(
    connection: &Connection,
    number: &OrderNumber,
) -> Result<Option<Versioned<Order>>, Fault> {
    let sql = "SELECT number, owner, version, body FROM orders WHERE number = ?1";
    one(connection, sql, params![number.as_str()], decode::order)
}

pub(super) fn orders_after(
    connection: &Connection,
    number: Option<&OrderNumber>,
    count_max: usize,
) -> Result<Vec<Versioned<Order>>, Fault> {
    let sql = "SELECT number, owner, version, body FROM orders WHERE number > ?1 \
               ORDER BY number LIMIT ?2";
    // The empty text stands before every number.
    let after = number.map_or("", OrderNumber::as_str);
    all(connection, sql, params![after, limit(count_max)], decode::order)
}

pub(super) fn by_reference(
    connection: &Connection,
    owner: &MerchantId,
    reference: &Reference,
) -> Result<Option<KeyClaim>, Fault> {
    let sql = "SELECT order_id, txn_time, owner, number, query_id, kind, input FROM keys \
               WHERE order_id = ?1 AND txn_time = ?2 AND owner = ?3";
    let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
    one(connection, sql, params![order_id, txn_time, owner.as_str()], decode::claim)
}

pub(super) fn references(
    connection: &Connection,
    owner: &MerchantId,
    order_id: &OrderId,
) -> Result<Vec<KeyClaim>, Fault> {
    let sql = "SELECT order_id, txn_time, owner, number, query_id, kind, input FROM keys \
               WHERE order_id = ?1 AND owner = ?2 ORDER BY txn_time LIMIT ?3";
    let values = params![order_id.as_str(), owner.as_str(), limit(FOUND_COUNT_MAX)];
    all(connection, sql, values, decode::claim)
}

pub(super) fn by_name(
    connection: &Connection,
    owner: &MerchantId,
    name: &str,
) -> Result<Option<Target>, Fault> {
    let sql = "SELECT query_id, number, kind FROM names WHERE name = ?1 AND owner = ?2";
    one(connection, sql, params![name, owner.as_str()], decode::target)
}

pub(super) fn by_query_id(
    connection: &Connection,
    owner: &MerchantId,
    query_id: &QueryId,
) -> Result<Option<Target>, Fault> {
    let sql = "SELECT query_id, number, kind FROM transactions WHERE query_id = ?1 AND owner = ?2";
    one(connection, sql, params![query_id.as_str(), owner.as_str()], decode::target)
}

pub(super) fn find_orders(
    connection: &Connection,
    number: &str,
) -> Result<Vec<OrderNumber>, Fault> {
    let sql = "SELECT number FROM orders WHERE number = ?1 \
               UNION SELECT number FROM transactions WHERE query_id = ?1 \
               UNION SELECT number FROM keys WHERE order_id = ?1 \
               ORDER BY 1 LIMIT ?2";
    all(connection, sql, params![number, limit(FOUND_COUNT_MAX)], decode::number)
}

pub(super) fn task(
    connection: &Connection,
    owner: &MerchantId,
    id: &TaskId,
) -> Result<Option<Versioned<Task>>, Fault> {
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks \
               WHERE id = ?1 AND owner = ?2";
    one(connection, sql, params![id.as_str(), owner.as_str()], decode::task)
}

pub(super) fn tasks_of(
    connection: &Connection,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Result<Vec<Versioned<Task>>, Fault> {
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks \
               WHERE number = ?1 AND owner = ?2 ORDER BY row LIMIT ?3";
    let limit = limit(ANSWER_COUNT_MAX);
    all(connection, sql, params![order.as_str(), owner.as_str(), limit], decode::task)
}

pub(super) fn notices(
    connection: &Connection,
    filter: NoticeFilter,
) -> Result<Vec<Versioned<Task>>, Fault> {
    let wanted = if filter.undelivered_only {
        "notice = 'UNDELIVERED'"
    } else {
        "notice IN ('RETRYING', 'UNDELIVERED')"
    };
    let sql = format!(
        "SELECT {TASK_COLUMNS} FROM tasks WHERE notice IS NOT NULL AND {wanted} \
         ORDER BY row DESC LIMIT ?1"
    );
    all(connection, &sql, params![limit(filter.count_max)], decode::task)
}

pub(super) fn journal_of(
    connection: &Connection,
    stream: &str,
) -> Result<Vec<JournalEntry>, Fault> {
    let sql = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
               FROM journal WHERE stream = ?1 ORDER BY sequence LIMIT ?2";
    all(connection, sql, params![stream, limit(ANSWER_COUNT_MAX)], decode::entry)
}

pub(super) fn journal_after(
    connection: &Connection,
    lane: u32,
    sequence: u64,
    count_max: usize,
) -> Result<Vec<JournalEntry>, Fault> {
    if lane != 0 {
        return Ok(Vec::new());
    }
    let sql = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
               FROM journal WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
    let after = i64::try_from(sequence).unwrap_or(i64::MAX);
    all(connection, sql, params![after, limit(count_max)], decode::entry)
}

/// The last line of the journal.
pub(super) fn journal_last(connection: &Connection) -> Result<Option<JournalEntry>, Fault> {
    let sql = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
               FROM journal ORDER BY sequence DESC LIMIT 1";
    one(connection, sql, [], decode::entry)
}

pub(super) fn journal_lanes(connection: &Connection) -> Result<Vec<u32>, Fault> {
    all(connection, "SELECT lane FROM journal LIMIT 1", [], decode::lane)
}

pub(super) fn postings_of(
    connection: &Connection,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Result<Vec<Posting>, Fault> {
    let sql = "SELECT transaction_id, account, minor, currency FROM postings \
               WHERE number = ?1 AND owner = ?2 ORDER BY transaction_id, line LIMIT ?3";
    let limit = limit(ANSWER_COUNT_MAX);
    all(connection, sql, params![order.as_str(), owner.as_str(), limit], decode::posting)
}

/// Summed in two halves, since the engine's own sum would fail beyond 63 bits.
pub(super) fn posting_sums(connection: &Connection) -> Result<Vec<PostingSum>, Fault> {
    let sql = "SELECT currency, sum(minor >> 32), sum(minor & 4294967295), count(*) \
               FROM postings GROUP BY currency ORDER BY currency";
    all(connection, sql, [], decode::sum)
}

pub(super) fn record(
    connection: &Connection,
    space: &str,
    key: &str,
) -> Result<Option<Versioned<String>>, Fault> {
    let sql = "SELECT version, body FROM records WHERE space = ?1 AND key = ?2";
    one(connection, sql, params![space, key], decode::record)
}

pub(super) fn records(
    connection: &Connection,
    space: &str,
    after: Option<&str>,
    count_max: usize,
) -> Result<Vec<(String, Versioned<String>)>, Fault> {
    let limit = limit(count_max);
    // Two statements, since one with a condition that may be absent would not use the index.
    let Some(after) = after else {
        let sql = "SELECT key, version, body FROM records WHERE space = ?1 ORDER BY key LIMIT ?2";
        return all(connection, sql, params![space, limit], decode::keyed_record);
    };
    let sql = "SELECT key, version, body FROM records WHERE space = ?1 AND key > ?2 \
               ORDER BY key LIMIT ?3";
    all(connection, sql, params![space, after, limit], decode::keyed_record)
}
