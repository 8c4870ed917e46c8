//! A write set as rows. Made on the caller's thread, so that a writer only puts them together.

use std::hash::Hash;

use app::ports::StoreError;
use app::ports::store::JournalEntry;
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target, TargetKind,
    Task, TaskId, TaskWrite, WriteSet,
};
use domain::ids::{MerchantId, QueryId};
use domain::ledger::Posting;

use crate::instant::to_micros;
use crate::limits::PARTS_COUNT_MAX;
use crate::order_row::{self, Own};
use crate::shape::{self, bounded, json, troubled, version};

/// Everything that one write set writes.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) seen: Option<SeenRow>,
    pub(super) keys: Vec<KeyClaim>,
    pub(super) names: Vec<NameClaim>,
    /// All of them, also the one that needs no row.
    pub(super) transactions: Vec<(QueryId, (MerchantId, Target))>,
    pub(super) order: Option<OrderRow>,
    /// Those that the order's row does not take.
    pub(super) tasks: Vec<TaskRow>,
    pub(super) records: Vec<RecordRow>,
    pub(super) postings: Vec<PostingRow>,
    pub(super) lines: Vec<Line>,
    /// Business time of the lines, microseconds.
    pub(super) at: i64,
    /// Whether the database was asked what is there of all that this touches, so that it is known
    /// where its orders' own tasks stand.
    pub(super) is_judged: bool,
}

#[derive(Debug)]
pub(super) struct SeenRow {
    pub(super) app: String,
    pub(super) id: String,
    pub(super) until: i64,
}

#[derive(Debug)]
pub(super) struct OrderRow {
    pub(super) number: String,
    pub(super) owner: String,
    /// The `queryId` of the payment, unless it is the number.
    pub(super) query_id: Option<String>,
    pub(super) expected: Option<i64>,
    pub(super) state: &'static str,
    /// The terms of a new order; those of one that is there never change.
    pub(super) terms: Option<String>,
    /// What changes of it.
    pub(super) body: String,
    /// One of its own tasks.
    pub(super) own: Option<TaskRow>,
}

#[derive(Debug)]
pub(super) struct TaskRow {
    pub(super) task: Task,
    /// Which of its order's own tasks it is; `None` also for a stray.
    pub(super) own: Option<Own>,
    /// An order's own task without the order.
    pub(super) is_stray: bool,
    pub(super) due_at: Option<i64>,
    pub(super) notice: Option<&'static str>,
    /// Empty for an order's own task: its name says it.
    pub(super) body: String,
    pub(super) expected: Option<i64>,
}

#[derive(Debug)]
pub(super) struct RecordRow {
    pub(super) space: &'static str,
    pub(super) key: String,
    pub(super) kind: RecordKind,
    /// Empty when the document is taken away.
    pub(super) body: String,
    /// Microseconds.
    pub(super) expires_at: Option<i64>,
}

/// What becomes of a document, with the version it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordKind {
    Insert,
    Replace(i64),
    Put,
    Take(i64),
}

#[derive(Debug)]
pub(super) struct PostingRow {
    pub(super) owner: String,
    pub(super) number: String,
    pub(super) line: i64,
    pub(super) account: String,
    pub(super) posting: Posting,
}

/// A line of the journal; the writer gives it its number in the lane and its hash.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) entry: JournalEntry,
    /// Where it stands among the lines of its stream.
    pub(super) place: i64,
}

/// What two write sets of one commit may not both touch.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Touched<'a> {
    Message(&'a str, &'a str),
    Reference(&'a str, &'a str, &'a str),
    Transaction(&'a str, &'a str),
    Order(&'a str, &'a str),
    Task(&'a str, &'a str),
    Record(&'a str, &'a str),
}

impl Rows {
    /// The rows of a write set of the right shape.
    pub(super) fn of(set: WriteSet) -> Result<Self, StoreError> {
        shape::check(&set)?;
        let (transactions, lines, postings) =
            (shape::transactions(&set), lines(&set)?, postings(&set));
        let mut tasks = set.tasks.into_iter().map(task).collect::<Result<Vec<_>, _>>()?;
        let rows = Self {
            transactions,
            lines,
            at: to_micros(set.at.unwrap_or_default()),
            postings,
            order: set.order.as_ref().map(|write| order(write, &mut tasks)).transpose()?,
            tasks,
            records: set.records.into_iter().map(record).collect::<Result<_, _>>()?,
            keys: set.keys.into_iter().map(claim).collect::<Result<_, _>>()?,
            names: set.names,
            seen: set.seen.map(seen),
            is_judged: false,
        };
        if rows.raw_texts().any(|text| text.contains('\0')) {
            // The engine keeps no such text; as JSON it would be escaped.
            let (what, reason) =
                ("write set".to_owned(), "a text holds the character 0".to_owned());
            return Err(StoreError::Damaged { what, reason });
        }
        Ok(rows)
    }

    /// What no other write set of the same commit may touch. Second names are left out: the first
    /// to take one keeps it, also within a commit.
    pub(super) fn touched(&self) -> impl Iterator<Item = Touched<'_>> {
        let message = self.seen.iter().map(|it| Touched::Message(&it.app, &it.id));
        let references = self.keys.iter().map(|claim| {
            let reference = &claim.reference;
            let (order_id, txn_time) = (reference.order_id.as_str(), reference.txn_time.as_str());
            Touched::Reference(claim.owner.as_str(), order_id, txn_time)
        });
        let transactions = self.transactions.iter();
        let transactions =
            transactions.map(|(id, (owner, _))| Touched::Transaction(owner.as_str(), id.as_str()));
        let order = self.order.iter().map(|it| Touched::Order(&it.owner, &it.number));
        let tasks = self.all_tasks();
        let tasks = tasks.map(|it| Touched::Task(it.task.owner.as_str(), it.task.id.as_str()));
        let records = self.records.iter().map(|it| Touched::Record(it.space, &it.key));
        message.chain(references).chain(transactions).chain(order).chain(tasks).chain(records)
    }

    /// The tasks that it makes or replaces, the order's own too.
    pub(super) fn all_tasks(&self) -> impl Iterator<Item = &TaskRow> {
        self.order.iter().filter_map(|order| order.own.as_ref()).chain(&self.tasks)
    }

    /// The transactions that need a row: the payment of an order whose number it has is found by
    /// the order.
    pub(super) fn kept_transactions(
        &self,
    ) -> impl Iterator<Item = &(QueryId, (MerchantId, Target))> {
        let found = self.order.as_ref().filter(|it| it.expected.is_none() && it.query_id.is_none());
        self.transactions.iter().filter(move |(query_id, (owner, target))| {
            !found.is_some_and(|order| {
                query_id.as_str() == order.number
                    && owner.as_str() == order.owner
                    && target.order.as_str() == order.number
                    && target.kind == TargetKind::Payment
            })
        })
    }

    /// Whether one number names two transactions: no statement sees that by itself.
    pub(super) fn clashes(&self) -> bool {
        let of = |index: usize| self.transactions.get(index);
        let all = 0..self.transactions.len();
        all.clone().any(|one| {
            let later = all.clone().skip(one.saturating_add(1));
            later.filter_map(of).any(|(id, target)| {
                of(one).is_some_and(|(first, holder)| first == id && holder != target)
            })
        })
    }

    /// Puts an order's own task among the other tasks: there it stands, or its order is not there.
    pub(super) fn stray(&mut self, owner: &MerchantId, id: &TaskId) -> Result<(), StoreError> {
        let is_it = |row: &TaskRow| &row.task.owner == owner && &row.task.id == id;
        if let Some(order) = &mut self.order {
            self.tasks.extend(order.own.take_if(|row| is_it(row)));
        }
        for row in self.tasks.iter_mut().filter(|row| row.own.is_some() && is_it(row)) {
            (row.own, row.is_stray) = (None, true);
            row.body = json("task", &row.task.body)?;
        }
        Ok(())
    }

    /// The texts that came from outside as they are.
    fn raw_texts(&self) -> impl Iterator<Item = &str> {
        let seen = self.seen.iter().flat_map(|it| [it.app.as_str(), it.id.as_str()]);
        let keys = self.keys.iter().flat_map(|it| {
            let reference = [it.reference.order_id.as_str(), it.reference.txn_time.as_str()];
            let target = [it.owner.as_str(), it.target.order.as_str(), it.target.query_id.as_str()];
            reference.into_iter().chain(target).chain([it.input.as_str()])
        });
        let names = self.names.iter().flat_map(|it| [it.owner.as_str(), it.name.as_str()]);
        let tasks = self.all_tasks().flat_map(|it| {
            let after = it.task.after.as_ref().map_or("", |after| after.as_str());
            [it.task.owner.as_str(), it.task.id.as_str(), it.task.order.as_str(), after]
        });
        let order = self.order.iter().flat_map(|it| {
            [it.owner.as_str(), it.number.as_str(), it.query_id.as_deref().unwrap_or_default()]
        });
        let records = self.records.iter().flat_map(|it| [it.key.as_str(), it.body.as_str()]);
        let lines = self.lines.iter().map(|line| &line.entry);
        let lines = lines.flat_map(|it| [it.stream.as_str(), it.kind.as_str(), it.body.as_str()]);
        seen.chain(keys).chain(names).chain(tasks).chain(order).chain(records).chain(lines)
    }
}

fn seen(message: SeenMessage) -> SeenRow {
    SeenRow { app: message.app, id: message.id, until: to_micros(message.until) }
}

/// The row of an order. Takes one of its own tasks out of `tasks`.
fn order(write: &OrderWrite, tasks: &mut Vec<TaskRow>) -> Result<OrderRow, StoreError> {
    let terms = &write.order.terms;
    let own = tasks.iter().position(|row| {
        let is_its = row.own.is_some_and(|own| own.is_of(&row.task, terms));
        // A new order has none yet that could be replaced.
        let may_be = row.expected.is_none() || write.expected.is_some();
        is_its && may_be
    });
    let fresh = write.expected.is_none();
    Ok(OrderRow {
        number: terms.number.to_string(),
        owner: terms.merchant.to_string(),
        query_id: order_row::other_query_id(terms),
        expected: write.expected.map(version),
        state: write.order.state.name(),
        terms: fresh.then(|| json("order", terms)).transpose()?,
        body: order_row::body(&write.order)?,
        own: own.map(|index| tasks.remove(index)),
    })
}

fn task(write: TaskWrite) -> Result<TaskRow, StoreError> {
    let (task, expected) = match write {
        TaskWrite::Insert(task) => (task, None),
        TaskWrite::Replace { task, expected } => (task, Some(version(expected))),
    };
    let (due_at, own) = (task.due_at.map(to_micros), Own::of(&task));
    let body = if own.is_some() { String::new() } else { json("task", &task.body)? };
    let notice = troubled(&task.body);
    Ok(TaskRow { own, is_stray: false, due_at, notice, body, expected, task })
}

fn record(write: RecordWrite) -> Result<RecordRow, StoreError> {
    let (kind, body, expires_at) = match write.change {
        RecordChange::Insert { body, expires_at } => (RecordKind::Insert, body, expires_at),
        RecordChange::Replace { body, expected, expires_at } => {
            (RecordKind::Replace(version(expected)), body, expires_at)
        }
        RecordChange::Put { body, expires_at } => (RecordKind::Put, body, expires_at),
        RecordChange::Take { expected } => {
            (RecordKind::Take(version(expected)), String::new(), None)
        }
    };
    let body = bounded("document", body)?;
    let (space, key) = (write.space, write.key);
    Ok(RecordRow { space, key, kind, body, expires_at: expires_at.map(to_micros) })
}

fn claim(claim: KeyClaim) -> Result<KeyClaim, StoreError> {
    let input = bounded("input of a reference", claim.input)?;
    Ok(KeyClaim { input, ..claim })
}

/// Postings with their place among those of the same transaction, from 0.
fn postings(set: &WriteSet) -> Vec<PostingRow> {
    let Some(write) = &set.order else { return Vec::new() };
    let terms = &write.order.terms;
    let mut rows: Vec<PostingRow> = Vec::with_capacity(set.postings.len());
    for posting in &set.postings {
        let same = rows.iter().filter(|row| row.posting.transaction == posting.transaction);
        rows.push(PostingRow {
            owner: terms.merchant.to_string(),
            number: terms.number.to_string(),
            line: i64::try_from(same.count()).unwrap_or(i64::MAX),
            account: posting.account.to_string(),
            posting: posting.clone(),
        });
    }
    rows
}

/// The journal's lines, each with its place.
fn lines(set: &WriteSet) -> Result<Vec<Line>, StoreError> {
    // The lines of one version follow on those of the version before, whoever wrote those.
    let parts = i64::try_from(PARTS_COUNT_MAX).unwrap_or(i64::MAX);
    let expected = set.order.as_ref().and_then(|write| write.expected).unwrap_or(0);
    let first = version(expected).saturating_mul(parts);
    let at = to_micros(set.at.unwrap_or_default());
    let line = |(index, entry)| {
        let of_order = usize::try_from(index).is_ok_and(|index| index < set.events.len());
        Line { entry, place: if of_order { first.saturating_add(index) } else { at } }
    };
    Ok((0_i64..).zip(shape::entries(set)?).map(line).collect())
}
