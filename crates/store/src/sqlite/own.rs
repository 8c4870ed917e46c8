//! An order's own tasks: its closing, and the inquiry after its payment. They are columns of the
//! order's row, so that they cost no row, no key and no name of their own, and are mostly written
//! with the order by one statement.
//!
//! Such a task whose order is not there, or is another's, stands among the other tasks: a *stray*.
//! The platform makes none; the port allows it.

use std::sync::LazyLock;

use app::writeset::{Task, TaskBody, TaskId, Versioned};
use domain::ids::{MerchantId, OrderNumber, QueryId};
use rusqlite::{Connection, Row, params};

use super::apply::Ends;
use super::decode;
use super::fault::Fault;
use super::rows::{OrderRow, TaskRow, TermsRow};
use crate::order_row::Own;

/// A task with its place among all tasks.
pub(super) type Made = ((i64, i64), Versioned<Task>);

impl Own {
    /// The name of the task of an order whose payment has the order's number; for others, a name
    /// that stands for it.
    pub(super) fn name(self, number: &str) -> String {
        format!("{}:{number}", self.word())
    }

    pub(super) fn sql(self) -> &'static Statements {
        static OF_CLOSE: LazyLock<Statements> =
            LazyLock::new(|| Statements::of("close", "inquire"));
        static OF_INQUIRE: LazyLock<Statements> =
            LazyLock::new(|| Statements::of("inquire", "close"));
        match self {
            Self::Close => &OF_CLOSE,
            Self::Inquire => &OF_INQUIRE,
        }
    }
}

/// The statements for one of the two.
#[derive(Debug)]
pub(super) struct Statements {
    insert_order: String,
    replace_order: String,
    insert: String,
    replace: String,
    /// `number, due`, earliest first, from the index alone.
    pub(super) due: String,
    by_id: String,
    of_order: String,
}

impl Statements {
    fn of(own: &str, other: &str) -> Self {
        let asked = "(?3 IS NULL OR ifnull(query_id, number) = ?3)";
        let columns = format!(
            "number, owner, ifnull(query_id, number), {own}_due, {own}_attempts, {own}_version, \
             {own}_made"
        );
        // The name of a closing has the number in it, that of an inquiry the queryId.
        let number = match own {
            "close" => "?1",
            _ => "ifnull((SELECT number FROM transactions WHERE query_id = ?1), ?1)",
        };
        Self {
            insert_order: format!(
                "INSERT INTO orders (number, owner, version, query_id, state, body, \
                 submitted, terms, {own}_due, {own}_attempts, {own}_made, {own}_version) \
                 VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1) ON CONFLICT DO NOTHING"
            ),
            replace_order: format!(
                "UPDATE orders SET version = ?3 + 1, state = ?4, body = ?5, \
                 {own}_due = ?6, {own}_attempts = ?7, {own}_version = ?8 + 1 \
                 WHERE number = ?1 AND owner = ?2 AND version = ?3 AND {own}_version = ?8"
            ),
            insert: format!(
                "UPDATE orders SET {own}_due = ?4, {own}_attempts = ?5, {own}_version = 1, \
                 {own}_made = ?6 + ({other}_version IS NOT NULL) \
                 WHERE number = ?1 AND owner = ?2 AND {asked} AND {own}_version IS NULL"
            ),
            replace: format!(
                "UPDATE orders SET {own}_due = ?4, {own}_attempts = ?5, {own}_version = ?6 + 1 \
                 WHERE number = ?1 AND owner = ?2 AND {asked} AND {own}_version = ?6"
            ),
            due: format!(
                "SELECT number, {own}_due FROM orders WHERE {own}_due IS NOT NULL \
                 ORDER BY {own}_due, number"
            ),
            by_id: format!(
                "SELECT {columns} FROM orders WHERE number = {number} AND owner = ?2 \
                 AND {own}_version IS NOT NULL"
            ),
            of_order: format!(
                "SELECT {columns} FROM orders WHERE number = ?1 AND {own}_version IS NOT NULL"
            ),
        }
    }
}

/// Makes an order with its own task; `false`: its number is taken.
pub(super) fn insert_order(
    connection: &Connection,
    ends: &Ends,
    order: &OrderRow,
    own: Option<&TaskRow>,
) -> Result<bool, Fault> {
    let (number, owner, query_id) = (&order.number, &order.owner, &order.query_id);
    let (submitted, terms) = match &order.terms {
        TermsRow::Submitted => (Some(ends.next_line()), None),
        TermsRow::Whole(text) => (None, Some(text)),
    };
    let Some((own, row)) = own.and_then(|row| Some((row.own?, row))) else {
        let sql = "INSERT INTO orders \
                   (number, owner, version, query_id, state, body, submitted, terms) \
                   VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let values = params![number, owner, query_id, order.state, order.body, submitted, terms];
        return Ok(connection.prepare_cached(sql)?.execute(values)? == 1);
    };
    let fresh = connection.prepare_cached(&own.sql().insert_order)?.execute(params![
        number,
        owner,
        query_id,
        order.state,
        order.body,
        submitted,
        terms,
        row.due_at,
        row.task.attempts,
        ends.task.saturating_mul(2),
    ])?;
    Ok(fresh == 1)
}

/// Replaces an order with its own task; `false`: one of them has another version.
pub(super) fn replace_order(
    connection: &Connection,
    order: &OrderRow,
    expected: i64,
    own: Option<&TaskRow>,
) -> Result<bool, Fault> {
    let (number, owner) = (&order.number, &order.owner);
    let Some((own, row)) = own.and_then(|row| Some((row.own?, row))) else {
        let sql = "UPDATE orders SET version = ?3 + 1, state = ?4, body = ?5 \
                   WHERE number = ?1 AND owner = ?2 AND version = ?3";
        let values = params![number, owner, expected, order.state, order.body];
        return Ok(connection.prepare_cached(sql)?.execute(values)? == 1);
    };
    let replaced = connection.prepare_cached(&own.sql().replace_order)?.execute(params![
        number,
        owner,
        expected,
        order.state,
        order.body,
        row.due_at,
        row.task.attempts,
        row.expected,
    ])?;
    Ok(replaced == 1)
}

/// Makes an own task of an order that is there; one that is there already is left alone. `false`:
/// there is no such order.
pub(super) fn insert(
    connection: &Connection,
    ends: &Ends,
    row: &TaskRow,
    own: Own,
) -> Result<bool, Fault> {
    let task = &row.task;
    let (number, owner, query) = (task.order.as_str(), task.owner.as_str(), query(task));
    let made = ends.task.saturating_mul(2);
    let values = params![number, owner, query, row.due_at, task.attempts, made];
    if connection.prepare_cached(&own.sql().insert)?.execute(values)? == 1 {
        return Ok(true);
    }
    Ok(find(connection, &task.owner, &task.id)?.is_some())
}

/// Replaces an own task; `false`: no order has it in this version.
pub(super) fn replace(
    connection: &Connection,
    row: &TaskRow,
    own: Own,
    expected: i64,
) -> Result<bool, Fault> {
    let task = &row.task;
    let (number, owner, query) = (task.order.as_str(), task.owner.as_str(), query(task));
    let values = params![number, owner, query, row.due_at, task.attempts, expected];
    Ok(connection.prepare_cached(&own.sql().replace)?.execute(values)? == 1)
}

/// The `queryId` that the order must have.
fn query(task: &Task) -> Option<&str> {
    match &task.body {
        TaskBody::Inquire { query_id, .. } => Some(query_id.as_str()),
        TaskBody::Close | TaskBody::Notice(_) => None,
    }
}

/// An own task by its name.
pub(super) fn find(
    connection: &Connection,
    owner: &MerchantId,
    id: &TaskId,
) -> Result<Option<Versioned<Task>>, Fault> {
    let own = match id.as_str().split_once(':') {
        Some(("close", number)) => (Own::Close, number),
        Some(("inquire", query_id)) => (Own::Inquire, query_id),
        Some(_) | None => return Ok(None),
    };
    let mut statement = connection.prepare_cached(&own.0.sql().by_id)?;
    let mut rows = statement.query(params![own.1, owner.as_str()])?;
    let found = rows.next()?.map(|row| made(row, own.0)).transpose()?;
    // A reversal's queryId leads to its order as well.
    Ok(found.map(|(_, task)| task).filter(|task| &task.value.id == id))
}

/// An own task of an order.
pub(super) fn of_order(
    connection: &Connection,
    own: Own,
    number: &OrderNumber,
) -> Result<Option<Made>, Fault> {
    let mut statement = connection.prepare_cached(&own.sql().of_order)?;
    let mut rows = statement.query([number.as_str()])?;
    rows.next()?.map(|row| made(row, own)).transpose()
}

/// `number, owner, query_id, due, attempts, version, made`.
fn made(row: &Row<'_>, own: Own) -> Result<Made, Fault> {
    let order = OrderNumber::new(row.get::<_, String>(0)?);
    let (id, body) = match own {
        Own::Close => (TaskId::close(&order), TaskBody::Close),
        Own::Inquire => {
            let query_id = QueryId::new(row.get::<_, String>(2)?);
            (TaskId::inquire(&query_id), TaskBody::Inquire { query_id, reversal: false })
        }
    };
    let task = Task {
        id,
        owner: MerchantId::new(row.get::<_, String>(1)?),
        order,
        due_at: decode::due_at(row, 3)?,
        after: None,
        attempts: row.get(4)?,
        body,
    };
    let place: i64 = row.get(6)?;
    let version = decode::count("task", row, 5)?;
    // After the task that was the last one then, before the next.
    Ok(((place / 2, place % 2 + 1), Versioned { value: task, version }))
}
