//! One write set inside the writer's transaction: first what must not be there yet, then what must
//! be there in its version, then the rest. A set that meets an obstacle is undone by its caller.

use app::journal;
use app::ports::CommitOutcome;
use app::ports::store::{Duplicate, JournalEntry};
use app::writeset::{KeyClaim, NameClaim, Target};
use domain::ids::{MerchantId, QueryId};
use rusqlite::{Connection, OptionalExtension, params};

use super::decode;
use super::fault::Fault;
use super::rows::{EntryRow, OrderRow, RecordChangeRow, RecordRow, Rows, TaskRow, kind_word};
use crate::instant::from_micros;

/// The end of the journal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The sequence of the last line; 0 before the first.
    pub(super) sequence: u64,
    /// Its hash.
    pub(super) hash: [u8; 32],
}

impl Head {
    /// The end of an empty journal.
    pub(super) const START: Self = Self { sequence: 0, hash: journal::GENESIS };
}

/// Writes the rows. `released` gets the row ids of the tasks whose leases end with this set.
pub(super) fn apply(
    connection: &Connection,
    head: &mut Head,
    released: &mut Vec<i64>,
    rows: &Rows,
) -> Result<CommitOutcome, Fault> {
    if let Some(duplicate) = insert(connection, rows)? {
        return Ok(CommitOutcome::Duplicate(duplicate));
    }
    if !replace(connection, rows, released)? {
        return Ok(CommitOutcome::Stale);
    }
    post(connection, rows)?;
    for task in rows.tasks.iter().filter(|task| task.expected.is_none()) {
        insert_task(connection, task)?;
    }
    for claim in &rows.names {
        insert_name(connection, claim)?;
    }
    for entry in &rows.entries {
        append(connection, head, rows.at, entry)?;
    }
    Ok(CommitOutcome::Committed)
}

/// What must not be there yet, in the order in which duplicates are told.
fn insert(connection: &Connection, rows: &Rows) -> Result<Option<Duplicate>, Fault> {
    if let Some(seen) = &rows.seen {
        let until = crate::instant::to_micros(seen.until);
        let sql = "INSERT INTO seen (app, id, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let fresh = connection.prepare_cached(sql)?.execute(params![seen.app, seen.id, until])?;
        if fresh == 0 {
            return Ok(Some(Duplicate::Message));
        }
    }
    for claim in &rows.keys {
        if !insert_claim(connection, claim)? {
            let holder = holder_of(connection, claim)?;
            return Ok(Some(Duplicate::Reference(Box::new(holder))));
        }
    }
    for (query_id, (owner, target)) in &rows.transactions {
        if !insert_transaction(connection, query_id, owner, target)? {
            return Ok(Some(Duplicate::Taken(query_id.to_string())));
        }
    }
    if let Some(order) = rows.order.as_ref().filter(|order| order.expected.is_none()) {
        let sql = "INSERT INTO orders (number, owner, version, state, body) \
                   VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING";
        let row = params![order.number, order.owner, order.state, order.body];
        if connection.prepare_cached(sql)?.execute(row)? == 0 {
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

fn insert_claim(connection: &Connection, claim: &KeyClaim) -> Result<bool, Fault> {
    let sql = "INSERT INTO keys (order_id, txn_time, owner, number, query_id, kind, input) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let fresh = connection.prepare_cached(sql)?.execute(params![
        claim.reference.order_id.as_str(),
        claim.reference.txn_time.as_str(),
        claim.owner.as_str(),
        claim.target.order.as_str(),
        claim.target.query_id.as_str(),
        kind_word(claim.target.kind),
        claim.input,
    ])?;
    Ok(fresh == 1)
}

fn holder_of(connection: &Connection, claim: &KeyClaim) -> Result<KeyClaim, Fault> {
    super::read::by_reference(connection, &claim.owner, &claim.reference)?
        .ok_or_else(|| Fault::damaged("reference", "it is taken and cannot be found"))
}

/// Whether the number is free, or names this very transaction already.
fn insert_transaction(
    connection: &Connection,
    query_id: &QueryId,
    owner: &MerchantId,
    target: &Target,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO transactions (query_id, owner, number, kind) \
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let fresh = connection.prepare_cached(sql)?.execute(params![
        query_id.as_str(),
        owner.as_str(),
        target.order.as_str(),
        kind_word(target.kind),
    ])?;
    if fresh == 1 {
        return Ok(true);
    }
    Ok(super::read::by_query_id(connection, owner, query_id)?.as_ref() == Some(target))
}

/// What must be there in the version that was read; `false` when something is not.
fn replace(connection: &Connection, rows: &Rows, released: &mut Vec<i64>) -> Result<bool, Fault> {
    if let Some(order) = &rows.order
        && let Some(expected) = order.expected
        && !replace_order(connection, order, expected)?
    {
        return Ok(false);
    }
    for task in &rows.tasks {
        if let Some(expected) = task.expected {
            match replace_task(connection, task, expected)? {
                Some(row) => released.push(row),
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

fn replace_order(connection: &Connection, order: &OrderRow, expected: i64) -> Result<bool, Fault> {
    let sql = "UPDATE orders SET version = version + 1, state = ?4, body = ?5 \
               WHERE number = ?1 AND owner = ?2 AND version = ?3";
    let row = params![order.number, order.owner, expected, order.state, order.body];
    Ok(connection.prepare_cached(sql)?.execute(row)? == 1)
}

fn replace_task(
    connection: &Connection,
    row: &TaskRow,
    expected: i64,
) -> Result<Option<i64>, Fault> {
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
    Ok(statement.query_row(values, |row| row.get(0)).optional()?)
}

fn insert_task(connection: &Connection, row: &TaskRow) -> Result<(), Fault> {
    let sql = "INSERT INTO tasks \
               (id, owner, number, due_at, after, attempts, notice, body, version) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        row.task.id.as_str(),
        row.task.owner.as_str(),
        row.task.order.as_str(),
        row.due_at,
        row.task.after.as_ref().map(app::writeset::TaskId::as_str),
        row.task.attempts,
        row.notice,
        row.body,
    ])?;
    Ok(())
}

fn insert_name(connection: &Connection, claim: &NameClaim) -> Result<(), Fault> {
    let sql = "INSERT INTO names (name, owner, number, query_id, kind) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        claim.name,
        claim.owner.as_str(),
        claim.target.order.as_str(),
        claim.target.query_id.as_str(),
        kind_word(claim.target.kind),
    ])?;
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
            decode::account_text(&row.posting.account),
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

fn append(connection: &Connection, head: &mut Head, at: i64, row: &EntryRow) -> Result<(), Fault> {
    let mut entry = JournalEntry {
        lane: 0,
        sequence: head.sequence.saturating_add(1),
        at: from_micros(at).unwrap_or_default(),
        owner: row.owner.clone(),
        stream: row.stream.clone(),
        kind: row.kind.clone(),
        body: row.body.clone(),
        previous: head.hash,
        hash: journal::GENESIS,
    };
    entry.hash = journal::hash(&entry);
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
    *head = Head { sequence: entry.sequence, hash: entry.hash };
    Ok(())
}
