//! An order's own tasks: its closing, and the inquiry after its payment. They are columns of the
//! order's row, so that they cost no row, no key and no name of their own, and are mostly written
//! with the order by one statement.
//!
//! Such a task whose order is not there, or is another's, stands among the other tasks: a *stray*.
//! The platform makes none; the port allows it. A statement that makes an own task fails as long as
//! there are strays, unless the database was asked where the task stands.

use app::writeset::{Task, TaskBody};

use super::rows::{Rows, TaskRow};
use super::steps::{Check, Step, Value, column};
use crate::order_row::Own;

/// The `queryId` that the order of an own task must have.
pub(super) fn query_id(task: &Task) -> Option<&str> {
    match &task.body {
        TaskBody::Inquire { query_id, .. } => Some(query_id.as_str()),
        TaskBody::Close | TaskBody::Notice(_) => None,
    }
}

/// The first version of an own task; divides by zero where strays may be and `$judged` is false.
macro_rules! first_version {
    ($judged:literal) => {
        concat!(
            "(SELECT 1 / (",
            $judged,
            " OR NOT EXISTS (SELECT 1 FROM tasks WHERE stray IS NOT NULL))::int)"
        )
    };
}

/// The database's clock in microseconds, asked once a statement.
macro_rules! clock {
    () => {
        "(SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::int8)"
    };
}

/// What becomes of the columns of an own task: all follow `$when`; a task that is there already is
/// left as it is by one that is to be made, and one that is replaced is leased to nobody.
macro_rules! columns {
    ($own:literal, $when:expr, $expected:literal, $judged:literal) => {
        columns!(@all $own, concat!("CASE WHEN ", $when, " AND (", $expected, " IS NOT NULL OR it.",
            $own, "_version IS NULL) THEN "), $expected, $judged)
    };
    (@all $own:literal, $case:expr, $expected:literal, $judged:literal) => {
        concat!(
            $own, "_due = ", $case, "wanted.due_at ELSE it.", $own, "_due END, ",
            $own, "_attempts = ", $case, "wanted.attempts ELSE it.", $own, "_attempts END, ",
            $own, "_version = ", $case, "coalesce(it.", $own, "_version + 1, ",
            first_version!($judged), ") ELSE it.", $own, "_version END, ",
            $own, "_made = ", $case, "coalesce(it.", $own, "_made, ", clock!(), ") ELSE it.",
            $own, "_made END, ",
            $own, "_until = ", $case, "NULL ELSE it.", $own, "_until END, ",
            $own, "_holder = ", $case, "NULL ELSE it.", $own, "_holder END"
        )
    };
}

/// Makes orders, each with one of its own tasks or none. A number that is the `queryId` as well
/// must not name another transaction.
pub(super) const NEW_ORDERS: &str = concat!(
    "INSERT INTO orders (owner, number, query_id, terms, version, state, body, \
     close_due, close_attempts, close_version, close_made, \
     inquire_due, inquire_attempts, inquire_version, inquire_made) \
     SELECT owner, number, query_id, terms, \
     1 / (query_id IS NOT NULL OR (SELECT 1 FROM transactions AS it \
     WHERE it.owner = wanted.owner AND it.query_id = wanted.number \
     AND NOT (it.number = wanted.number AND it.kind = 'payment') LIMIT 1) IS NULL)::int, \
     state, body, CASE own WHEN 'close' THEN due_at END, CASE own WHEN 'close' THEN attempts END, \
     CASE own WHEN 'close' THEN ",
    first_version!("$10"),
    " END, CASE own WHEN 'close' THEN ",
    clock!(),
    " END, CASE own WHEN 'inquire' THEN due_at END, CASE own WHEN 'inquire' THEN attempts END, \
     CASE own WHEN 'inquire' THEN ",
    first_version!("$10"),
    " END, CASE own WHEN 'inquire' THEN ",
    clock!(),
    " END FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], \
     $7::text[], $8::int8[], $9::int8[]) \
     AS wanted (owner, number, query_id, terms, state, body, own, due_at, attempts)"
);

/// Replaces orders, each with one of its own tasks or none.
pub(super) const CHANGED_ORDERS: &str = concat!(
    "UPDATE orders AS it \
     SET version = it.version + 1, state = wanted.state, body = wanted.body, ",
    columns!("close", "wanted.own = 'close'", "wanted.own_expected", "$10"),
    ", ",
    columns!("inquire", "wanted.own = 'inquire'", "wanted.own_expected", "$10"),
    " FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], \
     $5::text[], $6::text[], $7::int8[], $8::int8[], $9::int8[]) \
     AS wanted (owner, number, expected, state, body, own, due_at, attempts, own_expected) \
     WHERE it.owner = wanted.owner AND it.number = wanted.number \
     AND it.version = wanted.expected AND (wanted.own_expected IS NULL OR wanted.own_expected \
     = CASE wanted.own WHEN 'close' THEN it.close_version ELSE it.inquire_version END) \
     RETURNING 1"
);

/// Makes or replaces own tasks of one kind of orders that are not written with them.
macro_rules! alone {
    ($own:literal) => {
        concat!(
            "UPDATE orders AS it SET ",
            columns!($own, "true", "wanted.expected", "$7"),
            " FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::int8[], $6::int8[]) \
             AS wanted (owner, number, query_id, due_at, attempts, expected) \
             WHERE it.owner = wanted.owner AND it.number = wanted.number \
             AND (wanted.query_id IS NULL OR wanted.query_id = coalesce(it.query_id, it.number)) \
             AND (wanted.expected IS NULL OR wanted.expected = it.",
            $own,
            "_version) RETURNING 1"
        )
    };
}

/// The values of orders' own tasks as the statements about orders take them: which, when it is due,
/// attempts.
pub(super) fn columns<'a>(rows: &[Option<&'a TaskRow>]) -> [Value<'a>; 3] {
    [
        column(rows, |row| row.and_then(|row| row.own).map(Own::word)),
        column(rows, |row| row.and_then(|row| row.due_at)),
        column(rows, |row| row.map(|row| i64::from(row.task.attempts))),
    ]
}

/// The own tasks that are written without their orders, one statement for each kind.
pub(super) fn alone<'a>(sets: &[&'a Rows], is_judged: bool) -> Vec<Step<'a>> {
    let statements = [(Own::Close, alone!("close")), (Own::Inquire, alone!("inquire"))];
    let filled = statements.into_iter().filter_map(|(own, sql)| {
        let tasks = sets.iter().flat_map(|set| &set.tasks);
        let mut rows: Vec<_> = tasks.filter(|task| task.own == Some(own)).collect();
        rows.sort_unstable_by_key(|row| (row.task.owner.as_str(), row.task.order.as_str()));
        (!rows.is_empty()).then_some((rows, sql))
    });
    filled
        .map(|(rows, sql)| {
            let values = vec![
                column(&rows, |row| row.task.owner.as_str()),
                column(&rows, |row| row.task.order.as_str()),
                column(&rows, |row| query_id(&row.task)),
                column(&rows, |row| row.due_at),
                column(&rows, |row| i64::from(row.task.attempts)),
                column(&rows, |row| row.expected),
                Box::new(is_judged),
            ];
            Step { sql, check: Check::EveryRow, values }
        })
        .collect()
}
