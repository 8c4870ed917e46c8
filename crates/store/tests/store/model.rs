//! Random sequences of write sets and questions: SQLite says what the model says.

use std::sync::LazyLock;

use app::ports::store::{Lease, NoticeFilter};
use app::ports::{Store, StoreError};
use app::writeset::{
    KeyClaim, Operation, OrderWrite, RecordChange, RecordWrite, Task, TaskId, TaskWrite, WriteSet,
};
use causeway_store::{MemoryStore, SqliteOptions, SqliteStore};
use domain::Event;
use domain::notice::NoticeState;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::build::{
    at, claim, closed, notice, number, order_of, owner, postings, query_id, record, reference,
    refund_claim, seen, task,
};

const ORDERS: u32 = 4;
const REFERENCES: u32 = 5;

#[derive(Debug, Clone)]
enum Action {
    Commit(Box<WriteSet>),
    /// Real time goes on by `passed` seconds before; it never runs backwards.
    Claim {
        now: i64,
        passed: i64,
        count_max: usize,
    },
    Forget {
        now: i64,
        real: i64,
    },
}

/// The owner of an order follows from its number, except now and then.
fn orders() -> impl Strategy<Value = domain::Order> {
    (0..ORDERS, prop::bool::weighted(0.1), any::<bool>()).prop_map(|(n, other, is_closed)| {
        let order = order_of(usize::from((n % 2 == 1) ^ other), n);
        if is_closed { closed(&order) } else { order }
    })
}

fn order_writes() -> impl Strategy<Value = OrderWrite> {
    (orders(), option::of(0..4_u64)).prop_map(|(order, expected)| OrderWrite { order, expected })
}

fn claims() -> impl Strategy<Value = KeyClaim> {
    (orders(), 0..REFERENCES, any::<bool>()).prop_map(|(order, n, is_refund)| {
        if is_refund { refund_claim(&order, n) } else { claim(&order) }
    })
}

fn task_writes() -> impl Strategy<Value = TaskWrite> {
    let state = prop_oneof![
        Just(None),
        Just(Some(NoticeState::Queued)),
        Just(Some(NoticeState::Retrying { due_at: at(5) })),
        Just(Some(NoticeState::Undelivered { at: at(6) })),
    ];
    let after = option::of(0..4_u32);
    let due = option::of(0..20_i64);
    (orders(), 0..4_u32, due, after, 0..2_u32, state, option::of(1..4_u64)).prop_map(
        |(order, id, due, after, attempts, state, expected)| {
            // The same name never belongs to two owners, so that the order of claims is known.
            let name = |id: u32| format!("{}-{id}", order.terms.merchant);
            let body = match state {
                None => app::writeset::TaskBody::Close,
                Some(state) => notice(&order, id, state).body,
            };
            let after = after.filter(|it| *it != id);
            let after = after.map(|it| TaskId::from_stored(name(it)));
            let task = Task { after, attempts, body, ..task(&order, &name(id), due) };
            match expected {
                None => TaskWrite::Insert(task),
                Some(expected) => TaskWrite::Replace { task, expected },
            }
        },
    )
}

fn record_writes() -> impl Strategy<Value = RecordWrite> {
    let expires_at = option::of((0..20_i64).prop_map(at));
    (0..3_u32, 0..4_u32, expires_at, 1..4_u64, "[a-z]{0,3}").prop_map(
        |(key, kind, expires_at, expected, body)| {
            let change = match kind {
                0 => RecordChange::Insert { body, expires_at },
                1 => RecordChange::Replace { body, expected, expires_at },
                2 => RecordChange::Put { body, expires_at },
                _ => RecordChange::Take { expected },
            };
            record(&format!("k{key}"), change)
        },
    )
}

fn sets() -> impl Strategy<Value = WriteSet> {
    let posted = option::weighted(0.3, (0..REFERENCES, prop_oneof!["156", "344"], -9..9_i64));
    (
        option::weighted(0.7, order_writes()),
        vec(claims(), 0..2),
        vec(task_writes(), 0..3),
        vec(record_writes(), 0..2),
        posted,
        option::weighted(0.3, 0..6_u32),
        0..2_usize,
        0..2_usize,
    )
        .prop_map(|(order, keys, tasks, records, posted, message, events, operations)| {
            let operation =
                Operation { stream: "channel:1".into(), kind: "opened".into(), body: "{}".into() };
            WriteSet {
                events: vec![Event::Closed { at: at(9) }; events],
                at: Some(at(9)),
                postings: posted.map_or_else(Vec::new, |(transaction, currency, minor)| {
                    postings(&query_id(transaction), &currency, minor)
                }),
                operations: vec![operation; operations],
                seen: message.and_then(|message| seen(&message.to_string())),
                order,
                keys,
                tasks,
                records,
            }
        })
}

fn actions() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => sets().prop_map(|set| Action::Commit(Box::new(set))),
        3 => (0..20_i64, 0..60_i64, 0..4_usize)
            .prop_map(|(now, passed, count_max)| Action::Claim { now, passed, count_max }),
        1 => (0..20_i64, 0..900_i64).prop_map(|(now, real)| Action::Forget { now, real }),
    ]
}

/// What one action came to, as text; damage without the words, which may differ.
async fn act(store: &dyn Store, real: i64, action: Action) -> String {
    match action {
        Action::Commit(set) => match store.commit(*set).await {
            Ok(outcome) => format!("{outcome:?}"),
            Err(StoreError::Damaged { what, .. }) => format!("damaged {what}"),
            Err(other) => panic!("{other}"),
        },
        Action::Claim { now, count_max, .. } => {
            let lease =
                Lease { holder: "n".to_owned(), real_now: at(real), lease_until: at(real + 90) };
            let claimed = store.claim_due(at(now), &lease, count_max).await.unwrap();
            format!("{claimed:?} {:?}", store.next_due(at(real)).await.unwrap())
        }
        Action::Forget { now, real } => {
            format!("{}", store.forget_expired(at(now), at(real)).await.unwrap())
        }
    }
}

/// Everything that can be asked, as text.
async fn all_answers(store: &dyn Store) -> Vec<String> {
    let mut all = vec![
        format!("{:?}", store.orders_after(None, 100).await.unwrap()),
        format!("{:?}", store.journal_after(0, 0, 1_000).await.unwrap()),
        format!("{:?}", store.journal_lanes().await.unwrap()),
        format!("{:?}", store.journal_of("channel:1").await.unwrap()),
        format!("{:?}", store.posting_sums().await.unwrap()),
        format!("{:?}", store.records("setting", None, 100).await.unwrap()),
    ];
    for undelivered_only in [true, false] {
        let filter = NoticeFilter { undelivered_only, count_max: 5 };
        all.push(format!("{:?}", store.notices(filter).await.unwrap()));
    }
    for n in 0..REFERENCES {
        let number = number(n);
        all.push(format!("{:?}", store.order_by_number(&number).await.unwrap()));
        all.push(format!("{:?}", store.journal_of(number.as_str()).await.unwrap()));
        for name in [number.as_str(), query_id(n).as_str(), reference(n).order_id.as_str()] {
            all.push(format!("{:?}", store.find_orders(name).await.unwrap()));
        }
        for index in 0..2 {
            let owner = owner(index);
            all.push(format!("{:?}", store.order(&owner, &number).await.unwrap()));
            all.push(format!("{:?}", store.by_reference(&owner, &reference(n)).await.unwrap()));
            all.push(format!("{:?}", store.by_query_id(&owner, &query_id(n)).await.unwrap()));
            all.push(format!("{:?}", store.tasks_of(&owner, &number).await.unwrap()));
            all.push(format!("{:?}", store.postings_of(&owner, &number).await.unwrap()));
        }
    }
    all
}

/// One database for all cases, emptied before each.
static SQLITE: LazyLock<(Runtime, SqliteStore, TempDir)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap();
    (Runtime::new().unwrap(), store, folder)
});

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sqlite_agrees_with_the_model(actions in vec(actions(), 1..40)) {
        let (runtime, sqlite, _) = &*SQLITE;
        runtime.block_on(async {
            let memory = MemoryStore::new();
            sqlite.clear().await.unwrap();
            let mut real = 0;
            for (index, action) in actions.into_iter().enumerate() {
                if let Action::Claim { passed, .. } = &action {
                    real += passed;
                }
                let expected = act(&memory, real, action.clone()).await;
                let actual = act(sqlite, real, action.clone()).await;
                prop_assert_eq!(actual, expected, "action {}: {:?}", index, action);
            }
            let (expected, actual) = (all_answers(&memory).await, all_answers(sqlite).await);
            for (expected, actual) in expected.into_iter().zip(actual) {
                prop_assert_eq!(actual, expected);
            }
            Ok(())
        })?;
    }
}
