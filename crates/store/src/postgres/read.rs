//! The questions, each one statement. Texts with the character 0 are never stored and would be
//! refused by the engine, so that nothing is found by them.

use app::ports::StoreError;
use app::ports::store::{JournalEntry, NoticeFilter, PostingSum};
use app::writeset::{KeyClaim, Target, Task, TaskId, Versioned};
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

use super::decode;
use super::fault::Fault;
use super::pool::Pool;
use crate::instant::to_micros;
use crate::limits::{ANSWER_COUNT_MAX, FORGET_COUNT_MAX, FOUND_COUNT_MAX};

type Answer<T> = Result<T, StoreError>;

pub(super) fn limit(count_max: usize) -> i64 {
    i64::try_from(count_max.min(ANSWER_COUNT_MAX)).unwrap_or(i64::MAX)
}

fn is_storable(texts: &[&str]) -> bool {
    !texts.iter().any(|text| text.contains('\0'))
}

/// The only one of a merchant's rows.
fn one<T>(found: Vec<T>) -> Option<T> {
    found.into_iter().next()
}

pub(super) async fn order(
    pool: &Pool,
    owner: &MerchantId,
    number: &OrderNumber,
) -> Answer<Option<Versioned<Order>>> {
    let (owner, number) = (owner.as_str(), number.as_str());
    if !is_storable(&[owner, number]) {
        return Ok(None);
    }
    let sql =
        "SELECT number, owner, version, terms, body FROM orders WHERE owner = $1 AND number = $2";
    Ok(one(pool.ask("order", sql, &[&owner, &number], decode::order).await?))
}

pub(super) async fn order_by_number(
    pool: &Pool,
    number: &OrderNumber,
) -> Answer<Option<Versioned<Order>>> {
    let number = number.as_str();
    if !is_storable(&[number]) {
        return Ok(None);
    }
    let sql = "SELECT number, owner, version, terms, body FROM orders WHERE number = $1 LIMIT 2";
    let found = pool.ask("order", sql, &[&number], decode::order).await?;
    if found.len() > 1 {
        let reason = format!("the number {number} belongs to orders of two merchants");
        return Err(StoreError::Damaged { what: "order".to_owned(), reason });
    }
    Ok(one(found))
}

pub(super) async fn orders_after(
    pool: &Pool,
    number: Option<&OrderNumber>,
    count_max: usize,
) -> Answer<Vec<Versioned<Order>>> {
    // The empty text stands before every number.
    let after = number.map_or("", OrderNumber::as_str);
    let sql = "SELECT number, owner, version, terms, body FROM orders WHERE number > $1 \
               ORDER BY number LIMIT $2";
    pool.ask("order", sql, &[&after, &limit(count_max)], decode::order).await
}

pub(super) async fn by_reference(
    pool: &Pool,
    owner: &MerchantId,
    reference: &Reference,
) -> Answer<Option<KeyClaim>> {
    let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
    let owner = owner.as_str();
    if !is_storable(&[owner, order_id, txn_time]) {
        return Ok(None);
    }
    let sql = "SELECT order_id, txn_time, owner, number, query_id, kind, input FROM keys \
               WHERE owner = $1 AND order_id = $2 AND txn_time = $3";
    Ok(one(pool.ask("reference", sql, &[&owner, &order_id, &txn_time], decode::claim).await?))
}

pub(super) async fn order_by_reference(
    pool: &Pool,
    owner: &MerchantId,
    reference: &Reference,
) -> Answer<Option<Versioned<Order>>> {
    let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
    let owner = owner.as_str();
    if !is_storable(&[owner, order_id, txn_time]) {
        return Ok(None);
    }
    let sql = "SELECT o.number, o.owner, o.version, o.terms, o.body FROM keys AS k \
               JOIN orders AS o ON o.owner = k.owner AND o.number = k.number \
               WHERE k.owner = $1 AND k.order_id = $2 AND k.txn_time = $3 AND k.kind = 'payment'";
    Ok(one(pool.ask("order", sql, &[&owner, &order_id, &txn_time], decode::order).await?))
}

pub(super) async fn references(
    pool: &Pool,
    owner: &MerchantId,
    order_id: &OrderId,
) -> Answer<Vec<KeyClaim>> {
    let (owner, order_id) = (owner.as_str(), order_id.as_str());
    if !is_storable(&[owner, order_id]) {
        return Ok(Vec::new());
    }
    let sql = "SELECT order_id, txn_time, owner, number, query_id, kind, input FROM keys \
               WHERE owner = $1 AND order_id = $2 ORDER BY txn_time DESC LIMIT $3";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&owner, &order_id, &limit(FOUND_COUNT_MAX)];
    pool.ask("reference", sql, &values, decode::claim).await
}

pub(super) async fn by_name(pool: &Pool, owner: &MerchantId, name: &str) -> Answer<Option<Target>> {
    let owner = owner.as_str();
    if !is_storable(&[owner, name]) {
        return Ok(None);
    }
    let sql = "SELECT query_id, number, kind FROM names WHERE owner = $1 AND name = $2";
    Ok(one(pool.ask("name", sql, &[&owner, &name], decode::target).await?))
}

pub(super) async fn by_query_id(
    pool: &Pool,
    owner: &MerchantId,
    query_id: &QueryId,
) -> Answer<Option<Target>> {
    let (owner, query_id) = (owner.as_str(), query_id.as_str());
    if !is_storable(&[owner, query_id]) {
        return Ok(None);
    }
    // The payment of an order whose number it is has no row of its own.
    let sql = "SELECT query_id, number, kind FROM transactions \
               WHERE owner = $1 AND query_id = $2 \
               UNION ALL SELECT number, number, 'payment' FROM orders \
               WHERE owner = $1 AND number = $2 AND query_id IS NULL LIMIT 1";
    Ok(one(pool.ask("transaction", sql, &[&owner, &query_id], decode::target).await?))
}

pub(super) async fn find_orders(pool: &Pool, number: &str) -> Answer<Vec<OrderNumber>> {
    if !is_storable(&[number]) {
        return Ok(Vec::new());
    }
    let sql = "SELECT number FROM orders WHERE number = $1 \
               UNION SELECT number FROM transactions WHERE query_id = $1 \
               UNION SELECT number FROM keys WHERE order_id = $1 \
               ORDER BY 1 LIMIT $2";
    pool.ask("order", sql, &[&number, &limit(FOUND_COUNT_MAX)], decode::number).await
}

/// An order's own tasks of one kind as tasks, with the time at which they were made.
macro_rules! own_tasks {
    ($own:literal, $number:literal) => {
        concat!(
            "SELECT '",
            $own,
            ":' || ",
            $number,
            " AS id, owner, number, ",
            $own,
            "_due AS due_at, NULL AS after, ",
            $own,
            "_attempts AS attempts, ",
            $own,
            "_version AS version, NULL AS body, ",
            $own,
            "_made AS made_at, 0::int8 AS place FROM orders WHERE ",
            $own,
            "_version IS NOT NULL AND "
        )
    };
}

macro_rules! closings {
    () => {
        own_tasks!("close", "number")
    };
}

macro_rules! inquiries {
    () => {
        own_tasks!("inquire", "coalesce(query_id, number)")
    };
}

macro_rules! other_tasks {
    () => {
        "SELECT id, owner, number, due_at, after, attempts, version, body, made_at, place \
         FROM tasks WHERE "
    };
}

pub(super) async fn task(
    pool: &Pool,
    owner: &MerchantId,
    id: &TaskId,
) -> Answer<Option<Versioned<Task>>> {
    let (owner, id) = (owner.as_str(), id.as_str());
    if !is_storable(&[owner, id]) {
        return Ok(None);
    }
    let closing = concat!(
        closings!(),
        "owner = $1 AND number = $3 UNION ALL ",
        other_tasks!(),
        "owner = $1 AND id = $2"
    );
    // The name of an inquiry has the queryId of its transaction, which a reversal's number is too.
    let inquiry = concat!(
        inquiries!(),
        "owner = $1 AND number = $3 AND query_id IS NULL UNION ALL ",
        inquiries!(),
        "owner = $1 AND query_id = $3 AND number = (SELECT it.number FROM transactions AS it \
         WHERE it.owner = $1 AND it.query_id = $3) UNION ALL ",
        other_tasks!(),
        "owner = $1 AND id = $2"
    );
    let found = match id.split_once(':') {
        Some(("close", number)) => {
            pool.ask("task", closing, &[&owner, &id, &number], decode::task).await?
        }
        Some(("inquire", query_id)) => {
            pool.ask("task", inquiry, &[&owner, &id, &query_id], decode::task).await?
        }
        Some(_) | None => {
            let sql = concat!(other_tasks!(), "owner = $1 AND id = $2");
            pool.ask("task", sql, &[&owner, &id], decode::task).await?
        }
    };
    Ok(one(found))
}

pub(super) async fn tasks_of(
    pool: &Pool,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Answer<Vec<Versioned<Task>>> {
    let (owner, order) = (owner.as_str(), order.as_str());
    if !is_storable(&[owner, order]) {
        return Ok(Vec::new());
    }
    let sql = concat!(
        closings!(),
        "owner = $1 AND number = $2 UNION ALL ",
        inquiries!(),
        "owner = $1 AND number = $2 UNION ALL ",
        other_tasks!(),
        "owner = $1 AND number = $2 ORDER BY made_at, place, id LIMIT $3"
    );
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&owner, &order, &limit(ANSWER_COUNT_MAX)];
    pool.ask("task", sql, &values, decode::task).await
}

pub(super) async fn notices(pool: &Pool, filter: NoticeFilter) -> Answer<Vec<Versioned<Task>>> {
    let sql = "SELECT id, owner, number, due_at, after, attempts, version, body FROM tasks \
               WHERE notice IS NOT NULL AND notice = ANY($1::text[]) \
               ORDER BY made_at DESC, place DESC LIMIT $2";
    let wanted: &[&str] =
        if filter.undelivered_only { &["UNDELIVERED"] } else { &["RETRYING", "UNDELIVERED"] };
    pool.ask("notice", sql, &[&wanted, &limit(filter.count_max)], decode::task).await
}

pub(super) async fn journal_of(pool: &Pool, stream: &str) -> Answer<Vec<JournalEntry>> {
    if !is_storable(&[stream]) {
        return Ok(Vec::new());
    }
    let sql = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
               FROM journal WHERE stream = $1 ORDER BY place, lane, sequence LIMIT $2";
    pool.ask("journal", sql, &[&stream, &limit(ANSWER_COUNT_MAX)], decode::entry).await
}

pub(super) async fn journal_after(
    pool: &Pool,
    lane: u32,
    sequence: u64,
    count_max: usize,
) -> Answer<Vec<JournalEntry>> {
    let sql = "SELECT lane, sequence, at, owner, stream, kind, body, previous, hash \
               FROM journal WHERE lane = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
    let (lane, after) = (i64::from(lane), i64::try_from(sequence).unwrap_or(i64::MAX));
    pool.ask("journal", sql, &[&lane, &after, &limit(count_max)], decode::entry).await
}

pub(super) async fn journal_lanes(pool: &Pool) -> Answer<Vec<u32>> {
    let sql = "SELECT lane FROM lanes WHERE sequence > 0 ORDER BY lane";
    pool.ask("journal", sql, &[], decode::lane).await
}

pub(super) async fn postings_of(
    pool: &Pool,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Answer<Vec<Posting>> {
    let (owner, order) = (owner.as_str(), order.as_str());
    if !is_storable(&[owner, order]) {
        return Ok(Vec::new());
    }
    let sql = "SELECT transaction_id, account, minor, currency FROM postings \
               WHERE owner = $1 AND number = $2 ORDER BY transaction_id, line LIMIT $3";
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&owner, &order, &limit(ANSWER_COUNT_MAX)];
    pool.ask("posting", sql, &values, decode::posting).await
}

pub(super) async fn posting_sums(pool: &Pool) -> Answer<Vec<PostingSum>> {
    let sql = "SELECT currency, sum(minor)::text, count(*) FROM postings \
               GROUP BY currency ORDER BY currency";
    pool.ask("posting", sql, &[], decode::sum).await
}

pub(super) async fn record(
    pool: &Pool,
    space: &str,
    key: &str,
) -> Answer<Option<Versioned<String>>> {
    if !is_storable(&[space, key]) {
        return Ok(None);
    }
    let sql = "SELECT version, body FROM records WHERE space = $1 AND key = $2";
    Ok(one(pool.ask("document", sql, &[&space, &key], decode::record).await?))
}

pub(super) async fn records(
    pool: &Pool,
    space: &str,
    after: Option<&str>,
    count_max: usize,
) -> Answer<Vec<(String, Versioned<String>)>> {
    if !is_storable(&[space, after.unwrap_or_default()]) {
        return Ok(Vec::new());
    }
    let limit = limit(count_max);
    // Two statements, since one with a condition that may be absent would not use the index.
    let Some(after) = after else {
        let sql = "SELECT key, version, body FROM records WHERE space = $1 ORDER BY key LIMIT $2";
        return pool.ask("document", sql, &[&space, &limit], decode::keyed_record).await;
    };
    let sql = "SELECT key, version, body FROM records WHERE space = $1 AND key > $2 \
               ORDER BY key LIMIT $3";
    pool.ask("document", sql, &[&space, &after, &limit], decode::keyed_record).await
}

/// Forgets a bounded number of documents and messages; how many.
pub(super) async fn forget(pool: &Pool, now: Timestamp, real_now: Timestamp) -> Answer<u64> {
    let records = "WITH gone AS (DELETE FROM records WHERE (space, key) IN \
                   (SELECT space, key FROM records WHERE expires_at < $1 \
                   ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1) \
                   SELECT count(*) FROM gone";
    let seen = "WITH gone AS (DELETE FROM seen WHERE (app, id) IN \
                (SELECT app, id FROM seen WHERE until < $1 ORDER BY until LIMIT $2 \
                FOR UPDATE SKIP LOCKED) RETURNING 1) SELECT count(*) FROM gone";
    let limit = limit(FORGET_COUNT_MAX);
    let count = |row: &tokio_postgres::Row| decode::count("row", row.try_get(0)?);
    let mut forgotten = 0_u64;
    for (sql, before) in [(records, now), (seen, real_now)] {
        let counted = pool.ask("forget", sql, &[&to_micros(before), &limit], count).await?;
        forgotten = forgotten.saturating_add(counted.into_iter().sum());
    }
    Ok(forgotten)
}

pub(super) async fn probe(pool: &Pool) -> Result<(), Fault> {
    let sql = "UPDATE probe SET count = (count + 1) % 1000000 WHERE one = 1 RETURNING count";
    let rows = pool.rows(sql, &[]).await?;
    if rows.len() == 1 { Ok(()) } else { Err(Fault::damaged("probe", "its row is missing")) }
}

/// Writers find their lanes gone and begin anew.
pub(super) async fn clear(pool: &Pool) -> Result<(), Fault> {
    let sql = "TRUNCATE orders, transactions, keys, tasks, lanes, journal, postings, records, \
               seen, names";
    pool.rows(sql, &[]).await.map(drop)
}
