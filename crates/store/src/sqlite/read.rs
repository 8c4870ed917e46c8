//! The questions, each one statement on one connection.

use app::ports::store::{JournalEntry, NoticeFilter, PostingSum};
use app::writeset::{KeyClaim, Target, TargetKind, Task, TaskId, Versioned};
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use rusqlite::{Connection, Params, Row, params};

use super::fault::Fault;
use super::own;
use super::{decode, digest};
use crate::limits::{ANSWER_COUNT_MAX, DIGEST_TRIES_COUNT_MAX, FOUND_COUNT_MAX};
use crate::order_row::Own;

type Decode<T> = fn(&Row<'_>) -> Result<T, Fault>;

/// The columns of a task in the order that [`decode::task`] reads.
pub(super) const TASK_COLUMNS: &str = "id, owner, number, due_at, after, attempts, version, body";

/// Orders, with the line of the journal that tells an order's terms, for [`decode::order`].
macro_rules! orders {
    () => {
        "SELECT o.number, o.owner, o.version, o.body, ifnull(o.terms, j.body), o.terms IS NULL \
         FROM orders AS o LEFT JOIN journal AS j ON j.sequence = o.submitted "
    };
}

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
    let sql = concat!(orders!(), "WHERE o.number = ?1 AND o.owner = ?2");
    one(connection, sql, params![number.as_str(), owner.as_str()], decode::order)
}

pub(super) fn order_by_number(
    connection: &Connection,
    number: &OrderNumber,
) -> Result<Option<Versioned<Order>>, Fault> {
    let sql = concat!(orders!(), "WHERE o.number = ?1");
    one(connection, sql, params![number.as_str()], decode::order)
}

pub(super) fn orders_after(
    connection: &Connection,
    number: Option<&OrderNumber>,
    count_max: usize,
) -> Result<Vec<Versioned<Order>>, Fault> {
    let sql = concat!(orders!(), "WHERE o.number > ?1 ORDER BY o.number LIMIT ?2");
    // The empty text stands before every number.
    let after = number.map_or("", OrderNumber::as_str);
    all(connection, sql, params![after, limit(count_max)], decode::order)
}

pub(super) fn by_reference(
    connection: &Connection,
    owner: &MerchantId,
    reference: &Reference,
) -> Result<Option<KeyClaim>, Fault> {
    let mut digest = digest::reference(owner, reference);
    for _ in 0..DIGEST_TRIES_COUNT_MAX {
        match claim_at(connection, digest)? {
            Some(claim) if &claim.owner != owner || &claim.reference != reference => {
                digest = digest::next(digest);
            }
            found => return Ok(found),
        }
    }
    Ok(None)
}

pub(super) fn order_by_reference(
    connection: &Connection,
    owner: &MerchantId,
    reference: &Reference,
) -> Result<Option<Versioned<Order>>, Fault> {
    let sql = concat!(
        orders!(),
        "JOIN keys AS k ON k.number = o.number WHERE k.digest = ?1 AND k.order_id = ?2 \
         AND k.txn_time = ?3 AND k.owner = ?4 AND o.owner = ?4 AND k.kind = 'payment'"
    );
    let digest = digest::reference(owner, reference);
    let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
    let values = params![digest, order_id, txn_time, owner.as_str()];
    if let Some(order) = one(connection, sql, values, decode::order)? {
        return Ok(Some(order));
    }
    // Not there, or something else has its digest.
    let claim = by_reference(connection, owner, reference)?;
    let claim = claim.filter(|claim| claim.target.kind == TargetKind::Payment);
    claim.map_or(Ok(None), |claim| order(connection, owner, &claim.target.order))
}

/// What has this digest.
pub(super) fn claim_at(connection: &Connection, digest: i64) -> Result<Option<KeyClaim>, Fault> {
    let sql = "SELECT order_id, txn_time, owner, number, ifnull(query_id, number), kind, input \
               FROM keys WHERE digest = ?1";
    one(connection, sql, [digest], decode::claim)
}

pub(super) fn references(
    connection: &Connection,
    owner: &MerchantId,
    order_id: &OrderId,
) -> Result<Vec<KeyClaim>, Fault> {
    let sql = "SELECT order_id, txn_time, owner, number, ifnull(query_id, number), kind, input \
               FROM keys WHERE digest BETWEEN ?1 AND ?2 AND order_id = ?3 AND owner = ?4 \
               ORDER BY txn_time DESC LIMIT ?5";
    let (first, last) = digest::references(order_id);
    let limit = limit(FOUND_COUNT_MAX);
    let values = params![first, last, order_id.as_str(), owner.as_str(), limit];
    all(connection, sql, values, decode::claim)
}

pub(super) fn by_name(
    connection: &Connection,
    owner: &MerchantId,
    name: &str,
) -> Result<Option<Target>, Fault> {
    let sql = "SELECT ifnull(query_id, number), number, kind FROM names \
               WHERE name = ?1 AND owner = ?2";
    one(connection, sql, params![name, owner.as_str()], decode::target)
}

pub(super) fn by_query_id(
    connection: &Connection,
    owner: &MerchantId,
    query_id: &QueryId,
) -> Result<Option<Target>, Fault> {
    let found = match transaction(connection, query_id)? {
        None => transaction_of_order(connection, query_id)?,
        found => found,
    };
    Ok(found.filter(|(holder, _)| holder == owner).map(|(_, target)| target))
}

/// The transaction that has a row of its own.
pub(super) fn transaction(
    connection: &Connection,
    query_id: &QueryId,
) -> Result<Option<(MerchantId, Target)>, Fault> {
    let sql = "SELECT query_id, number, kind, owner FROM transactions WHERE query_id = ?1";
    one(connection, sql, [query_id.as_str()], decode::owned_target)
}

/// The payment of the order whose number is its `queryId` as well.
pub(super) fn transaction_of_order(
    connection: &Connection,
    query_id: &QueryId,
) -> Result<Option<(MerchantId, Target)>, Fault> {
    let sql = "SELECT number, number, ?2, owner FROM orders \
               WHERE number = ?1 AND query_id IS NULL";
    let payment = crate::shape::kind_word(TargetKind::Payment);
    one(connection, sql, [query_id.as_str(), payment], decode::owned_target)
}

pub(super) fn find_orders(
    connection: &Connection,
    number: &str,
) -> Result<Vec<OrderNumber>, Fault> {
    let sql = "SELECT number FROM orders WHERE number = ?1 \
               UNION SELECT number FROM transactions WHERE query_id = ?1 \
               UNION SELECT number FROM keys WHERE digest BETWEEN ?3 AND ?4 AND order_id = ?1 \
               ORDER BY 1 LIMIT ?2";
    let (first, last) = digest::references(&OrderId::new(number));
    let values = params![number, limit(FOUND_COUNT_MAX), first, last];
    all(connection, sql, values, decode::number)
}

pub(super) fn task(
    connection: &Connection,
    owner: &MerchantId,
    id: &TaskId,
) -> Result<Option<Versioned<Task>>, Fault> {
    let found = own::find(connection, owner, id)?;
    if found.is_some() {
        return Ok(found);
    }
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks \
               WHERE id = ?1 AND owner = ?2";
    one(connection, sql, params![id.as_str(), owner.as_str()], decode::task)
}

pub(super) fn tasks_of(
    connection: &Connection,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Result<Vec<Versioned<Task>>, Fault> {
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body, row FROM tasks \
               WHERE number = ?1 AND owner = ?2 ORDER BY row LIMIT ?3";
    let limit = limit(ANSWER_COUNT_MAX);
    let values = params![order.as_str(), owner.as_str(), limit];
    let others = all(connection, sql, values, decode::numbered_task)?;
    let mut tasks: Vec<_> = others.into_iter().map(|(row, task)| ((row, 0), task)).collect();
    for own in [Own::Close, Own::Inquire] {
        let task = own::of_order(connection, own, order)?;
        tasks.extend(task.filter(|(_, task)| &task.value.owner == owner));
    }
    tasks.sort_by_key(|(place, _)| *place);
    tasks.truncate(ANSWER_COUNT_MAX);
    Ok(tasks.into_iter().map(|(_, task)| task).collect())
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

/// The row of the last task that is no order's own; 0 without one.
pub(super) fn last_task(connection: &Connection) -> Result<i64, Fault> {
    let mut statement = connection.prepare_cached("SELECT ifnull(max(row), 0) FROM tasks")?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// Whether an order's own task stands among the others.
pub(super) fn has_strays(connection: &Connection) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tasks WHERE stray IS NOT NULL)";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
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
