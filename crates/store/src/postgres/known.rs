//! What is there of all that some write sets touch, and what that means for each of them.
//!
//! Asked only after a commit was refused, or when write sets of one batch touch the same things.

use std::collections::{HashMap, HashSet};

use app::ports::store::Duplicate;
use app::ports::{CommitOutcome, StoreError};
use app::writeset::{KeyClaim, Target, TaskId};
use domain::ids::MerchantId;
use futures_util::future::try_join_all;
use tokio_postgres::Row;

use super::decode;
use super::fault::Fault;
use super::link::Connection;
use super::own;
use super::rows::{RecordKind, Rows, TaskRow, Touched};
use super::steps::{Question, column};
use crate::order_row::Own;

type Pair = (String, String);
type Triple = (String, String, String);

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Known {
    messages: HashSet<Pair>,
    references: HashMap<Triple, KeyClaim>,
    transactions: HashMap<Pair, Target>,
    orders: HashMap<Pair, OrderThere>,
    /// Those that stand in no order's row.
    tasks: HashMap<Pair, i64>,
    records: HashMap<Pair, i64>,
    posted: HashSet<Triple>,
}

/// An order that is there.
#[derive(Debug)]
struct OrderThere {
    version: i64,
    /// The `queryId` of its payment.
    query_id: String,
    /// The versions of its own tasks.
    close: Option<i64>,
    inquire: Option<i64>,
}

/// Where a task stands, or would stand, with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Order(Option<i64>),
    Tasks(Option<i64>),
}

/// What becomes of write sets that were looked at together; places among those that were given.
#[derive(Debug, Default)]
pub(super) struct Verdicts {
    /// Nothing stands in their way and none touches what another of them does; with the orders'
    /// own tasks among theirs that are strays.
    pub(super) free: Vec<(usize, Vec<(MerchantId, TaskId)>)>,
    /// To be looked at again after those.
    pub(super) later: Vec<usize>,
    /// Refused by what is committed.
    pub(super) refused: Vec<(usize, Result<CommitOutcome, StoreError>)>,
}

fn pair(first: &str, second: &str) -> Pair {
    (first.to_owned(), second.to_owned())
}

fn texts(row: &Row) -> Result<Pair, Fault> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

fn versions(rows: &[Row]) -> Result<HashMap<Pair, i64>, Fault> {
    rows.iter().map(|row| Ok((texts(row)?, row.try_get(2)?))).collect()
}

/// `owner, number, version, query_id, close_version, inquire_version`.
fn order_there(row: &Row) -> Result<(Pair, OrderThere), Fault> {
    let there = OrderThere {
        version: row.try_get(2)?,
        query_id: row.try_get(3)?,
        close: row.try_get(4)?,
        inquire: row.try_get(5)?,
    };
    Ok((texts(row)?, there))
}

impl Known {
    /// Asks for everything that the write sets touch, in one go.
    pub(super) async fn load(connection: &Connection, sets: &[&Rows]) -> Result<Self, Fault> {
        let answers = try_join_all(questions(sets).into_iter().map(async |step| {
            let statement = connection.prepared(step.sql).await?;
            let values = step.values.iter().map(|value| {
                let value: &(dyn tokio_postgres::types::ToSql + Sync) = &**value;
                value
            });
            connection.client.query(&statement, &values.collect::<Vec<_>>()).await
        }));
        let answers = answers.await?;
        let [messages, references, transactions, orders, tasks, records, posted] = &answers[..]
        else {
            return Err(Fault::damaged("write set", "a question was not answered"));
        };
        let claims = references.iter().map(|row| {
            let claim = decode::claim(row)?;
            let (order_id, txn_time) = (&claim.reference.order_id, &claim.reference.txn_time);
            let key = (claim.owner.to_string(), order_id.to_string(), txn_time.to_string());
            Ok((key, claim))
        });
        let targets = transactions.iter().map(|row| {
            let target = decode::target(row)?;
            Ok(((row.try_get(3)?, target.query_id.to_string()), target))
        });
        let posted = posted.iter().map(|row| {
            let (owner, number) = texts(row)?;
            Ok((owner, number, row.try_get(2)?))
        });
        Ok(Self {
            messages: messages.iter().map(texts).collect::<Result<_, _>>()?,
            references: claims.collect::<Result<_, Fault>>()?,
            transactions: targets.collect::<Result<_, Fault>>()?,
            orders: orders.iter().map(order_there).collect::<Result<_, _>>()?,
            tasks: versions(tasks)?,
            records: versions(records)?,
            posted: posted.collect::<Result<_, Fault>>()?,
        })
    }

    /// Decides about each write set.
    pub(super) fn judge(&self, sets: &[&Rows]) -> Verdicts {
        let mut verdicts = Verdicts::default();
        let mut touched: HashSet<Touched<'_>> = HashSet::new();
        for (index, set) in sets.iter().enumerate() {
            if set.touched().any(|it| touched.contains(&it)) {
                verdicts.later.push(index);
            } else if let Some(refusal) = self.refusal(set) {
                verdicts.refused.push((index, refusal));
            } else {
                touched.extend(set.touched());
                let strays = set.all_tasks().filter(|row| {
                    row.own.is_some() && matches!(self.place(set, row), Place::Tasks(_))
                });
                let names = strays.map(|row| (row.task.owner.clone(), row.task.id.clone()));
                verdicts.free.push((index, names.collect()));
            }
        }
        verdicts
    }

    fn refusal(&self, set: &Rows) -> Option<Result<CommitOutcome, StoreError>> {
        if let Some(duplicate) = self.duplicate(set) {
            return Some(Ok(CommitOutcome::Duplicate(duplicate)));
        }
        if self.is_stale(set) {
            return Some(Ok(CommitOutcome::Stale));
        }
        let posted = set.postings.iter().find(|row| {
            let transaction = row.posting.transaction.to_string();
            self.posted.contains(&(row.owner.clone(), row.number.clone(), transaction))
        })?;
        let transaction = &posted.posting.transaction;
        let reason = format!("transaction {transaction} is posted already");
        Some(Err(Fault::damaged("write set", reason).told("commit")))
    }

    fn duplicate(&self, set: &Rows) -> Option<Duplicate> {
        let message = set.seen.as_ref().map(|seen| pair(&seen.app, &seen.id));
        if message.is_some_and(|message| self.messages.contains(&message)) {
            return Some(Duplicate::Message);
        }
        let holder = set.keys.iter().find_map(|claim| {
            let (order_id, txn_time) = (&claim.reference.order_id, &claim.reference.txn_time);
            let key = (claim.owner.to_string(), order_id.to_string(), txn_time.to_string());
            self.references.get(&key)
        });
        if let Some(holder) = holder {
            return Some(Duplicate::Reference(Box::new(holder.clone())));
        }
        self.taken(set).map(Duplicate::Taken)
    }

    fn taken(&self, set: &Rows) -> Option<String> {
        let mut fresh: HashMap<(&str, &str), &Target> = HashMap::new();
        for (query_id, (owner, target)) in &set.transactions {
            let known = self.transactions.get(&pair(owner.as_str(), query_id.as_str()));
            let before = fresh.insert((owner.as_str(), query_id.as_str()), target);
            if known.or(before).is_some_and(|holder| holder != target) {
                return Some(query_id.to_string());
            }
        }
        if let Some(order) = set.order.as_ref().filter(|order| order.expected.is_none())
            && self.orders.contains_key(&pair(&order.owner, &order.number))
        {
            return Some(order.number.clone());
        }
        let fresh = set.records.iter().filter(|record| record.kind == RecordKind::Insert);
        let mut taken = fresh.filter(|it| self.records.contains_key(&pair(it.space, &it.key)));
        taken.next().map(|record| format!("{}/{}", record.space, record.key))
    }

    fn place(&self, set: &Rows, row: &TaskRow) -> Place {
        let task = &row.task;
        let among = self.tasks.get(&pair(task.owner.as_str(), task.id.as_str())).copied();
        let (Some(own), None) = (row.own, among) else { return Place::Tasks(among) };
        let fits = |query_id: &str| own::query_id(task).is_none_or(|wanted| wanted == query_id);
        let is_made = set.order.as_ref().is_some_and(|order| {
            let query_id = order.query_id.as_ref().unwrap_or(&order.number);
            order.number == task.order.as_str()
                && order.owner == task.owner.as_str()
                && fits(query_id)
        });
        let there = self.orders.get(&pair(task.owner.as_str(), task.order.as_str()));
        match there.filter(|there| fits(&there.query_id)) {
            None if is_made => Place::Order(None),
            None => Place::Tasks(None),
            Some(there) => Place::Order(match own {
                Own::Close => there.close,
                Own::Inquire => there.inquire,
            }),
        }
    }

    fn is_stale(&self, set: &Rows) -> bool {
        let order = set.order.as_ref().is_some_and(|order| {
            let there = self.orders.get(&pair(&order.owner, &order.number));
            order.expected.is_some() && order.expected != there.map(|there| there.version)
        });
        let task = set.all_tasks().any(|row| {
            let (Place::Order(there) | Place::Tasks(there)) = self.place(set, row);
            row.expected.is_some() && row.expected != there
        });
        let record = set.records.iter().any(|row| match row.kind {
            RecordKind::Insert | RecordKind::Put => false,
            RecordKind::Replace(expected) | RecordKind::Take(expected) => {
                self.records.get(&pair(row.space, &row.key)) != Some(&expected)
            }
        });
        order || task || record
    }
}

/// The questions, in the order of [`Known`]'s fields.
fn questions<'a>(sets: &[&'a Rows]) -> Vec<Question<'a>> {
    let seen: Vec<_> = sets.iter().filter_map(|set| set.seen.as_ref()).collect();
    let keys: Vec<_> = sets.iter().flat_map(|set| &set.keys).collect();
    let transactions: Vec<_> = sets.iter().flat_map(|set| &set.transactions).collect();
    let tasks: Vec<_> = sets.iter().flat_map(|set| set.all_tasks()).collect();
    let orders = sets.iter().filter_map(|set| set.order.as_ref());
    let orders = orders.map(|order| (order.owner.as_str(), order.number.as_str()));
    let of_tasks = tasks.iter().filter(|row| row.own.is_some());
    let of_tasks = of_tasks.map(|row| (row.task.owner.as_str(), row.task.order.as_str()));
    let orders: Vec<(&'a str, &'a str)> = orders.chain(of_tasks).collect();
    let records: Vec<_> = sets.iter().flat_map(|set| &set.records).collect();
    let postings: Vec<_> = sets.iter().flat_map(|set| &set.postings).collect();
    let seen = vec![column(&seen, |it| it.app.as_str()), column(&seen, |it| it.id.as_str())];
    let keys = vec![
        column(&keys, |it| it.owner.as_str()),
        column(&keys, |it| it.reference.order_id.as_str()),
        column(&keys, |it| it.reference.txn_time.as_str()),
    ];
    let transactions = vec![
        column(&transactions, |(_, (owner, _))| owner.as_str()),
        column(&transactions, |(id, _)| id.as_str()),
    ];
    let orders = vec![column(&orders, |it| it.0), column(&orders, |it| it.1)];
    let tasks =
        vec![column(&tasks, |it| it.task.owner.as_str()), column(&tasks, |it| it.task.id.as_str())];
    let records = vec![column(&records, |it| it.space), column(&records, |it| it.key.as_str())];
    let postings = vec![
        column(&postings, |it| it.owner.as_str()),
        column(&postings, |it| it.number.as_str()),
        column(&postings, |it| it.posting.transaction.as_str()),
    ];
    let sql = [
        "SELECT app, id FROM seen WHERE (app, id) IN \
         (SELECT * FROM unnest($1::text[], $2::text[]))",
        "SELECT order_id, txn_time, owner, number, query_id, kind, input FROM keys \
         WHERE (owner, order_id, txn_time) IN \
         (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))",
        "SELECT query_id, number, kind, owner FROM transactions WHERE (owner, query_id) IN \
         (SELECT * FROM unnest($1::text[], $2::text[])) \
         UNION ALL SELECT number, number, 'payment', owner FROM orders \
         WHERE query_id IS NULL AND (owner, number) IN \
         (SELECT * FROM unnest($1::text[], $2::text[]))",
        "SELECT owner, number, version, coalesce(query_id, number), close_version, \
         inquire_version FROM orders WHERE (owner, number) IN \
         (SELECT * FROM unnest($1::text[], $2::text[]))",
        "SELECT owner, id, version FROM tasks WHERE (owner, id) IN \
         (SELECT * FROM unnest($1::text[], $2::text[]))",
        "SELECT space, key, version FROM records WHERE (space, key) IN \
         (SELECT * FROM unnest($1::text[], $2::text[]))",
        "SELECT DISTINCT owner, number, transaction_id FROM postings \
         WHERE (owner, number, transaction_id) IN \
         (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))",
    ];
    let values = [seen, keys, transactions, orders, tasks, records, postings];
    sql.into_iter().zip(values).map(|(sql, values)| Question { sql, values }).collect()
}
