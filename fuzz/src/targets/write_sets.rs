//! Write sets through their rows and back: SQLite against the model.
//!
//! Rules: after any sequence of write sets with any texts in them, each store said the same of each
//! and tells the same of everything; what was committed is read as it was written.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use app::ports::store::{Duplicate, Lease, NoticeFilter, Store};
use app::ports::{CommitOutcome, StoreError};
use app::writeset::{
    KeyClaim, NameClaim, Operation, OrderWrite, RecordChange, RecordWrite, SeenMessage, Target,
    TargetKind, Task, TaskBody, TaskId, TaskWrite, WriteSet,
};
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference, TxnTime};
use domain::ledger::postings;
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{Order, Terms};
use jiff::Timestamp;
use store::{MemoryStore, SqliteOptions, SqliteStore};
use tokio::runtime::Runtime;

use crate::input::Input;
use crate::life::{begin, live};
use crate::limits::WRITE_SETS_COUNT_MAX;
use crate::vectors;

/// Whose orders there are.
const OWNERS: [&str; 2] = ["100000010000017", "100000010000018"];

/// One database for all inputs, emptied before each.
fn sqlite() -> &'static (Runtime, SqliteStore) {
    static SQLITE: OnceLock<(Runtime, SqliteStore)> = OnceLock::new();
    SQLITE.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("causeway-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let store = SqliteStore::open(&folder, SqliteOptions::default()).expect("a database");
        // The files stay open without their names, and nothing is left behind at the end.
        std::fs::remove_dir_all(&folder).expect("the folder is its own");
        let mut builder = tokio::runtime::Builder::new_current_thread();
        (builder.enable_all().build().expect("a runtime"), store)
    })
}

pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (runtime, sqlite) = sqlite();
    runtime.block_on(async {
        let model = MemoryStore::new();
        sqlite.clear().await.expect("it is emptied");
        let mut names = Names::default();
        for _ in 0..WRITE_SETS_COUNT_MAX {
            if input.is_empty() {
                break;
            }
            if input.byte().is_multiple_of(8) {
                claim(&mut input, &model, sqlite).await;
                continue;
            }
            let set = names.set(&mut input);
            let expected = said(model.commit(set.clone()).await);
            assert_eq!(said(sqlite.commit(set.clone()).await), expected, "{set:?}");
            if let (true, Some(write)) =
                (expected == said(Ok(CommitOutcome::Committed)), &set.order)
            {
                let terms = &write.order.terms;
                let read = sqlite.order(&terms.merchant, &terms.number).await.expect("it is read");
                assert_eq!(read.map(|read| read.value).as_ref(), Some(&write.order));
            }
        }
        let (expected, actual) = (told(&model, &names).await, told(sqlite, &names).await);
        for (expected, actual) in expected.into_iter().zip(actual) {
            assert_eq!(actual, expected);
        }
    });
}

/// What a commit came to; the words about damage may differ, and of several names that are taken
/// each store tells the one that it met first.
fn said(result: Result<CommitOutcome, StoreError>) -> String {
    match result {
        Ok(CommitOutcome::Duplicate(Duplicate::Taken(_))) => "taken".to_owned(),
        Ok(outcome) => format!("{outcome:?}"),
        Err(StoreError::Damaged { what, .. }) => format!("damaged {what}"),
        Err(error) => panic!("{error}"),
    }
}

async fn claim(input: &mut Input<'_>, model: &MemoryStore, sqlite: &SqliteStore) {
    let now = vectors::at(begin().as_second() + i64::from(input.short()));
    let lease = Lease { holder: input.text(), real_now: begin(), lease_until: begin() };
    let count = input.below(4);
    let expected = model.claim_due(now, &lease, count).await.expect("the model claims");
    let actual = sqlite.claim_due(now, &lease, count).await.expect("it claims");
    // Tasks that fall due together have no order between them.
    let sorted = |mut tasks: Vec<app::writeset::Versioned<Task>>| {
        tasks.sort_by(|one, two| one.value.id.cmp(&two.value.id));
        tasks
    };
    if count > 2 {
        assert_eq!(sorted(actual).len(), sorted(expected).len());
    }
}

/// The names that an input uses, so that all can be asked for afterwards.
#[derive(Default)]
struct Names {
    texts: Vec<String>,
    /// What was agreed of each order, which no later write changes.
    terms: BTreeMap<(MerchantId, OrderNumber), Arc<Terms>>,
}

impl Names {
    /// A text that was used before, or a new one.
    fn name(&mut self, input: &mut Input<'_>) -> String {
        let at = input.below(8);
        if let Some(known) = self.texts.get(at) {
            return known.clone();
        }
        // What names something is never empty: a listing begins behind the empty name.
        let text = format!("{}'", input.text());
        self.texts.push(text.clone());
        text
    }

    fn order(&mut self, input: &mut Input<'_>) -> Order {
        let mut life = Input::new(input.chunk());
        let mut order = live(&mut life, |_, _, _| ()).order;
        let name = self.name(input);
        let terms = Arc::make_mut(&mut order.terms);
        terms.number = OrderNumber::new(name.as_str());
        terms.query_id = QueryId::new(self.name(input));
        terms.reference.order_id = OrderId::new(name);
        terms.merchant = owner(input);
        let key = (terms.merchant.clone(), terms.number.clone());
        order.terms = Arc::clone(self.terms.entry(key).or_insert(order.terms));
        order
    }

    fn set(&mut self, input: &mut Input<'_>) -> WriteSet {
        let order = self.order(input);
        let how = input.byte();
        let mut set = WriteSet { at: Some(begin()), ..WriteSet::default() };
        if how & 1 == 0 {
            let expected = (how & 2 == 2).then(|| u64::from(input.byte() % 4));
            set.order = Some(OrderWrite { order: order.clone(), expected });
        }
        if how & 4 == 4 {
            set.keys.push(self.key(input, &order));
        }
        if how & 8 == 8 {
            let key = self.key(input, &order);
            let (name, target) = (self.name(input), key.target);
            set.names.push(NameClaim { owner: order.terms.merchant.clone(), name, target });
        }
        if how & 16 == 16 {
            set.tasks.push(self.task(input, &order));
        }
        if how & 32 == 32 {
            set.records.push(self.record(input));
        }
        if how & 64 == 64 {
            let (stream, kind) = (self.name(input), input.text());
            set.operations.push(Operation { stream, kind, body: input.text() });
        }
        if how & 128 == 128 {
            let (app, id) = (input.text(), self.name(input));
            set.seen = Some(SeenMessage { app, id, until: begin() });
        }
        if set.order.is_some() && input.flag() {
            Self::happened(input, &mut set);
        }
        set
    }

    /// The events and postings of some life, as the order's.
    fn happened(input: &mut Input<'_>, set: &mut WriteSet) {
        let mut life = Input::new(input.chunk());
        let mut ledger = Vec::new();
        let life = live(&mut life, |_, after, event| ledger.extend(postings(after, event)));
        set.events = life.events;
        set.postings = ledger;
    }

    fn key(&mut self, input: &mut Input<'_>, order: &Order) -> KeyClaim {
        let reference = Reference {
            order_id: OrderId::new(self.name(input)),
            txn_time: TxnTime::new(self.name(input)),
        };
        KeyClaim {
            owner: order.terms.merchant.clone(),
            reference,
            target: Target {
                order: order.terms.number.clone(),
                query_id: QueryId::new(self.name(input)),
                kind: input.pick(&[
                    TargetKind::Payment,
                    TargetKind::Refund,
                    TargetKind::Cancellation,
                ]),
            },
            input: input.text(),
        }
    }

    fn task(&mut self, input: &mut Input<'_>, order: &Order) -> TaskWrite {
        let query_id = QueryId::new(self.name(input));
        let (id, body) = match input.byte() % 3 {
            0 => (TaskId::close(&order.terms.number), TaskBody::Close),
            1 => {
                let reversal = query_id != order.terms.query_id;
                (TaskId::inquire(&query_id), TaskBody::Inquire { query_id, reversal })
            }
            _ => {
                let notice = notice(input, &query_id);
                (TaskId::notice(&notice.id), TaskBody::Notice(Box::new(notice)))
            }
        };
        let task = Task {
            id,
            owner: order.terms.merchant.clone(),
            order: order.terms.number.clone(),
            due_at: input
                .flag()
                .then(|| vectors::at(begin().as_second() + i64::from(input.byte()))),
            after: None,
            attempts: u32::from(input.byte() % 3),
            body,
        };
        match input.byte() % 3 {
            0 => TaskWrite::Replace { task, expected: u64::from(input.byte() % 3) },
            _ => TaskWrite::Insert(task),
        }
    }

    fn record(&mut self, input: &mut Input<'_>) -> RecordWrite {
        let (key, body) = (self.name(input), input.text());
        let expires_at = input.flag().then(begin);
        let change = match input.byte() % 4 {
            0 => RecordChange::Insert { body, expires_at },
            1 => RecordChange::Replace { body, expected: 1, expires_at },
            2 => RecordChange::Put { body, expires_at },
            _ => RecordChange::Take { expected: 1 },
        };
        RecordWrite { space: "setting", key, change }
    }
}

fn owner(input: &mut Input<'_>) -> MerchantId {
    MerchantId::new(OWNERS[usize::from(input.byte() == 1)])
}

fn notice(input: &mut Input<'_>, transaction: &QueryId) -> Notice {
    Notice {
        id: input.text().as_str().into(),
        receiver: input.pick(&[Receiver::Industry, Receiver::Channel]),
        transaction: transaction.clone(),
        after: None,
        copies: 1,
        created_at: begin(),
        state: match input.byte() % 3 {
            0 => NoticeState::Queued,
            1 => NoticeState::Retrying { due_at: begin() },
            _ => NoticeState::Undelivered { at: begin() },
        },
        attempts: Vec::new(),
        body: input.flag().then(|| input.text()),
    }
}

/// Everything that can be asked of a store, as text.
async fn told(store: &dyn Store, names: &Names) -> Vec<String> {
    const ALL: usize = 1_000;
    let ok = "it is read";
    let filter = |undelivered_only| NoticeFilter { undelivered_only, count_max: ALL };
    let mut told = vec![
        format!("{:?}", store.orders_after(None, ALL).await.expect(ok)),
        format!("{:?}", store.journal_after(0, 0, ALL).await.expect(ok)),
        format!("{:?}", store.posting_sums().await.expect(ok)),
        format!("{:?}", store.records("setting", None, ALL).await.expect(ok)),
        format!("{}", store.notices(filter(true)).await.expect(ok).len()),
        format!("{}", store.notices(filter(false)).await.expect(ok).len()),
        format!("{:?}", store.next_due(Timestamp::MAX).await.expect(ok)),
    ];
    for name in &names.texts {
        let (number, query_id) = (OrderNumber::new(name.as_str()), QueryId::new(name.as_str()));
        told.push(format!("{:?}", store.order_by_number(&number).await.expect(ok)));
        told.push(format!("{:?}", store.find_orders(name).await.expect(ok)));
        told.push(format!("{:?}", store.journal_of(name).await.expect(ok)));
        told.push(format!("{:?}", store.record("setting", name).await.expect(ok)));
        for owner in OWNERS.map(MerchantId::new) {
            let order_id = OrderId::new(name.as_str());
            told.push(format!("{:?}", store.by_query_id(&owner, &query_id).await.expect(ok)));
            told.push(format!("{:?}", store.by_name(&owner, name).await.expect(ok)));
            told.push(format!("{:?}", store.references(&owner, &order_id).await.expect(ok)));
            told.push(format!("{:?}", store.tasks_of(&owner, &number).await.expect(ok)));
            told.push(format!("{:?}", store.postings_of(&owner, &number).await.expect(ok)));
            let inquiry = TaskId::inquire(&query_id);
            told.push(format!("{:?}", store.task(&owner, &inquiry).await.expect(ok)));
            for other in &names.texts {
                let reference = Reference {
                    order_id: order_id.clone(),
                    txn_time: TxnTime::new(other.as_str()),
                };
                told.push(format!("{:?}", store.by_reference(&owner, &reference).await.expect(ok)));
            }
        }
    }
    told
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    // not a claim; no life, number, query id, owner; what the set holds
    let head = |number: u8, owner: u8| vec![1, 0, 0, 1, b'A' + number, 1, 1, b'Q', owner];
    let mut seeds = Vec::new();
    for (name, how) in [
        ("order", 0_u8),
        ("order_and_key", 4),
        ("key_alone", 5),
        ("name", 8),
        ("task", 16),
        ("record", 32),
        ("operation", 64),
        ("seen", 128),
        ("all", 252),
    ] {
        let mut bytes = head(0, 0);
        bytes.push(how);
        bytes.extend([2, 1, b'x', 3, 1, b'y', 1, 2, 1, b'z', 1, 1, 1, 0, 1, 1, 2, 0]);
        let twice = [bytes.as_slice(), &head(0, 1), &[how, 2, 2, 0, 1, b'\'', 0]].concat();
        seeds.push((name.to_owned(), bytes));
        seeds.push((format!("{name}_twice"), twice));
    }
    let (_, life) = &super::orders::seeds()[0];
    let mut paid = vec![1, u8::try_from(life.len()).unwrap_or(0)];
    paid.extend(life);
    paid.extend([0, 1, b'N', 1, 1, b'Q', 0, 0, 1, u8::try_from(life.len()).unwrap_or(0)]);
    paid.extend(life);
    seeds.push(("paid".to_owned(), paid));
    seeds
}
