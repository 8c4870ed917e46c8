//! Tasks that the dispatcher claims: closing at the deadline, asking after open transactions.

use domain::ids::QueryId;
use domain::inquiry;
use domain::order::{Order, OrderState};
use domain::{Command, Decision, Outcome, Rejection, apply, decide};
use jiff::Timestamp;

use super::record::{RecordError, Transaction, What, record_outcome};
use super::till;
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, StoreError};
use crate::writeset::{OrderWrite, Task, TaskBody, TaskWrite, Versioned, WriteSet};

/// Closes an order whose time to be paid is over. When the order changed meanwhile the task is
/// given back: it is decided again.
///
/// # Errors
/// The store's; the task is claimed again after its lease.
pub async fn run_close(platform: &Platform, claimed: &Versioned<Task>) -> Result<(), StoreError> {
    let task = &claimed.value;
    let Some(found) = platform.store.order(&task.owner, &task.order).await? else {
        return finish(platform, claimed).await;
    };
    let now = platform.clock.now();
    let event = match decide(&found.value, &Command::Close, now) {
        Ok(Decision::Happens(event)) => event,
        // Whoever claimed it saw a later time: clocks of nodes differ, and are put back.
        Err(Rejection::NotDueYet(until)) => return wait(platform, claimed, until).await,
        Ok(Decision::Nothing) | Err(_) => return finish(platform, claimed).await,
    };
    let Ok(order) = apply(found.value, &event) else {
        return finish(platform, claimed).await;
    };
    let set = WriteSet {
        order: Some(OrderWrite { order, expected: Some(found.version) }),
        events: vec![*event],
        at: Some(now),
        tasks: vec![done(claimed)],
        ..WriteSet::default()
    };
    match platform.store.commit(set).await? {
        CommitOutcome::Committed | CommitOutcome::Duplicate(_) => Ok(()),
        CommitOutcome::Stale => give_back(platform, claimed).await,
    }
}

/// Asks what became of a transaction whose result is open, and asks again by the schedule until
/// it is known. An outcome is never guessed.
///
/// # Errors
/// The store's; the task is claimed again after its lease.
pub async fn run_inquiry(platform: &Platform, claimed: &Versioned<Task>) -> Result<(), StoreError> {
    let task = &claimed.value;
    let TaskBody::Inquire { query_id, reversal } = &task.body else {
        return finish(platform, claimed).await;
    };
    let Some(found) = platform.store.order(&task.owner, &task.order).await? else {
        return finish(platform, claimed).await;
    };
    let reversal = reversal.then_some(query_id);
    if !is_open(&found.value, reversal) {
        return finish(platform, claimed).await;
    }
    if till::is_over(&found.value, platform.clock.now()) && reversal.is_none() {
        return end_over(platform, claimed, found.value).await;
    }
    let (what, outcome) = ask(platform, &found.value, reversal).await;
    let transaction = Transaction { owner: &task.owner, number: &task.order, what, later: true };
    match record_outcome(platform, transaction, &outcome).await {
        Ok(order) if !is_open(&order, reversal) => return Ok(()),
        Ok(_) => {}
        Err(RecordError::Store(error)) => return Err(error),
        Err(
            error @ (RecordError::NoOrder
            | RecordError::Rejected(_)
            | RecordError::Contended
            | RecordError::Impossible(_)),
        ) => {
            tracing::error!(order = %task.order, %error, "the result of an inquiry was not taken");
        }
    }
    ask_again(platform, claimed).await
}

/// Asks whoever knows: the downstream system of the acquirer or the wallet of the sale. An abort
/// without an answer is not inquired after but asked for again: only its answer tells.
async fn ask<'q>(
    platform: &Platform,
    order: &Order,
    reversal: Option<&'q QueryId>,
) -> (What<'q>, Outcome) {
    let what = reversal.map_or(What::Payment, What::Reversal);
    if order.sale().is_none() {
        return (what, platform.downstream.inquire(order, reversal).await);
    }
    match (&order.state, reversal) {
        (OrderState::Aborting { abort, .. }, None) if abort.is_open() => {
            (What::Abort, platform.wallets.abort(order).await)
        }
        _ => (what, platform.wallets.inquire(order, reversal).await),
    }
}

/// The deadline of a terminal's order has come.
async fn end_over(
    platform: &Platform,
    claimed: &Versioned<Task>,
    order: Order,
) -> Result<(), StoreError> {
    match till::expire(platform, order).await {
        Ok(order) if !order.is_open() => Ok(()),
        Ok(_) => ask_again(platform, claimed).await,
        Err(refusal) => {
            let order = &claimed.value.order;
            tracing::error!(%order, %refusal, "an order could not be ended at its deadline");
            ask_again(platform, claimed).await
        }
    }
}

fn is_open(order: &Order, reversal: Option<&QueryId>) -> bool {
    match reversal {
        None => order.is_open(),
        Some(id) => order.reversal(id).is_some_and(domain::reversal::Reversal::is_open),
    }
}

/// Sets the task to its next place in the schedule. Recording "accepted" or "lost" for the first
/// time replaced the task: then its present version is read.
async fn ask_again(platform: &Platform, claimed: &Versioned<Task>) -> Result<(), StoreError> {
    let found = platform.store.task(&claimed.value.owner, &claimed.value.id).await?;
    let Some(Versioned { value: mut task, version }) = found else { return Ok(()) };
    if task.due_at.is_none() {
        return Ok(());
    }
    task.attempts = task.attempts.saturating_add(1);
    let now = platform.clock.now();
    let next = now.checked_add(inquiry::gap(task.attempts)).unwrap_or(now);
    task.due_at = Some(sooner(platform, &task, next, now).await?);
    write(platform, TaskWrite::Replace { task, expected: version }).await?;
    platform.wake.wake();
    Ok(())
}

/// The deadline of a terminal's order, when something has to be done then and it comes before the
/// next inquiry. Of an attempt that is being ended it would only be a place in the schedule that is
/// used up too early.
async fn sooner(
    platform: &Platform,
    task: &Task,
    next: Timestamp,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let found = platform.store.order(&task.owner, &task.order).await?;
    let deadline = found.and_then(|order| till::deadline(&order.value));
    let deadline = deadline.filter(|deadline| *deadline > now);
    Ok(deadline.map_or(next, |deadline| deadline.min(next)))
}

fn done(claimed: &Versioned<Task>) -> TaskWrite {
    let mut task = claimed.value.clone();
    task.due_at = None;
    task.attempts = task.attempts.saturating_add(1);
    TaskWrite::Replace { task, expected: claimed.version }
}

/// Puts the task off until an instant.
async fn wait(
    platform: &Platform,
    claimed: &Versioned<Task>,
    until: Timestamp,
) -> Result<(), StoreError> {
    let mut task = claimed.value.clone();
    task.due_at = Some(until);
    write(platform, TaskWrite::Replace { task, expected: claimed.version }).await
}

async fn finish(platform: &Platform, claimed: &Versioned<Task>) -> Result<(), StoreError> {
    write(platform, done(claimed)).await
}

/// The task alone. A stale one was recorded after all, or is somebody else's by now.
async fn write(platform: &Platform, task: TaskWrite) -> Result<(), StoreError> {
    platform.store.commit(WriteSet { tasks: vec![task], ..WriteSet::default() }).await.map(|_| ())
}

/// Ends a claim without having done anything, so that the task can be claimed again at once.
///
/// # Errors
/// The store's; then the claim ends with its lease.
pub async fn give_back(platform: &Platform, claimed: &Versioned<Task>) -> Result<(), StoreError> {
    let (task, expected) = (claimed.value.clone(), claimed.version);
    write(platform, TaskWrite::Replace { task, expected }).await
}
