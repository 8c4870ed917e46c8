//! The tables, and how a write set changes them: first every obstacle is looked for, then
//! everything is done.

use std::collections::BTreeMap;

use app::journal;
use app::ports::store::{Duplicate, JournalEntry};
use app::ports::{CommitOutcome, StoreError};
use app::writeset::{
    KeyClaim, RecordChange, RecordWrite, Target, Task, TaskId, TaskWrite, Versioned, WriteSet,
};
use domain::ids::{MerchantId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::order::Order;
use jiff::Timestamp;

use crate::instant::kept;
use crate::shape;

/// Owner, order, transaction, and place among the postings of that transaction.
pub(super) type PostingKey = (MerchantId, OrderNumber, QueryId, usize);

/// All tables.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) orders: BTreeMap<OrderNumber, Versioned<Order>>,
    pub(super) transactions: BTreeMap<QueryId, (MerchantId, Target)>,
    pub(super) keys: BTreeMap<(MerchantId, Reference), KeyClaim>,
    pub(super) names: BTreeMap<(MerchantId, String), Target>,
    pub(super) tasks: BTreeMap<(MerchantId, TaskId), TaskRow>,
    pub(super) journal: Vec<JournalEntry>,
    pub(super) postings: BTreeMap<PostingKey, Posting>,
    pub(super) records: BTreeMap<(String, String), RecordRow>,
    pub(super) seen: BTreeMap<(String, String), Timestamp>,
    pub(super) closed: bool,
    tasks_made: u64,
}

#[derive(Debug)]
pub(super) struct TaskRow {
    /// Counts the tasks in the order they were made.
    pub(super) made: u64,
    pub(super) task: Versioned<Task>,
    /// Real time until which a node works on it.
    pub(super) leased_until: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct RecordRow {
    pub(super) body: Versioned<String>,
    pub(super) expires_at: Option<Timestamp>,
}

impl State {
    pub(super) fn commit(&mut self, set: WriteSet) -> Result<CommitOutcome, StoreError> {
        if let Some(duplicate) = self.duplicate(&set) {
            return Ok(CommitOutcome::Duplicate(duplicate));
        }
        if self.is_stale(&set) {
            return Ok(CommitOutcome::Stale);
        }
        let postings = self.posting_rows(&set)?;
        self.write_journal(&set);
        self.postings.extend(postings);
        for (query_id, target) in shape::transactions(&set) {
            self.transactions.insert(query_id, target);
        }
        if let Some(seen) = set.seen {
            self.seen.insert((seen.app, seen.id), kept(seen.until));
        }
        for claim in set.keys {
            self.keys.insert((claim.owner.clone(), claim.reference.clone()), claim);
        }
        for claim in set.names {
            self.names.entry((claim.owner, claim.name)).or_insert(claim.target);
        }
        if let Some(write) = set.order {
            let version = write.expected.unwrap_or(0).saturating_add(1);
            let number = write.order.terms.number.clone();
            self.orders.insert(number, Versioned { value: write.order, version });
        }
        for task in set.tasks {
            self.write_task(task);
        }
        for record in set.records {
            self.write_record(record);
        }
        Ok(CommitOutcome::Committed)
    }

    fn duplicate(&self, set: &WriteSet) -> Option<Duplicate> {
        if let Some(seen) = &set.seen
            && self.seen.contains_key(&(seen.app.clone(), seen.id.clone()))
        {
            return Some(Duplicate::Message);
        }
        for claim in &set.keys {
            let key = (claim.owner.clone(), claim.reference.clone());
            if let Some(holder) = self.keys.get(&key) {
                return Some(Duplicate::Reference(Box::new(holder.clone())));
            }
        }
        self.taken(set).map(Duplicate::Taken)
    }

    fn taken(&self, set: &WriteSet) -> Option<String> {
        let mut fresh = BTreeMap::new();
        for (query_id, target) in shape::transactions(set) {
            let holder = self.transactions.get(&query_id).or_else(|| fresh.get(&query_id));
            if holder.is_some_and(|holder| holder != &target) {
                return Some(query_id.to_string());
            }
            fresh.insert(query_id, target);
        }
        if let Some(write) = &set.order
            && write.expected.is_none()
            && self.orders.contains_key(&write.order.terms.number)
        {
            return Some(write.order.terms.number.to_string());
        }
        set.records.iter().find_map(|record| {
            let there = self.record_version(record).is_some();
            let taken = there && matches!(record.change, RecordChange::Insert { .. });
            taken.then(|| format!("{}/{}", record.space, record.key))
        })
    }

    fn is_stale(&self, set: &WriteSet) -> bool {
        let order = set.order.as_ref().is_some_and(|write| {
            let there = self
                .orders
                .get(&write.order.terms.number)
                .filter(|there| there.value.terms.merchant == write.order.terms.merchant);
            write.expected.is_some() && there.map(|there| there.version) != write.expected
        });
        let tasks = set.tasks.iter().any(|write| match write {
            TaskWrite::Insert(_) => false,
            TaskWrite::Replace { task, expected } => {
                let there = self.tasks.get(&(task.owner.clone(), task.id.clone()));
                there.map(|row| row.task.version) != Some(*expected)
            }
        });
        let records = set.records.iter().any(|record| match &record.change {
            RecordChange::Insert { .. } | RecordChange::Put { .. } => false,
            RecordChange::Replace { expected, .. } | RecordChange::Take { expected } => {
                self.record_version(record) != Some(*expected)
            }
        });
        order || tasks || records
    }

    fn record_version(&self, record: &RecordWrite) -> Option<u64> {
        let key = (record.space.to_owned(), record.key.clone());
        self.records.get(&key).map(|row| row.body.version)
    }

    /// The rows of the postings; a transaction is posted once.
    fn posting_rows(&self, set: &WriteSet) -> Result<BTreeMap<PostingKey, Posting>, StoreError> {
        let mut rows = BTreeMap::new();
        let Some(write) = &set.order else { return Ok(rows) };
        let terms = &write.order.terms;
        for posting in &set.postings {
            let key = |line| {
                let transaction = posting.transaction.clone();
                (terms.merchant.clone(), terms.number.clone(), transaction, line)
            };
            if self.postings.contains_key(&key(0)) {
                return Err(StoreError::Damaged {
                    what: "write set".to_owned(),
                    reason: format!("transaction {} is posted already", posting.transaction),
                });
            }
            let line = rows.range(key(0)..=key(usize::MAX)).count();
            rows.insert(key(line), posting.clone());
        }
        Ok(rows)
    }

    fn write_journal(&mut self, set: &WriteSet) {
        let at = kept(set.at.unwrap_or_default());
        if let Some(write) = &set.order {
            let terms = &write.order.terms;
            for event in &set.events {
                let body = serde_json::to_string(event).unwrap_or_default();
                let (owner, stream) = (terms.merchant.as_str(), terms.number.as_str());
                self.append(at, [owner, stream, event.name(), &body]);
            }
        }
        for operation in &set.operations {
            self.append(at, ["", &operation.stream, &operation.kind, &operation.body]);
        }
    }

    fn append(&mut self, at: Timestamp, [owner, stream, kind, body]: [&str; 4]) {
        let last = self.journal.last();
        let mut entry = JournalEntry {
            lane: 0,
            sequence: last.map_or(0, |last| last.sequence).saturating_add(1),
            at,
            owner: owner.to_owned(),
            stream: stream.to_owned(),
            kind: kind.to_owned(),
            body: body.to_owned(),
            previous: last.map_or(journal::GENESIS, |last| last.hash),
            hash: journal::GENESIS,
        };
        entry.hash = journal::hash(&entry);
        self.journal.push(entry);
    }

    fn write_task(&mut self, write: TaskWrite) {
        let (mut task, version) = match write {
            TaskWrite::Insert(task) => (task, 1),
            TaskWrite::Replace { task, expected } => (task, expected.saturating_add(1)),
        };
        task.due_at = task.due_at.map(kept);
        let key = (task.owner.clone(), task.id.clone());
        let task = Versioned { value: task, version };
        match self.tasks.get_mut(&key) {
            // A task to insert that is there already is left alone.
            Some(_) if version == 1 => {}
            Some(row) => *row = TaskRow { task, leased_until: None, ..*row },
            None => {
                self.tasks_made = self.tasks_made.saturating_add(1);
                let made = self.tasks_made;
                self.tasks.insert(key, TaskRow { made, task, leased_until: None });
            }
        }
    }

    fn write_record(&mut self, record: RecordWrite) {
        let version = self.record_version(&record).unwrap_or(0).saturating_add(1);
        let key = (record.space.to_owned(), record.key);
        match record.change {
            RecordChange::Insert { body, expires_at }
            | RecordChange::Replace { body, expires_at, .. }
            | RecordChange::Put { body, expires_at } => {
                let body = Versioned { value: body, version };
                self.records.insert(key, RecordRow { body, expires_at: expires_at.map(kept) });
            }
            RecordChange::Take { .. } => {
                self.records.remove(&key);
            }
        }
    }
}
