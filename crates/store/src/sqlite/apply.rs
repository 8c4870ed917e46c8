//! One write set inside the writer's transaction: first what must not be there yet, then what must
//! be there in its version, then the rest. A set that meets an obstacle is undone by its caller.

use app::journal;
use app::ports::CommitOutcome;
use app::ports::store::{Duplicate, JournalEntry};
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::Fault;
use super::rows::{OrderRow, RecordChangeRow, RecordRow, Rows, TaskRow};
use super::tasks::Leased;
use super::{claims, own, read};

/// Where the tables end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// The sequence of the journal's last line; 0 before the first.
    pub(super) sequence: u64,
    /// Its hash.
    pub(super) hash: [u8; 32],
    /// The row of the last task that is no order's own; 0 before the first.
    pub(super) task: i64,
    /// Whether an order's own task stands among the others.
    pub(super) strays: bool,
}

impl Ends {
    /// The ends of empty tables.
    pub(super) const START: Self =
        Self { sequence: 0, hash: journal::GENESIS, task: 0, strays: false };

    /// The journal's next line.
    pub(super) fn next_line(&self) -> i64 {
        i64::try_from(self.sequence.saturating_add(1)).unwrap_or(i64::MAX)
    }
}

/// Writes the rows. `released` gets the tasks whose leases end with this set.
pub(super) fn apply(
    connection: &Connection,
    ends: &mut Ends,
    released: &mut Vec<Leased>,
    rows: &mut Rows,
) -> Result<CommitOutcome, Fault> {
    if let Some(duplicate) = insert(connection, ends, rows)? {
        return Ok(CommitOutcome::Duplicate(duplicate));
    }
    if !replace(connection, ends, rows, released)? {
        return Ok(CommitOutcome::Stale);
    }
    post(connection, rows)?;
    for task in rows.tasks.iter().filter(|task| task.expected.is_none()) {
        insert_task(connection, ends, task)?;
    }
    for name in &rows.names {
        claims::insert_name(connection, name)?;
    }
    for entry in &mut rows.entries {
        append(connection, ends, rows.at, entry)?;
    }
    Ok(CommitOutcome::Committed)
}

/// What must not be there yet, in the order in which duplicates are told.
fn insert(
    connection: &Connection,
    ends: &mut Ends,
    rows: &Rows,
) -> Result<Option<Duplicate>, Fault> {
    let duplicate = claims::claim(connection, rows)?;
    if duplicate.is_some() {
        return Ok(duplicate);
    }
    if let Some(order) = rows.order.as_ref().filter(|order| order.expected.is_none()) {
        // Among strays may be one of its own.
        let own = order.own.as_ref().filter(|_| !ends.strays);
        if !own::insert_order(connection, ends, order, own)? {
            return Ok(Some(Duplicate::Taken(order.number.clone())));
        }
    }
    for record in &rows.records {
        if let RecordChangeRow::Insert { body, expires_at } = &record.change {
            let sql = "INSERT INTO records (space, key, version, expires_at, body) \
                       VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING";
            let row = params![record.space, record.key, expires_at, body];
            if connection.prepare_cached(sql)?.execute(row)? == 0 {
                let taken = format!("{}/{}", record.space, record.key);
                return Ok(Some(Duplicate::Taken(taken)));
            }
        }
    }
    Ok(None)
}

/// What must be there in the version that was read; `false` when something is not.
fn replace(
    connection: &Connection,
    ends: &mut Ends,
    rows: &Rows,
    released: &mut Vec<Leased>,
) -> Result<bool, Fault> {
    if let Some(order) = &rows.order
        && !replace_order(connection, ends, order, released)?
    {
        return Ok(false);
    }
    for task in &rows.tasks {
        if let Some(expected) = task.expected {
            match replace_task(connection, task, expected)? {
                Some(leased) => released.push(leased),
                None => return Ok(false),
            }
        }
    }
    for record in &rows.records {
        if !change_record(connection, record)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Replaces the order and its own task together, unless that may be a stray.
fn replace_order(
    connection: &Connection,
    ends: &mut Ends,
    order: &OrderRow,
    released: &mut Vec<Leased>,
) -> Result<bool, Fault> {
    let together = order.own.as_ref().filter(|_| !ends.strays);
    if let Some(expected) = order.expected
        && !own::replace_order(connection, order, expected, together)?
    {
        return Ok(false);
    }
    let Some(row) = &order.own else { return Ok(true) };
    match row.expected {
        Some(_) if together.is_some() => released.extend(leased(row)),
        Some(expected) => match replace_task(connection, row, expected)? {
            Some(leased) => released.push(leased),
            None => return Ok(false),
        },
        None if together.is_some() => {}
        None => insert_task(connection, ends, row)?,
    }
    Ok(true)
}

fn leased(row: &TaskRow) -> Option<Leased> {
    row.own.map(|own| Leased::Own(own, row.task.order.as_str().to_owned()))
}

fn replace_task(
    connection: &Connection,
    row: &TaskRow,
    expected: i64,
) -> Result<Option<Leased>, Fault> {
    if let Some(own) = row.own
        && own::replace(connection, row, own, expected)?
    {
        return Ok(leased(row));
    }
    let sql = "UPDATE tasks SET number = ?4, due_at = ?5, after = ?6, attempts = ?7, \
               notice = ?8, body = ?9, version = version + 1 \
               WHERE id = ?1 AND owner = ?2 AND version = ?3 RETURNING row";
    let values = params![
        row.task.id.as_str(),
        row.task.owner.as_str(),
        expected,
        row.task.order.as_str(),
        row.due_at,
        row.task.after.as_ref().map(app::writeset::TaskId::as_str),
        row.task.attempts,
        row.notice,
        row.body,
    ];
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_row(values, |row| row.get(0)).optional()?.map(Leased::Other))
}

/// Makes a task; one that is there already is left alone.
fn insert_task(connection: &Connection, ends: &mut Ends, row: &TaskRow) -> Result<(), Fault> {
    let (owner, id) = (&row.task.owner, &row.task.id);
    if let Some(own) = row.own {
        let is_stray = ends.strays && read::task(connection, owner, id)?.is_some();
        if is_stray || own::insert(connection, ends, row, own)? {
            return Ok(());
        }
    }
    let sql = "INSERT INTO tasks \
               (id, owner, number, due_at, after, attempts, notice, stray, body, version) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1) ON CONFLICT DO NOTHING";
    let fresh = connection.prepare_cached(sql)?.execute(params![
        id.as_str(),
        owner.as_str(),
        row.task.order.as_str(),
        row.due_at,
        row.task.after.as_ref().map(app::writeset::TaskId::as_str),
        row.task.attempts,
        row.notice,
        row.own.map(|_| true),
        row.body,
    ])?;
    if fresh == 1 {
        ends.task = connection.last_insert_rowid();
        ends.strays |= row.own.is_some();
    }
    Ok(())
}

fn change_record(connection: &Connection, record: &RecordRow) -> Result<bool, Fault> {
    let (space, key) = (record.space, &record.key);
    let changed = match &record.change {
        RecordChangeRow::Insert { .. } => 1,
        RecordChangeRow::Replace { body, expires_at, expected } => {
            let sql = "UPDATE records SET version = version + 1, expires_at = ?4, body = ?5 \
                       WHERE space = ?1 AND key = ?2 AND version = ?3";
            let row = params![space, key, expected, expires_at, body];
            connection.prepare_cached(sql)?.execute(row)?
        }
        RecordChangeRow::Put { body, expires_at } => {
            let sql = "INSERT INTO records (space, key, version, expires_at, body) \
                       VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO UPDATE SET \
                       version = version + 1, expires_at = excluded.expires_at, \
                       body = excluded.body";
            let row = params![space, key, expires_at, body];
            connection.prepare_cached(sql)?.execute(row)?
        }
        RecordChangeRow::Take { expected } => {
            let sql = "DELETE FROM records WHERE space = ?1 AND key = ?2 AND version = ?3";
            connection.prepare_cached(sql)?.execute(params![space, key, expected])?
        }
    };
    Ok(changed == 1)
}

fn post(connection: &Connection, rows: &Rows) -> Result<(), Fault> {
    let Some(order) = &rows.order else { return Ok(()) };
    let sql = "INSERT INTO postings \
               (number, transaction_id, line, owner, account, minor, currency) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    for row in &rows.postings {
        let transaction = &row.posting.transaction;
        let fresh = connection.prepare_cached(sql)?.execute(params![
            order.number,
            transaction.as_str(),
            row.line,
            order.owner,
            row.account,
            row.posting.minor,
            row.posting.currency.numeric(),
        ])?;
        if fresh == 0 {
            let reason = format!("transaction {transaction} is posted already");
            return Err(Fault::damaged("write set", reason));
        }
    }
    Ok(())
}

fn append(
    connection: &Connection,
    ends: &mut Ends,
    at: i64,
    entry: &mut JournalEntry,
) -> Result<(), Fault> {
    entry.sequence = ends.sequence.saturating_add(1);
    entry.previous = ends.hash;
    entry.hash = journal::hash(entry);
    let sql = "INSERT INTO journal \
               (sequence, lane, at, owner, stream, kind, body, previous, hash) \
               VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        at,
        entry.owner,
        entry.stream,
        entry.kind,
        entry.body,
        entry.previous,
        entry.hash,
    ])?;
    (ends.sequence, ends.hash) = (entry.sequence, entry.hash);
    Ok(())
}
