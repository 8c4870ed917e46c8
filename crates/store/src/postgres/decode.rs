//! Rows as values of the port; what cannot be read is damage and says where.

use app::ports::store::{JournalEntry, PostingSum};
use app::writeset::{KeyClaim, Target, TargetKind, Task, TaskBody, TaskId, Versioned};
use domain::ids::{AcquirerIin, MerchantId, OrderId, OrderNumber, QueryId, Reference, TxnTime};
use domain::ledger::{Account, Posting};
use domain::order::{Order, Terms};
use domain::payway::Payway;
use money::Currency;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use super::fault::Fault;
use crate::instant::from_micros;
use crate::order_row::Body;
use crate::shape::kind_word;

/// `number, owner, version, terms, body`.
pub(super) fn order(row: &Row) -> Result<Versioned<Order>, Fault> {
    let terms: Terms = json("order", row.try_get(3)?)?;
    let Body { state, reversals } = json("order", row.try_get(4)?)?;
    let order = Order { terms: terms.into(), state, reversals };
    let same = order.terms.number.as_str() == row.try_get::<_, &str>(0)?
        && order.terms.merchant.as_str() == row.try_get::<_, &str>(1)?;
    if !same {
        let reason = format!("{} has another key than its row", order.terms.number);
        return Err(Fault::damaged("order", reason));
    }
    Ok(Versioned { value: order, version: count("order", row.try_get(2)?)? })
}

/// `order_id, txn_time, owner, number, query_id, kind, input`.
pub(super) fn claim(row: &Row) -> Result<KeyClaim, Fault> {
    let order_id = OrderId::new(row.try_get::<_, &str>(0)?);
    let txn_time = TxnTime::new(row.try_get::<_, &str>(1)?);
    Ok(KeyClaim {
        reference: Reference { order_id, txn_time },
        owner: MerchantId::new(row.try_get::<_, &str>(2)?),
        target: Target {
            order: OrderNumber::new(row.try_get::<_, &str>(3)?),
            query_id: QueryId::new(row.try_get::<_, &str>(4)?),
            kind: kind(row.try_get(5)?)?,
        },
        input: row.try_get(6)?,
    })
}

/// `query_id, number, kind`.
pub(super) fn target(row: &Row) -> Result<Target, Fault> {
    Ok(Target {
        query_id: QueryId::new(row.try_get::<_, &str>(0)?),
        order: OrderNumber::new(row.try_get::<_, &str>(1)?),
        kind: kind(row.try_get(2)?)?,
    })
}

fn kind(word: &str) -> Result<TargetKind, Fault> {
    [TargetKind::Payment, TargetKind::Cancellation, TargetKind::Refund]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or_else(|| Fault::damaged("transaction", format!("its kind is {word:?}")))
}

/// `id, owner, number, due_at, after, attempts, version, body`. An order's own task has no
/// body: its name says it.
pub(super) fn task(row: &Row) -> Result<Versioned<Task>, Fault> {
    let due_at: Option<i64> = row.try_get(3)?;
    let due_at = due_at
        .map(|micros| from_micros(micros).ok_or_else(|| Fault::damaged("task", "its due time")))
        .transpose()?;
    let attempts: i64 = row.try_get(5)?;
    let body = match row.try_get(7)? {
        Some(body) => json("task", body)?,
        None => own_body(row.try_get(0)?)?,
    };
    let task = Task {
        id: TaskId::from_stored(row.try_get(0)?),
        owner: MerchantId::new(row.try_get::<_, &str>(1)?),
        order: OrderNumber::new(row.try_get::<_, &str>(2)?),
        due_at,
        after: row.try_get::<_, Option<String>>(4)?.map(TaskId::from_stored),
        attempts: u32::try_from(attempts).map_err(|_| Fault::damaged("task", "its attempts"))?,
        body,
    };
    Ok(Versioned { value: task, version: count("task", row.try_get(6)?)? })
}

fn own_body(id: &str) -> Result<TaskBody, Fault> {
    match id.split_once(':') {
        Some(("close", _)) => Ok(TaskBody::Close),
        Some(("inquire", query_id)) => {
            Ok(TaskBody::Inquire { query_id: QueryId::new(query_id), reversal: false })
        }
        Some(_) | None => Err(Fault::damaged("task", format!("{id} has no body"))),
    }
}

/// `lane, sequence, at, owner, stream, kind, body, previous, hash`.
pub(super) fn entry(row: &Row) -> Result<JournalEntry, Fault> {
    let at = from_micros(row.try_get(2)?);
    Ok(JournalEntry {
        lane: lane(row)?,
        sequence: count("journal", row.try_get(1)?)?,
        at: at.ok_or_else(|| Fault::damaged("journal", "a line's time"))?,
        owner: row.try_get(3)?,
        stream: row.try_get(4)?,
        kind: row.try_get(5)?,
        body: row.try_get(6)?,
        previous: hash(row.try_get(7)?)?,
        hash: hash(row.try_get(8)?)?,
    })
}

/// The first column as a lane.
pub(super) fn lane(row: &Row) -> Result<u32, Fault> {
    u32::try_from(row.try_get::<_, i64>(0)?).map_err(|_| Fault::damaged("journal", "its lane"))
}

/// 32 bytes.
pub(super) fn hash(bytes: &[u8]) -> Result<[u8; 32], Fault> {
    bytes.try_into().map_err(|_| Fault::damaged("journal", "the length of a hash"))
}

/// `transaction_id, account, minor, currency`.
pub(super) fn posting(row: &Row) -> Result<Posting, Fault> {
    Ok(Posting {
        transaction: QueryId::new(row.try_get::<_, &str>(0)?),
        account: account(row.try_get(1)?)?,
        minor: row.try_get(2)?,
        currency: currency(row.try_get(3)?)?,
    })
}

fn account(text: &str) -> Result<Account, Fault> {
    match text.split_once(':') {
        Some(("clearing", acquirer)) => Ok(Account::Clearing(AcquirerIin::new(acquirer))),
        Some(("merchant", merchant)) => Ok(Account::Merchant(MerchantId::new(merchant))),
        Some(("wallet", payway)) => {
            let payway = payway
                .parse()
                .map_err(|_| Fault::damaged("posting", format!("its account is {text:?}")))?;
            Ok(Account::Wallet(Payway(payway)))
        }
        Some(_) | None => Err(Fault::damaged("posting", format!("its account is {text:?}"))),
    }
}

/// `currency, sum as text, count`: a sum may have more than 63 bits.
pub(super) fn sum(row: &Row) -> Result<PostingSum, Fault> {
    let minor = row.try_get::<_, &str>(1)?.parse();
    Ok(PostingSum {
        currency: currency(row.try_get(0)?)?,
        minor: minor.map_err(|error| Fault::damaged("posting", error))?,
        count: count("posting", row.try_get(2)?)?,
    })
}

fn currency(numeric: &str) -> Result<Currency, Fault> {
    Currency::from_numeric(numeric).map_err(|error| Fault::damaged("posting", error))
}

/// `version, body`.
pub(super) fn record(row: &Row) -> Result<Versioned<String>, Fault> {
    Ok(Versioned { version: count("document", row.try_get(0)?)?, value: row.try_get(1)? })
}

/// `key, version, body`.
pub(super) fn keyed_record(row: &Row) -> Result<(String, Versioned<String>), Fault> {
    let body = Versioned { version: count("document", row.try_get(1)?)?, value: row.try_get(2)? };
    Ok((row.try_get(0)?, body))
}

/// The first column as an order's number.
pub(super) fn number(row: &Row) -> Result<OrderNumber, Fault> {
    Ok(OrderNumber::new(row.try_get::<_, &str>(0)?))
}

/// A column that counts.
pub(super) fn count(what: &'static str, number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|_| Fault::damaged(what, format!("it counts {number}")))
}

fn json<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Fault> {
    // The parser's words could quote the text, which is not for logs.
    serde_json::from_str(text).map_err(|error| {
        let place = format!("its JSON at column {} ({:?})", error.column(), error.classify());
        Fault::damaged(what, place)
    })
}
