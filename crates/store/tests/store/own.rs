//! What stores keep in an order's row or under a digest: an order's own tasks, payments that are
//! found by their order's number, references and second names. The model judges.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use app::ports::Store;
use app::ports::store::Lease;
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, Task, TaskBody, TaskId, TaskWrite, Versioned, WriteSet,
};
use causeway_store::{MemoryStore, PostgresStore, SqliteOptions, SqliteStore};
use domain::Order;
use domain::ids::QueryId;
use domain::notice::NoticeState;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::build::{
    at, claim, notice, number, order, order_of, owner, query_id, reference, refund_claim, task,
};
use crate::conformance::commit;
use crate::database;

const ORDERS: u32 = 4;

/// Every other order has one number for all, as tills have it.
fn sale(index: usize, n: u32) -> Order {
    let mut order = order_of(index, n);
    if n.is_multiple_of(2) {
        std::sync::Arc::make_mut(&mut order.terms).query_id =
            QueryId::new(order.terms.number.as_str());
    }
    order
}

/// The tasks that an order may have: its own two, another inquiry, and a notice.
fn task_of(order: &Order, kind: u32, due: Option<i64>, attempts: u32) -> Task {
    let n: u32 = order.terms.number.as_str()[1..].parse().unwrap();
    // No two fall due at once, so that the order of claims is known.
    let due = due.map(|due| due * 100 + i64::from(kind * 10 + n));
    let inquire = |query_id: QueryId, reversal| Task {
        body: TaskBody::Inquire { query_id: query_id.clone(), reversal },
        attempts,
        ..task(order, TaskId::inquire(&query_id).as_str(), due)
    };
    match kind {
        0 => Task { attempts, ..task(order, TaskId::close(&order.terms.number).as_str(), due) },
        1 => inquire(order.terms.query_id.clone(), false),
        2 => inquire(query_id(50 + n), true),
        _ => Task { due_at: due.map(at), attempts, ..notice(order, n, NoticeState::Queued) },
    }
}

fn task_writes() -> impl Strategy<Value = TaskWrite> {
    let of = (prop::bool::weighted(0.1), 0..ORDERS, 0..4_u32);
    (of, option::of(0..9_i64), 0..2_u32, option::of(1..4_u64)).prop_map(
        |((other, n, kind), due, attempts, expected)| {
            let task = task_of(&sale(usize::from(other), n), kind, due, attempts);
            match expected {
                None => TaskWrite::Insert(task),
                Some(expected) => TaskWrite::Replace { task, expected },
            }
        },
    )
}

fn claims() -> impl Strategy<Value = KeyClaim> {
    (0..ORDERS, 0..ORDERS, any::<bool>()).prop_map(|(n, other, is_refund)| {
        let order = sale(0, n);
        if is_refund {
            // Now and then under the number of an order.
            let mut refund = refund_claim(&order, 10 + other);
            if other == 0 {
                refund.target.query_id = QueryId::new(number(n ^ 1).as_str());
            }
            refund
        } else {
            KeyClaim { reference: reference(other), ..claim(&order) }
        }
    })
}

fn sets() -> impl Strategy<Value = WriteSet> {
    let orders = (0..ORDERS, option::of(1..4_u64));
    let names = (0..2_usize, 0..ORDERS, 0..3_u32);
    (option::weighted(0.6, orders), vec(task_writes(), 0..3), vec(claims(), 0..2), vec(names, 0..2))
        .prop_map(|(order, tasks, keys, names)| WriteSet {
            order: order.map(|(n, expected)| OrderWrite { order: sale(0, n), expected }),
            names: names
                .into_iter()
                .map(|(index, n, name)| NameClaim {
                    owner: owner(index),
                    name: format!("name-{name}"),
                    target: claim(&sale(0, n)).target,
                })
                .collect(),
            tasks: once(tasks),
            keys,
            ..WriteSet::default()
        })
}

/// A set names a task once.
fn once(writes: Vec<TaskWrite>) -> Vec<TaskWrite> {
    let mut seen = BTreeSet::new();
    let name = |write: &TaskWrite| match write {
        TaskWrite::Insert(task) | TaskWrite::Replace { task, .. } => {
            (task.owner.clone(), task.id.clone())
        }
    };
    writes.into_iter().filter(|write| seen.insert(name(write))).collect()
}

async fn all_answers(store: &dyn Store) -> Vec<String> {
    let mut all = Vec::new();
    for n in 0..ORDERS {
        for index in 0..2 {
            let (order, owner) = (sale(index, n), owner(index));
            let tasks = by_owner(store.tasks_of(&owner, &number(n)).await.unwrap());
            all.push(format!("{tasks:?}"));
            for kind in 0..4 {
                let id = task_of(&order, kind, None, 0).id;
                all.push(format!("{:?}", store.task(&owner, &id).await.unwrap()));
            }
            let numbers = [order.terms.query_id.clone(), QueryId::new(number(n).as_str())];
            for number in numbers.iter().chain(&[query_id(10 + n)]) {
                all.push(format!("{:?}", store.by_query_id(&owner, number).await.unwrap()));
                all.push(format!("{:?}", store.find_orders(number.as_str()).await.unwrap()));
            }
            for n in [n, 10 + n] {
                let reference = reference(n);
                all.push(format!("{:?}", store.by_reference(&owner, &reference).await.unwrap()));
                let found = store.references(&owner, &reference.order_id).await.unwrap();
                all.push(format!("{found:?}"));
            }
            let found = store.by_name(&owner, &format!("name-{n}")).await.unwrap();
            all.push(format!("{found:?}"));
        }
    }
    all
}

/// Numbers are unique over all owners, so that no order is promised between two owners' tasks of
/// one name that fall due together, nor between an order's own tasks and those made before it.
fn by_owner(mut tasks: Vec<Versioned<Task>>) -> Vec<Versioned<Task>> {
    tasks.sort_by_key(|it| (it.value.due_at, it.value.id.clone(), it.value.owner.clone()));
    tasks
}

/// The model and an empty store come to the same.
async fn compare(store: &dyn Store, sets: Vec<WriteSet>) -> Result<(), TestCaseError> {
    let memory = MemoryStore::new();
    for (index, set) in sets.into_iter().enumerate() {
        let expected = memory.commit(set.clone()).await.unwrap();
        let actual = store.commit(set.clone()).await.unwrap();
        prop_assert_eq!(actual, expected, "set {}: {:?}", index, set);
    }
    prop_assert_eq!(all_answers(store).await, all_answers(&memory).await);
    for now in [0, 300, 600, 900] {
        let lease = Lease { holder: "n".to_owned(), real_now: at(0), lease_until: at(9) };
        let expected = memory.claim_due(at(now), &lease, 100).await.unwrap();
        let actual = store.claim_due(at(now), &lease, 100).await.unwrap();
        prop_assert!(actual.is_sorted_by_key(|task| task.value.due_at));
        prop_assert_eq!(by_owner(actual), by_owner(expected), "claimed at {}", now);
        let expected = memory.next_due(at(0)).await.unwrap();
        prop_assert_eq!(store.next_due(at(0)).await.unwrap(), expected);
    }
    Ok(())
}

static POSTGRES: LazyLock<(Runtime, PostgresStore)> = LazyLock::new(|| {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(async { database::open(&database::fresh().await).await });
    (runtime, store)
});

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn sqlite_keeps_it_as_the_model_says(sets in vec(sets(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        Runtime::new().unwrap().block_on(async {
            let sqlite = SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap();
            compare(&sqlite, sets).await
        })?;
    }

    #[test]
    fn postgres_keeps_it_as_the_model_says(sets in vec(sets(), 1..30)) {
        let (runtime, postgres) = &*POSTGRES;
        runtime.block_on(async {
            postgres.clear().await.unwrap();
            compare(postgres, sets).await
        })?;
    }
}

/// The write sets of one batch touch the tasks of one order: none is lost, none fails for another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_orders_two_tasks_are_replaced_at_once() {
    let store = database::open(&database::fresh().await).await;
    let order = sale(0, 2);
    let (close, inquire) = (task_of(&order, 0, Some(1), 0), task_of(&order, 1, Some(1), 0));
    let made = WriteSet {
        order: Some(OrderWrite { order: order.clone(), expected: None }),
        tasks: vec![TaskWrite::Insert(close.clone()), TaskWrite::Insert(inquire.clone())],
        ..WriteSet::default()
    };
    commit(&store, made).await;
    let replace = |task: &Task, expected, order| {
        let task = Task { attempts: 9, ..task.clone() };
        store.commit(WriteSet {
            tasks: vec![TaskWrite::Replace { task, expected }],
            order,
            ..WriteSet::default()
        })
    };
    let changed = Some(OrderWrite { order: order.clone(), expected: Some(1) });
    let all = tokio::join!(
        replace(&close, 1, None),
        replace(&inquire, 1, changed),
        replace(&close, 2, None),
        replace(&inquire, 1, None)
    );
    let committed = [all.0, all.1, all.2, all.3]
        .map(|it| matches!(it, Ok(app::ports::CommitOutcome::Committed)));
    assert_eq!(committed, [true, true, true, false]);
    let found = store.tasks_of(&owner(0), &order.terms.number).await.unwrap();
    let told: Vec<_> = found.iter().map(|it| (it.version, it.value.attempts)).collect();
    assert_eq!(told, [(3, 9), (2, 9)]);
}

#[tokio::test]
async fn an_own_task_without_its_order_is_kept_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let open = || SqliteStore::open(folder.path(), SqliteOptions::default()).unwrap();
    let order = order(1);
    let early = task_of(&order, 0, Some(3), 0);
    let set = |task, order| WriteSet {
        tasks: vec![TaskWrite::Insert(task)],
        order,
        ..WriteSet::default()
    };
    let store = open();
    commit(&store, set(early.clone(), None)).await;
    drop(store);
    let store = open();
    let later = task_of(&order, 0, Some(8), 0);
    let placed = OrderWrite { order: order.clone(), expected: None };
    commit(&store, set(later, Some(placed))).await;
    let found = store.tasks_of(&owner(0), &number(1)).await.unwrap();
    assert_eq!(found, [Versioned { value: early, version: 1 }], "the first one stays");
}
