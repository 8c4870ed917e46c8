//! Random sequences of write sets and questions: SQLite and PostgreSQL say what the model says.

use std::sync::LazyLock;

use app::ports::store::{Lease, NoticeFilter};
use app::ports::{Store, StoreError};
use app::writeset::{
    KeyClaim, NameClaim, Operation, OrderWrite, RecordChange, RecordWrite, Task, TaskId, TaskWrite,
    WriteSet,
};
use causeway_store::{MemoryStore, PostgresStore, SqliteOptions, SqliteStore};
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
use crate::database;

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

/// Whose orders there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owners {
    /// The owner of an order follows from its number, except now and then.
    Two,
    /// All belong to one: a store that is divided by owner does not see that two share a number.
    One,
}

fn orders(owners: Owners) -> impl Strategy<Value = domain::Order> {
    (0..ORDERS, prop::bool::weighted(0.1), any::<bool>()).prop_map(move |(n, other, is_closed)| {
        let is_second = owners == Owners::Two && ((n % 2 == 1) ^ other);
        let order = order_of(usize::from(is_second), n);
        if is_closed { closed(&order) } else { order }
    })
}

fn order_writes(owners: Owners) -> impl Strategy<Value = OrderWrite> {
    (orders(owners), option::of(0..4_u64))
        .prop_map(|(order, expected)| OrderWrite { order, expected })
}

fn claims(owners: Owners) -> impl Strategy<Value = KeyClaim> {
    (orders(owners), 0..REFERENCES, any::<bool>()).prop_map(|(order, n, is_refund)| {
        if is_refund { refund_claim(&order, n) } else { claim(&order) }
    })
}

fn names(owners: Owners) -> impl Strategy<Value = NameClaim> {
    (claims(owners), 0..3_u32).prop_map(|(claim, n)| NameClaim {
        owner: claim.owner,
        name: format!("name-{n}"),
        target: claim.target,
    })
}

fn task_writes(owners: Owners) -> impl Strategy<Value = TaskWrite> {
    let state = prop_oneof![
        Just(None),
        Just(Some(NoticeState::Queued)),
        Just(Some(NoticeState::Retrying { due_at: at(5) })),
        Just(Some(NoticeState::Undelivered { at: at(6) })),
    ];
    let after = option::of(0..4_u32);
    let due = option::of(0..20_i64);
    (orders(owners), 0..4_u32, due, after, 0..2_u32, state, option::of(1..4_u64)).prop_map(
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

fn sets(owners: Owners) -> impl Strategy<Value = WriteSet> {
    let posted = option::weighted(0.3, (0..REFERENCES, prop_oneof!["156", "344"], -9..9_i64));
    (
        option::weighted(0.7, order_writes(owners)),
        (vec(claims(owners), 0..2), vec(names(owners), 0..2)),
        vec(task_writes(owners), 0..3),
        vec(record_writes(), 0..2),
        posted,
        option::weighted(0.3, 0..6_u32),
        0..2_usize,
        0..2_usize,
    )
        .prop_map(
            |(order, (keys, names), tasks, records, posted, message, events, operations)| {
                let operation = Operation {
                    stream: "channel:1".into(),
                    kind: "opened".into(),
                    body: "{}".into(),
                };
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
                    names,
                    tasks,
                    records,
                }
            },
        )
}

fn actions(owners: Owners) -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => sets(owners).prop_map(|set| Action::Commit(Box::new(set))),
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
            let order_id = reference(n).order_id;
            all.push(format!("{:?}", store.references(&owner, &order_id).await.unwrap()));
            let name = format!("name-{n}");
            all.push(format!("{:?}", store.by_name(&owner, &name).await.unwrap()));
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

static POSTGRES: LazyLock<(Runtime, PostgresStore)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(async { database::open(&database::fresh().await).await });
    (runtime, store)
});

/// Does the actions on the model and on a store, which is emptied before.
async fn compare(store: &dyn Store, actions: Vec<Action>) -> Result<(), TestCaseError> {
    let memory = MemoryStore::new();
    store.clear().await.unwrap();
    let mut real = 0;
    for (index, action) in actions.into_iter().enumerate() {
        if let Action::Claim { passed, .. } = &action {
            real += passed;
        }
        let expected = act(&memory, real, action.clone()).await;
        let actual = act(store, real, action.clone()).await;
        prop_assert_eq!(actual, expected, "action {}: {:?}", index, action);
    }
    let (expected, actual) = (all_answers(&memory).await, all_answers(store).await);
    for (expected, actual) in expected.into_iter().zip(actual) {
        prop_assert_eq!(actual, expected);
    }
    Ok(())
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn sqlite_agrees_with_the_model(actions in vec(actions(Owners::Two), 1..40)) {
        let (runtime, sqlite, _) = &*SQLITE;
        runtime.block_on(compare(sqlite, actions))?;
    }

    #[test]
    fn postgres_agrees_with_the_model(actions in vec(actions(Owners::One), 1..40)) {
        let (runtime, postgres) = &*POSTGRES;
        runtime.block_on(compare(postgres, actions))?;
    }
}
