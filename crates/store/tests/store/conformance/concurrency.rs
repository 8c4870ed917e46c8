//! Many at once: exactly one gets what only one can have.

use std::sync::Arc;

use app::ports::store::{Duplicate, Lease};
use app::ports::{CommitOutcome, Store};
use tokio::task::JoinSet;

use super::commit;
use super::journal::assert_chained;
use crate::build::{at, change, number, order, query_id, reference, seen, submit, task, tasks};

const SUBMITTERS: u32 = 100;
const ROUNDS: u64 = 10;

pub(crate) async fn one_of_many_wins_each_version(store: &Arc<dyn Store>) {
    commit(store.as_ref(), submit(&order(1))).await;
    for version in 1..=ROUNDS {
        let mut all = JoinSet::new();
        for _ in 0..SUBMITTERS {
            let store = Arc::clone(store);
            all.spawn(async move { store.commit(change(&order(1), version)).await.unwrap() });
        }
        let outcomes = all.join_all().await;
        let won = outcomes.iter().filter(|it| **it == CommitOutcome::Committed).count();
        let stale = outcomes.iter().filter(|it| **it == CommitOutcome::Stale).count();
        assert_eq!((won, stale), (1, 99), "version {version}");
    }
    let found = store.order_by_number(&number(1)).await.unwrap().unwrap();
    assert_eq!(found.version, ROUNDS + 1);
    let lines = store.journal_after(0, 0, 1_000).await.unwrap();
    assert_eq!(u64::try_from(lines.len()).unwrap(), ROUNDS + 1);
    assert_chained(&lines);
}

pub(crate) async fn one_of_many_gets_the_reference(store: &Arc<dyn Store>) {
    let mut all = JoinSet::new();
    for n in 1..=SUBMITTERS {
        let store = Arc::clone(store);
        all.spawn(async move {
            let mut order = order(n);
            std::sync::Arc::make_mut(&mut order.terms).reference = reference(0);
            (n, store.commit(submit(&order)).await.unwrap())
        });
    }
    let outcomes = all.join_all().await;
    let winners: Vec<u32> =
        outcomes.iter().filter(|it| it.1 == CommitOutcome::Committed).map(|it| it.0).collect();
    let [winner] = winners[..] else { panic!("winners: {winners:?}") };
    for (n, outcome) in outcomes.iter().filter(|it| it.0 != winner) {
        let CommitOutcome::Duplicate(Duplicate::Reference(claim)) = outcome else {
            panic!("{n}: {outcome:?}")
        };
        assert_eq!(claim.target.order, number(winner));
    }
    let orders = store.orders_after(None, 1_000).await.unwrap();
    assert_eq!(orders.len(), 1);
    // The messages of the others may be sent again.
    let mut again = submit(&order(winner % SUBMITTERS + 1));
    again.keys.clear();
    again.seen = seen(query_id(winner % SUBMITTERS + 1).as_str());
    commit(store.as_ref(), again).await;
}

pub(crate) async fn tasks_are_claimed_by_one(store: &Arc<dyn Store>) {
    let all = (0..200).map(|n| task(&order(1), &format!("t{n}"), Some(n)));
    commit(store.as_ref(), tasks(all)).await;
    let mut claims = JoinSet::new();
    for node in 0..20 {
        let store = Arc::clone(store);
        let lease = Lease { holder: format!("node-{node}"), real_now: at(0), lease_until: at(90) };
        claims.spawn(async move { store.claim_due(at(500), &lease, 16).await.unwrap() });
    }
    let mut claimed: Vec<String> = claims
        .join_all()
        .await
        .into_iter()
        .flatten()
        .map(|task| task.value.id.as_str().to_owned())
        .collect();
    assert_eq!(claimed.len(), 200);
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 200, "no task went to two");
}
