//! One commit as steps, one for each table, whatever the number of write sets; together they are
//! one statement, mostly.
//!
//! Each step takes whole columns as arrays and fails unless every row went where it must: a key
//! that is there already breaks its index, and a version that is not there divides by zero. So all
//! can be sent at once, and be one statement, for which the server answers once. No step of a
//! statement sees what another one writes.

use tokio_postgres::types::ToSql;

use super::own;
use super::rows::{RecordKind, RecordRow, Rows, TaskRow};
use crate::shape::kind_word;

/// A value of a statement.
pub(super) type Value<'a> = Box<dyn ToSql + Sync + Send + 'a>;

/// A question with its values.
pub(super) struct Question<'a> {
    pub(super) sql: &'static str,
    pub(super) values: Vec<Value<'a>>,
}

/// What a step must come to beside not failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing.
    None,
    /// As many rows as its first array has; else it divides by zero.
    EveryRow,
    /// One row: the lane is where the writer knows it to be; else a text is not a number.
    Lane,
}

/// A part of a statement that writes to one table. What is checked returns 1 for each row.
pub(super) struct Step<'a> {
    pub(super) sql: &'static str,
    pub(super) check: Check,
    pub(super) values: Vec<Value<'a>>,
}

/// Some steps as one statement.
pub(super) struct Statement<'a> {
    pub(super) sql: String,
    pub(super) values: Vec<Value<'a>>,
}

impl<'a> Statement<'a> {
    /// The steps under the names `s0`, `s1`, ..., their values one behind the other.
    fn of(steps: Vec<Step<'a>>) -> Self {
        let (mut with, mut checks) = (String::new(), String::from(" SELECT 1"));
        let mut values = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            let first = values.len();
            with.push_str(if index == 0 { "WITH s" } else { ", s" });
            with.push_str(&index.to_string());
            with.push_str(" AS (");
            renumber(step.sql, first, &mut with);
            with.push(')');
            let check = match step.check {
                Check::None => String::new(),
                Check::EveryRow => format!(
                    ", 1 / ((SELECT count(*) FROM s{index}) = cardinality(${}))::int",
                    first.saturating_add(1)
                ),
                Check::Lane => format!(
                    ", ('1' || CASE (SELECT count(*) FROM s{index}) WHEN 1 THEN '' \
                     ELSE ' lane, which is not where it was' END)::int"
                ),
            };
            checks.push_str(&check);
            values.extend(step.values);
        }
        with.push_str(&checks);
        Self { sql: with, values }
    }
}

/// Writes the text with its values after so many others.
fn renumber(sql: &str, before: usize, to: &mut String) {
    let mut parts = sql.split('$');
    to.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|it: char| !it.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(end);
        let number = number.parse::<usize>().unwrap_or_default().saturating_add(before);
        to.push('$');
        to.push_str(&number.to_string());
        to.push_str(rest);
    }
}

/// One column of the rows.
pub(super) fn column<'a, R, T>(rows: &[R], of: impl FnMut(&R) -> T) -> Value<'a>
where
    T: ToSql + Sync + Send + 'a,
    Vec<T>: ToSql,
{
    Box::new(rows.iter().map(of).collect::<Vec<T>>())
}

/// A commit: one statement, and others after it where an order's own task is written beside the
/// order's row.
pub(super) fn of<'a>(sets: &[&'a Rows], move_lane: Step<'a>) -> Vec<Statement<'a>> {
    let is_judged = sets.iter().all(|set| set.is_judged);
    let mut steps = vec![move_lane];
    steps.extend(seen(sets));
    steps.extend(keys(sets));
    steps.extend(transactions(sets));
    steps.extend(new_orders(sets, is_judged));
    steps.extend(changed_orders(sets, is_judged));
    steps.extend(changed_tasks(sets));
    steps.extend(records(sets));
    steps.extend(postings(sets));
    steps.extend(new_tasks(sets));
    steps.extend(names(sets));
    steps.extend(journal(sets));
    let mut statements = vec![Statement::of(steps)];
    // In a statement of its own, since a row is changed once in each.
    statements.extend(own::alone(sets, is_judged).into_iter().map(|it| Statement::of(vec![it])));
    statements
}

fn seen<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let rows: Vec<_> = sets.iter().filter_map(|set| set.seen.as_ref()).collect();
    if rows.is_empty() {
        return None;
    }
    let sql = "INSERT INTO seen (app, id, until) \
               SELECT * FROM unnest($1::text[], $2::text[], $3::int8[]) ORDER BY 1, 2";
    let app = column(&rows, |row| row.app.as_str());
    let values = vec![app, column(&rows, |row| row.id.as_str()), column(&rows, |row| row.until)];
    Some(Step { sql, check: Check::None, values })
}

fn keys<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let mut rows: Vec<_> = sets.iter().flat_map(|set| &set.keys).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_unstable_by_key(|row| (&row.owner, &row.reference.order_id));
    let sql = "INSERT INTO keys (owner, order_id, txn_time, number, query_id, kind, input) \
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], \
               $6::text[], $7::text[])";
    let values = vec![
        column(&rows, |row| row.owner.as_str()),
        column(&rows, |row| row.reference.order_id.as_str()),
        column(&rows, |row| row.reference.txn_time.as_str()),
        column(&rows, |row| row.target.order.as_str()),
        column(&rows, |row| row.target.query_id.as_str()),
        column(&rows, |row| kind_word(row.target.kind)),
        column(&rows, |row| row.input.as_str()),
    ];
    Some(Step { sql, check: Check::None, values })
}

/// A number that names the very same transaction already is left as it is. It must not be the
/// number of an order whose payment it names.
fn transactions<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let mut rows: Vec<_> = sets.iter().flat_map(|set| set.kept_transactions()).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_unstable_by_key(|(id, (owner, _))| (owner.as_str(), id.as_str()));
    let sql = "INSERT INTO transactions AS it (owner, query_id, number, kind) \
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) \
               AS wanted (owner, query_id, number, kind) \
               WHERE (SELECT 1 FROM orders AS found WHERE found.owner = wanted.owner \
               AND found.number = wanted.query_id AND found.query_id IS NULL \
               AND NOT (wanted.number = found.number AND wanted.kind = 'payment') LIMIT 1) IS NULL \
               ON CONFLICT (owner, query_id) DO UPDATE SET kind = excluded.kind \
               WHERE it.number = excluded.number AND it.kind = excluded.kind RETURNING 1";
    let values = vec![
        column(&rows, |(_, (owner, _))| owner.as_str()),
        column(&rows, |(id, _)| id.as_str()),
        column(&rows, |(_, (_, target))| target.order.as_str()),
        column(&rows, |(_, (_, target))| kind_word(target.kind)),
    ];
    Some(Step { sql, check: Check::EveryRow, values })
}

fn new_orders<'a>(sets: &[&'a Rows], is_judged: bool) -> Option<Step<'a>> {
    let orders = sets.iter().filter_map(|set| set.order.as_ref());
    let mut rows: Vec<_> = orders.filter(|order| order.expected.is_none()).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_unstable_by_key(|row| (row.owner.as_str(), row.number.as_str()));
    let mut values = vec![
        column(&rows, |row| row.owner.as_str()),
        column(&rows, |row| row.number.as_str()),
        column(&rows, |row| row.query_id.as_deref()),
        column(&rows, |row| row.terms.as_deref()),
        column(&rows, |row| row.state),
        column(&rows, |row| row.body.as_str()),
    ];
    let own: Vec<_> = rows.iter().map(|row| row.own.as_ref()).collect();
    values.extend(own::columns(&own));
    values.push(Box::new(is_judged));
    Some(Step { sql: own::NEW_ORDERS, check: Check::None, values })
}

fn changed_orders<'a>(sets: &[&'a Rows], is_judged: bool) -> Option<Step<'a>> {
    let orders = sets.iter().filter_map(|set| set.order.as_ref());
    let mut rows: Vec<_> = orders.filter(|order| order.expected.is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_unstable_by_key(|row| (row.owner.as_str(), row.number.as_str()));
    let mut values = vec![
        column(&rows, |row| row.owner.as_str()),
        column(&rows, |row| row.number.as_str()),
        column(&rows, |row| row.expected),
        column(&rows, |row| row.state),
        column(&rows, |row| row.body.as_str()),
    ];
    let own: Vec<_> = rows.iter().map(|row| row.own.as_ref()).collect();
    values.extend(own::columns(&own));
    values.push(column(&own, |row| row.and_then(|row| row.expected)));
    values.push(Box::new(is_judged));
    Some(Step { sql: own::CHANGED_ORDERS, check: Check::EveryRow, values })
}

fn task_columns<'a>(rows: &[&'a TaskRow]) -> Vec<Value<'a>> {
    vec![
        column(rows, |row| row.task.owner.as_str()),
        column(rows, |row| row.task.id.as_str()),
        column(rows, |row| row.task.order.as_str()),
        column(rows, |row| row.due_at),
        column(rows, |row| row.task.after.as_ref().map(app::writeset::TaskId::as_str)),
        column(rows, |row| i64::from(row.task.attempts)),
        column(rows, |row| row.notice),
        column(rows, |row| row.body.as_str()),
    ]
}

/// A task that is there already is left as it is.
fn new_tasks<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let tasks = sets.iter().flat_map(|set| &set.tasks);
    let rows: Vec<_> = tasks.filter(|task| task.own.is_none() && task.expected.is_none()).collect();
    if rows.is_empty() {
        return None;
    }
    let sql = "INSERT INTO tasks (owner, id, number, due_at, after, attempts, notice, body, \
               stray, version, made_at, place) \
               SELECT owner, id, number, due_at, after, attempts, notice, body, stray, 1, \
               (SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::int8), place \
               FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], \
               $6::int8[], $7::text[], $8::text[], $9::int8[]) WITH ORDINALITY \
               AS wanted (owner, id, number, due_at, after, attempts, notice, body, stray, place) \
               ORDER BY 1, 2 ON CONFLICT (owner, id) DO NOTHING";
    let mut values = task_columns(&rows);
    values.push(column(&rows, |row| row.is_stray.then_some(1_i64)));
    Some(Step { sql, check: Check::None, values })
}

/// A replaced task is leased to nobody.
fn changed_tasks<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let tasks = sets.iter().flat_map(|set| &set.tasks);
    let rows: Vec<_> = tasks.filter(|task| task.own.is_none() && task.expected.is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let sql = "UPDATE tasks AS it SET number = wanted.number, \
               due_at = wanted.due_at, after = wanted.after, attempts = wanted.attempts, \
               notice = wanted.notice, body = wanted.body, version = it.version + 1, \
               leased_until = NULL, holder = NULL \
               FROM unnest($1::text[], $2::text[], $3::text[], \
               $4::int8[], $5::text[], $6::int8[], $7::text[], $8::text[], $9::int8[]) \
               AS wanted (owner, id, number, due_at, after, attempts, notice, body, expected) \
               WHERE it.owner = wanted.owner AND it.id = wanted.id \
               AND it.version = wanted.expected RETURNING 1";
    let mut values = task_columns(&rows);
    values.push(column(&rows, |row| row.expected));
    Some(Step { sql, check: Check::EveryRow, values })
}

fn records<'a>(sets: &[&'a Rows]) -> Vec<Step<'a>> {
    let all: Vec<&RecordRow> = sets.iter().flat_map(|set| &set.records).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let of = |wanted: fn(RecordKind) -> bool| -> Vec<&'a RecordRow> {
        all.iter().copied().filter(|row| wanted(row.kind)).collect()
    };
    let insert = "INSERT INTO records (space, key, version, expires_at, body) \
                  SELECT space, key, 1, expires_at, body \
                  FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[]) \
                  AS wanted (space, key, expires_at, body) ORDER BY 1, 2";
    let replace = "UPDATE records AS it SET version = it.version + 1, \
                   expires_at = wanted.expires_at, body = wanted.body \
                   FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::int8[]) \
                   AS wanted (space, key, expires_at, body, expected) \
                   WHERE it.space = wanted.space AND it.key = wanted.key \
                   AND it.version = wanted.expected RETURNING 1";
    let put = "INSERT INTO records AS it (space, key, version, expires_at, body) \
               SELECT space, key, 1, expires_at, body \
               FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[]) \
               AS wanted (space, key, expires_at, body) ORDER BY 1, 2 \
               ON CONFLICT (space, key) DO UPDATE SET version = it.version + 1, \
               expires_at = excluded.expires_at, body = excluded.body";
    let take = "DELETE FROM records AS it \
                USING unnest($1::text[], $2::text[], $3::int8[]) AS wanted (space, key, expected) \
                WHERE it.space = wanted.space AND it.key = wanted.key \
                AND it.version = wanted.expected RETURNING 1";
    let steps = [
        (insert, Check::None, of(|kind| kind == RecordKind::Insert)),
        (replace, Check::EveryRow, of(|kind| matches!(kind, RecordKind::Replace(_)))),
        (put, Check::None, of(|kind| kind == RecordKind::Put)),
        (take, Check::EveryRow, of(|kind| matches!(kind, RecordKind::Take(_)))),
    ];
    let filled = steps.into_iter().filter(|(_, _, rows)| !rows.is_empty());
    filled.map(|(sql, check, rows)| Step { sql, check, values: record_columns(&rows) }).collect()
}

/// The columns that the statement of these rows, all of one kind, takes.
fn record_columns<'a>(rows: &[&'a RecordRow]) -> Vec<Value<'a>> {
    let kind = rows.first().map_or(RecordKind::Put, |row| row.kind);
    let mut values = vec![column(rows, |row| row.space), column(rows, |row| row.key.as_str())];
    if !matches!(kind, RecordKind::Take(_)) {
        values.push(column(rows, |row| row.expires_at));
        values.push(column(rows, |row| row.body.as_str()));
    }
    if matches!(kind, RecordKind::Replace(_) | RecordKind::Take(_)) {
        values.push(column(rows, |row| match row.kind {
            RecordKind::Replace(expected) | RecordKind::Take(expected) => Some(expected),
            RecordKind::Insert | RecordKind::Put => None,
        }));
    }
    values
}

fn postings<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let rows: Vec<_> = sets.iter().flat_map(|set| &set.postings).collect();
    if rows.is_empty() {
        return None;
    }
    let sql = "INSERT INTO postings \
               (owner, number, transaction_id, line, account, minor, currency) \
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int8[], $5::text[], \
               $6::int8[], $7::text[])";
    let values = vec![
        column(&rows, |row| row.owner.as_str()),
        column(&rows, |row| row.number.as_str()),
        column(&rows, |row| row.posting.transaction.as_str()),
        column(&rows, |row| row.line),
        column(&rows, |row| row.account.as_str()),
        column(&rows, |row| row.posting.minor),
        column(&rows, |row| row.posting.currency.numeric()),
    ];
    Some(Step { sql, check: Check::None, values })
}

fn names<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let rows: Vec<_> = sets.iter().flat_map(|set| &set.names).collect();
    if rows.is_empty() {
        return None;
    }
    let sql = "INSERT INTO names (owner, name, number, query_id, kind) \
               SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) \
               ON CONFLICT (owner, name) DO NOTHING";
    let values = vec![
        column(&rows, |row| row.owner.as_str()),
        column(&rows, |row| row.name.as_str()),
        column(&rows, |row| row.target.order.as_str()),
        column(&rows, |row| row.target.query_id.as_str()),
        column(&rows, |row| kind_word(row.target.kind)),
    ];
    Some(Step { sql, check: Check::None, values })
}

fn journal<'a>(sets: &[&'a Rows]) -> Option<Step<'a>> {
    let lines: Vec<_> =
        sets.iter().flat_map(|set| set.lines.iter().map(|line| (set.at, line))).collect();
    if lines.is_empty() {
        return None;
    }
    let sql = "INSERT INTO journal \
               (lane, sequence, at, owner, stream, place, kind, body, previous, hash) \
               SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::text[], $5::text[], \
               $6::int8[], $7::text[], $8::text[], $9::bytea[], $10::bytea[])";
    let values = vec![
        column(&lines, |(_, line)| i64::from(line.entry.lane)),
        column(&lines, |(_, line)| i64::try_from(line.entry.sequence).unwrap_or(i64::MAX)),
        column(&lines, |(at, _)| *at),
        column(&lines, |(_, line)| line.entry.owner.as_str()),
        column(&lines, |(_, line)| line.entry.stream.as_str()),
        column(&lines, |(_, line)| line.place),
        column(&lines, |(_, line)| line.entry.kind.as_str()),
        column(&lines, |(_, line)| line.entry.body.as_str()),
        column(&lines, |(_, line)| line.entry.previous.as_slice()),
        column(&lines, |(_, line)| line.entry.hash.as_slice()),
    ];
    Some(Step { sql, check: Check::None, values })
}
