//! Rows as values of the port; what cannot be read is damage and says where.

use app::ports::store::{JournalEntry, PostingSum};
use app::writeset::{KeyClaim, Target, TargetKind, Task, TaskId, Versioned};
use domain::ids::{AcquirerIin, MerchantId, OrderId, OrderNumber, QueryId, Reference, TxnTime};
use domain::ledger::{Account, Posting};
use domain::order::{Order, Terms};
use domain::payway::Payway;
use jiff::Timestamp;
use money::Currency;
use rusqlite::Row;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::fault::Fault;
use crate::instant::from_micros;
use crate::order_row::Body;

/// The line of the journal that tells an order's terms.
#[derive(Deserialize)]
struct Submitted {
    terms: Terms,
}

/// `number, owner, version, body, terms`, and whether those stand in a line of the journal.
pub(super) fn order(row: &Row<'_>) -> Result<Versioned<Order>, Fault> {
    let Body { state, reversals } = json("order", row, 3)?;
    let terms: Terms = if row.get(5)? {
        json::<Submitted>("order", row, 4)?.terms
    } else {
        json("order", row, 4)?
    };
    let order = Order { terms: terms.into(), state, reversals };
    let same = order.terms.number.as_str() == row.get_ref(0)?.as_str().unwrap_or_default()
        && order.terms.merchant.as_str() == row.get_ref(1)?.as_str().unwrap_or_default();
    if !same {
        let reason = format!("{} has another key than its row", order.terms.number);
        return Err(Fault::damaged("order", reason));
    }
    Ok(Versioned { value: order, version: count("order", row, 2)? })
}

/// `order_id, txn_time, owner, number, query_id, kind, input`; `query_id` is never NULL.
pub(super) fn claim(row: &Row<'_>) -> Result<KeyClaim, Fault> {
    let order_id = OrderId::new(row.get::<_, String>(0)?);
    let txn_time = TxnTime::new(row.get::<_, String>(1)?);
    Ok(KeyClaim {
        reference: Reference { order_id, txn_time },
        owner: MerchantId::new(row.get::<_, String>(2)?),
        target: Target {
            order: OrderNumber::new(row.get::<_, String>(3)?),
            query_id: QueryId::new(row.get::<_, String>(4)?),
            kind: kind(row.get_ref(5)?.as_str().unwrap_or_default())?,
        },
        input: row.get(6)?,
    })
}

/// `query_id, number, kind, owner`.
pub(super) fn owned_target(row: &Row<'_>) -> Result<(MerchantId, Target), Fault> {
    Ok((MerchantId::new(row.get::<_, String>(3)?), target(row)?))
}

/// `query_id, number, kind`.
pub(super) fn target(row: &Row<'_>) -> Result<Target, Fault> {
    Ok(Target {
        query_id: QueryId::new(row.get::<_, String>(0)?),
        order: OrderNumber::new(row.get::<_, String>(1)?),
        kind: kind(row.get_ref(2)?.as_str().unwrap_or_default())?,
    })
}

fn kind(word: &str) -> Result<TargetKind, Fault> {
    [TargetKind::Payment, TargetKind::Cancellation, TargetKind::Refund]
        .into_iter()
        .find(|kind| crate::shape::kind_word(*kind) == word)
        .ok_or_else(|| Fault::damaged("transaction", format!("its kind is {word:?}")))
}

/// `id, owner, number, due_at, after, attempts, version, body`.
pub(super) fn task(row: &Row<'_>) -> Result<Versioned<Task>, Fault> {
    let task = Task {
        id: TaskId::from_stored(row.get(0)?),
        owner: MerchantId::new(row.get::<_, String>(1)?),
        order: OrderNumber::new(row.get::<_, String>(2)?),
        due_at: due_at(row, 3)?,
        after: row.get::<_, Option<String>>(4)?.map(TaskId::from_stored),
        attempts: row.get(5)?,
        body: json("task", row, 7)?,
    };
    Ok(Versioned { value: task, version: count("task", row, 6)? })
}

/// One column as the time at which a task falls due.
pub(super) fn due_at(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>, Fault> {
    let due_at: Option<i64> = row.get(column)?;
    due_at
        .map(|micros| from_micros(micros).ok_or_else(|| Fault::damaged("task", "its due time")))
        .transpose()
}

/// As [`task`], and then `row`.
pub(super) fn numbered_task(row: &Row<'_>) -> Result<(i64, Versioned<Task>), Fault> {
    Ok((row.get(8)?, task(row)?))
}

/// `lane, sequence, at, owner, stream, kind, body, previous, hash`.
pub(super) fn entry(row: &Row<'_>) -> Result<JournalEntry, Fault> {
    Ok(JournalEntry {
        lane: row.get(0)?,
        sequence: count("journal", row, 1)?,
        at: from_micros(row.get(2)?).ok_or_else(|| Fault::damaged("journal", "a line's time"))?,
        owner: row.get(3)?,
        stream: row.get(4)?,
        kind: row.get(5)?,
        body: row.get(6)?,
        previous: row.get(7)?,
        hash: row.get(8)?,
    })
}

/// `transaction_id, account, minor, currency`.
pub(super) fn posting(row: &Row<'_>) -> Result<Posting, Fault> {
    Ok(Posting {
        transaction: QueryId::new(row.get::<_, String>(0)?),
        account: account(row.get_ref(1)?.as_str().unwrap_or_default())?,
        minor: row.get(2)?,
        currency: currency(row, 3)?,
    })
}

/// The text of an account in its column.
pub(super) fn account_text(account: &Account) -> String {
    account.to_string()
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

/// `currency, high, low, count`: the sum is `high * 2^32 + low`.
pub(super) fn sum(row: &Row<'_>) -> Result<PostingSum, Fault> {
    let (high, low): (i64, i64) = (row.get(1)?, row.get(2)?);
    let minor = i128::from(high).saturating_mul(1 << 32).saturating_add(i128::from(low));
    Ok(PostingSum { currency: currency(row, 0)?, minor, count: count("posting", row, 3)? })
}

fn currency(row: &Row<'_>, column: usize) -> Result<Currency, Fault> {
    let numeric = row.get_ref(column)?.as_str().unwrap_or_default();
    Currency::from_numeric(numeric).map_err(|error| Fault::damaged("posting", error))
}

/// `version, body`.
pub(super) fn record(row: &Row<'_>) -> Result<Versioned<String>, Fault> {
    Ok(Versioned { version: count("document", row, 0)?, value: row.get(1)? })
}

/// `key, version, body`.
pub(super) fn keyed_record(row: &Row<'_>) -> Result<(String, Versioned<String>), Fault> {
    let body = Versioned { version: count("document", row, 1)?, value: row.get(2)? };
    Ok((row.get(0)?, body))
}

/// One column as text.
pub(super) fn number(row: &Row<'_>) -> Result<OrderNumber, Fault> {
    Ok(OrderNumber::new(row.get::<_, String>(0)?))
}

/// One column as a lane.
pub(super) fn lane(row: &Row<'_>) -> Result<u32, Fault> {
    Ok(row.get(0)?)
}

pub(super) fn count(what: &'static str, row: &Row<'_>, column: usize) -> Result<u64, Fault> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| Fault::damaged(what, format!("it counts {number}")))
}

fn json<T: DeserializeOwned>(what: &'static str, row: &Row<'_>, column: usize) -> Result<T, Fault> {
    let text = row.get_ref(column)?.as_str().map_err(|error| Fault::damaged(what, error))?;
    // The engine's words could quote the text, which is not for logs.
    serde_json::from_str(text).map_err(|error| {
        let place = format!("its JSON at column {} ({:?})", error.column(), error.classify());
        Fault::damaged(what, place)
    })
}
