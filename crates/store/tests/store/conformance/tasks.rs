//! Work that falls due: claimed in order, by one at a time, again when a lease lapses.

use std::sync::Arc;

use app::ports::store::{Lease, NoticeFilter};
use app::ports::{CommitOutcome, Store};
use app::writeset::{Task, TaskId, TaskWrite, Versioned, WriteSet};
use domain::notice::NoticeState;

use super::commit;
use crate::build::{at, attempted, notice, number, order, order_of, owner, task, tasks};

/// A lease taken so many seconds after the start, for 90 seconds.
fn lease(seconds: i64) -> Lease {
    Lease { holder: "node-1".to_owned(), real_now: at(seconds), lease_until: at(seconds + 90) }
}

async fn claim(store: &Arc<dyn Store>, now: i64, real: i64, count_max: usize) -> Vec<String> {
    let claimed = store.claim_due(at(now), &lease(real), count_max).await.unwrap();
    claimed.into_iter().map(|task| task.value.id.as_str().to_owned()).collect()
}

fn replace(task: Task, expected: u64) -> WriteSet {
    WriteSet { tasks: vec![TaskWrite::Replace { task, expected }], ..WriteSet::default() }
}

pub(crate) async fn a_task_that_is_there_is_left_alone(store: &Arc<dyn Store>) {
    let first = task(&order(1), "t", Some(10));
    commit(store.as_ref(), tasks([first.clone()])).await;
    commit(store.as_ref(), tasks([task(&order(2), "t", Some(99))])).await;
    let found = store.task(&owner(0), &first.id).await.unwrap();
    assert_eq!(found, Some(Versioned { value: first.clone(), version: 1 }));
    // Another owner has its own.
    let other = task(&order_of(1, 3), "t", None);
    commit(store.as_ref(), tasks([other.clone()])).await;
    assert_eq!(store.task(&owner(1), &first.id).await.unwrap().unwrap().value, other);
    // A version that is not there replaces nothing.
    let stale = store.commit(replace(attempted(&first), 2)).await.unwrap();
    assert_eq!(stale, CommitOutcome::Stale);
    let missing = store.commit(replace(task(&order(1), "u", None), 1)).await.unwrap();
    assert_eq!(missing, CommitOutcome::Stale);
    commit(store.as_ref(), replace(attempted(&first), 1)).await;
    let found = store.task(&owner(0), &first.id).await.unwrap();
    assert_eq!(found, Some(Versioned { value: attempted(&first), version: 2 }));
}

pub(crate) async fn due_tasks_are_claimed_in_order_and_once(store: &Arc<dyn Store>) {
    let order = order(1);
    let due = [("d", Some(20)), ("b", Some(10)), ("a", Some(20)), ("c", None), ("e", Some(21))];
    commit(store.as_ref(), tasks(due.map(|(id, due)| task(&order, id, due)))).await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(10)));
    assert_eq!(claim(store, 9, 0, 10).await, [""; 0]);
    assert_eq!(claim(store, 20, 0, 0).await, [""; 0]);
    assert_eq!(claim(store, 20, 0, 2).await, ["b", "a"]);
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(20)));
    assert_eq!(claim(store, 20, 0, 2).await, ["d"], "what is leased is passed over");
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(21)));
    assert_eq!(claim(store, 21, 0, 2).await, ["e"]);
    assert_eq!(store.next_due(at(0)).await.unwrap(), None);
}

pub(crate) async fn a_lease_lapses_and_ends_with_a_replacement(store: &Arc<dyn Store>) {
    let first = task(&order(1), "t", Some(10));
    commit(store.as_ref(), tasks([first.clone()])).await;
    assert_eq!(claim(store, 10, 0, 1).await, ["t"]);
    assert_eq!(claim(store, 10_000, 89, 1).await, [""; 0], "business time ends no lease");
    assert_eq!(store.next_due(at(89)).await.unwrap(), None);
    assert_eq!(store.next_due(at(90)).await.unwrap(), Some(at(10)));
    assert_eq!(claim(store, 10, 90, 1).await, ["t"], "real time does");
    // The one that was claimed first comes late but before the second: its work counts.
    commit(store.as_ref(), replace(attempted(&first), 1)).await;
    assert_eq!(claim(store, 11, 91, 1).await, ["t"], "the replacement is free at once");
    // A refused replacement ends no lease.
    let stale = store.commit(replace(attempted(&first), 1)).await.unwrap();
    assert_eq!(stale, CommitOutcome::Stale);
    assert_eq!(claim(store, 11, 92, 1).await, [""; 0]);
    let mut done = attempted(&first);
    done.due_at = None;
    commit(store.as_ref(), replace(done, 2)).await;
    assert_eq!(claim(store, 10_000, 10_000, 1).await, [""; 0]);
    assert_eq!(store.next_due(at(10_000)).await.unwrap(), None);
}

pub(crate) async fn a_task_waits_for_the_first_attempt_of_the_one_before(store: &Arc<dyn Store>) {
    let order = order(1);
    let after = |id: &str, before: &str| Task {
        after: Some(TaskId::from_stored(before.to_owned())),
        ..task(&order, id, Some(5))
    };
    let first = task(&order, "first", Some(10));
    let other = task(&order_of(1, 2), "elsewhere", Some(50));
    let all = [first.clone(), after("second", "first"), after("third", "elsewhere"), other];
    commit(store.as_ref(), tasks(all)).await;
    // The third waits for a task of its own owner, which is absent, and so for nothing.
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(5)));
    assert_eq!(claim(store, 30, 0, 10).await, ["third", "first"]);
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(50)), "the second waits");
    let mut attempted = attempted(&first);
    attempted.due_at = Some(at(70));
    commit(store.as_ref(), replace(attempted, 1)).await;
    assert_eq!(store.next_due(at(0)).await.unwrap(), Some(at(5)));
    assert_eq!(claim(store, 30, 0, 10).await, ["second"]);
}

pub(crate) async fn tasks_of_an_order_come_as_they_were_made(store: &Arc<dyn Store>) {
    let order = order(1);
    let made = ["z", "m", "a"].map(|id| task(&order, id, None));
    commit(store.as_ref(), tasks(made[..2].to_vec())).await;
    commit(store.as_ref(), tasks([task(&order_of(1, 2), "other", None), made[2].clone()])).await;
    commit(store.as_ref(), replace(attempted(&made[0]), 1)).await;
    let found = store.tasks_of(&owner(0), &number(1)).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|task| task.value.id.as_str()).collect();
    assert_eq!(ids, ["z", "m", "a"]);
    assert_eq!(found[0].version, 2);
    assert_eq!(store.tasks_of(&owner(1), &number(1)).await.unwrap(), []);
}

pub(crate) async fn troubled_notices_come_newest_first(store: &Arc<dyn Store>) {
    let order = order(1);
    let undelivered = || NoticeState::Undelivered { at: at(1) };
    let states = [
        undelivered(),
        NoticeState::Queued,
        NoticeState::Retrying { due_at: at(60) },
        NoticeState::Confirmed { at: at(1) },
        undelivered(),
    ];
    let made: Vec<Task> = (0..).zip(states).map(|(n, state)| notice(&order, n, state)).collect();
    commit(store.as_ref(), tasks(made.clone())).await;
    let asked = async |undelivered_only, count_max| {
        let filter = NoticeFilter { undelivered_only, count_max };
        let found = store.notices(filter).await.unwrap();
        let id = |task: &Versioned<Task>| made.iter().position(|it| it.id == task.value.id);
        found.iter().filter_map(id).collect::<Vec<_>>()
    };
    assert_eq!(asked(false, 10).await, [4, 2, 0]);
    assert_eq!(asked(true, 10).await, [4, 0]);
    assert_eq!(asked(true, 1).await, [4]);
    let confirmed = Task {
        body: notice(&order, 4, NoticeState::Confirmed { at: at(2) }).body,
        ..made[4].clone()
    };
    commit(store.as_ref(), replace(confirmed, 1)).await;
    assert_eq!(asked(true, 10).await, [0]);
}
