//! Orders and write sets to test with.

use std::sync::Arc;

use app::writeset::{
    KeyClaim, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target, TargetKind, Task,
    TaskBody, TaskId, TaskWrite, WriteSet,
};
use domain::Event;
use domain::ids::{MerchantId, NoticeId, OrderId, OrderNumber, QueryId, Reference, TxnTime};
use domain::ledger::{Account, Posting};
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{Details, Order, OrderState, Origin, Terms};
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};

pub(crate) const OWNERS: [&str; 2] = ["M00000000000001", "M00000000000002"];

/// An instant so many seconds after a fixed one.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(crate) fn owner(index: usize) -> MerchantId {
    MerchantId::new(OWNERS[index])
}

pub(crate) fn number(n: u32) -> OrderNumber {
    OrderNumber::new(format!("T{n:020}"))
}

pub(crate) fn query_id(n: u32) -> QueryId {
    QueryId::new(format!("{n:021}"))
}

pub(crate) fn reference(n: u32) -> Reference {
    Reference {
        order_id: OrderId::new(format!("order-{n:04}")),
        txn_time: TxnTime::new("20270115080000"),
    }
}

/// Order number `n` of the first owner.
pub(crate) fn order(n: u32) -> Order {
    order_of(0, n)
}

pub(crate) fn order_of(index: usize, n: u32) -> Order {
    Order::submitted(Terms {
        number: number(n),
        query_id: query_id(n),
        merchant: owner(index),
        acquirer: "48020000".into(),
        reference: reference(n),
        amount: Amount::new(1_000, Currency::from_numeric("156").unwrap()).unwrap(),
        created_at: at(0),
        expires_at: at(900),
        origin: Origin::Industry {
            app: "PARKEASY".into(),
            industry: "20000001".into(),
            channel: "10000001".into(),
            user: "user-1".into(),
        },
        details: Details::default(),
        scenario: None,
    })
}

pub(crate) fn closed(order: &Order) -> Order {
    Order { state: OrderState::Closed { at: at(900) }, ..order.clone() }
}

pub(crate) fn insert(order: &Order) -> Option<OrderWrite> {
    Some(OrderWrite { order: order.clone(), expected: None })
}

pub(crate) fn replace(order: &Order, expected: u64) -> Option<OrderWrite> {
    Some(OrderWrite { order: order.clone(), expected: Some(expected) })
}

pub(crate) fn claim(order: &Order) -> KeyClaim {
    KeyClaim {
        owner: order.terms.merchant.clone(),
        reference: order.terms.reference.clone(),
        target: Target {
            order: order.terms.number.clone(),
            query_id: order.terms.query_id.clone(),
            kind: TargetKind::Payment,
        },
        input: format!("input of {}", order.terms.number),
    }
}

/// The claim of a refund of the order, under reference and number `n`.
pub(crate) fn refund_claim(order: &Order, n: u32) -> KeyClaim {
    KeyClaim {
        reference: reference(n),
        target: Target {
            order: order.terms.number.clone(),
            query_id: query_id(n),
            kind: TargetKind::Refund,
        },
        ..claim(order)
    }
}

pub(crate) fn task(order: &Order, id: &str, due: Option<i64>) -> Task {
    Task {
        id: TaskId::from_stored(id.to_owned()),
        owner: order.terms.merchant.clone(),
        order: order.terms.number.clone(),
        due_at: due.map(at),
        after: None,
        attempts: 0,
        body: TaskBody::Close,
    }
}

pub(crate) fn notice(order: &Order, n: u32, state: NoticeState) -> Task {
    let id = NoticeId::new(format!("{n:032}"));
    Task {
        body: TaskBody::Notice(Box::new(Notice {
            id: id.clone(),
            receiver: Receiver::Industry,
            transaction: order.terms.query_id.clone(),
            after: None,
            copies: 1,
            created_at: at(0),
            state,
            attempts: Vec::new(),
            body: None,
        })),
        ..task(order, TaskId::notice(&id).as_str(), Some(0))
    }
}

pub(crate) fn postings(transaction: &QueryId, currency: &str, minor: i64) -> Vec<Posting> {
    let currency = Currency::from_numeric(currency).unwrap();
    let line =
        |account, minor| Posting { transaction: transaction.clone(), account, minor, currency };
    vec![
        line(Account::Clearing("48020000".into()), minor),
        line(Account::Merchant(owner(0)), -minor),
    ]
}

pub(crate) fn seen(id: &str) -> Option<SeenMessage> {
    Some(SeenMessage { app: "PARKEASY".to_owned(), id: id.to_owned(), until: at(600) })
}

pub(crate) fn record(key: &str, change: RecordChange) -> RecordWrite {
    RecordWrite { space: "setting", key: key.to_owned(), change }
}

pub(crate) fn put(key: &str, body: &str) -> RecordWrite {
    record(key, RecordChange::Put { body: body.to_owned(), expires_at: None })
}

/// What placing an order writes.
pub(crate) fn submit(order: &Order) -> WriteSet {
    let close = TaskId::close(&order.terms.number);
    WriteSet {
        order: insert(order),
        events: vec![Event::Submitted { terms: Arc::clone(&order.terms) }],
        at: Some(at(0)),
        keys: vec![claim(order)],
        tasks: vec![TaskWrite::Insert(task(order, close.as_str(), Some(900)))],
        seen: seen(order.terms.query_id.as_str()),
        ..WriteSet::default()
    }
}

/// What a change of the order writes, under the version that was read.
pub(crate) fn change(order: &Order, expected: u64) -> WriteSet {
    WriteSet {
        order: replace(order, expected),
        events: vec![Event::Closed { at: at(900) }],
        at: Some(at(900)),
        ..WriteSet::default()
    }
}

/// A set that only touches tasks.
pub(crate) fn tasks(tasks: impl IntoIterator<Item = Task>) -> WriteSet {
    WriteSet { tasks: tasks.into_iter().map(TaskWrite::Insert).collect(), ..WriteSet::default() }
}

/// A task one second later, as an attempt leaves it.
pub(crate) fn attempted(task: &Task) -> Task {
    let due_at = task.due_at.map(|due_at| due_at + SignedDuration::from_secs(1));
    Task { due_at, attempts: task.attempts + 1, ..task.clone() }
}
