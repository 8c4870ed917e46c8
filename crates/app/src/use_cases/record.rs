//! What the downstream system said of a transaction becomes part of the order: the second write
//! set of a payment or reversal, with ledger postings and notices.

use domain::event::FinalResult;
use domain::ids::{MerchantId, OrderNumber, QueryId};
use domain::ledger;
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::Order;
use domain::party::Party;
use domain::{Command, Decision, Event, Outcome, Rejection, apply, decide};
use jiff::Timestamp;

use crate::caller::Caller;
use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, StoreError};
use crate::refusal::Refusal;
use crate::writeset::{OrderWrite, Task, TaskBody, TaskId, TaskWrite, Versioned, WriteSet};

/// The outcome could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such order.
    #[error("no such order")]
    NoOrder,
    /// The rules refuse it; a contradiction is for an operator to look at.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The order kept changing.
    #[error("the order changed too often meanwhile")]
    Contended,
    /// The decided event cannot follow, which only a damaged order or a fault can bring about.
    #[error(transparent)]
    Impossible(#[from] domain::Impossible),
}

/// Which order, and which transaction of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Transaction<'a> {
    pub(crate) owner: &'a MerchantId,
    pub(crate) number: &'a OrderNumber,
    /// The reversal, or `None` for the payment.
    pub(crate) reversal: Option<&'a QueryId>,
    /// Whether the outcome came later, by notice or inquiry.
    pub(crate) later: bool,
}

/// Takes a notice of the downstream system. The caller must be the downstream system of the
/// order's acquirer; anything else does not know the order.
///
/// # Errors
/// A [`Refusal`]; the sender tries again.
pub async fn record_downstream(
    platform: &Platform,
    caller: &Caller,
    number: &OrderNumber,
    query_id: &QueryId,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let found = platform.store.order_by_number(number).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    let order = found.map(|o| o.value).ok_or(Refusal::UnknownTransaction)?;
    if caller.party != Party::Downstream(order.terms.acquirer.clone()) {
        return Err(Refusal::UnknownTransaction);
    }
    let payment = &order.terms.query_id == query_id;
    if !payment && order.reversal(query_id).is_none() {
        return Err(Refusal::UnknownTransaction);
    }
    let transaction = Transaction {
        owner: &order.terms.merchant,
        number,
        reversal: (!payment).then_some(query_id),
        later: true,
    };
    match record_outcome(platform, transaction, &outcome).await {
        Ok(_) => Ok(()),
        Err(RecordError::Rejected(rejection)) => {
            tracing::error!(order = %number, %rejection, "the downstream notice was not taken");
            Err(Refusal::Rule { field: "status", rejection })
        }
        Err(error) => Err(platform.record_failed(error)),
    }
}

impl Platform {
    pub(crate) fn record_failed(&self, error: RecordError) -> Refusal {
        match error {
            RecordError::Store(error) => self.failed(&error),
            RecordError::NoOrder => Refusal::UnknownTransaction,
            RecordError::Contended => Refusal::Overloaded,
            RecordError::Rejected(_) | RecordError::Impossible(_) => {
                self.unexpected(&error.to_string())
            }
        }
    }

    /// What is answered when the outcome of an attempt could not be recorded: the intent is
    /// durable and the resolver finds the outcome, so the attempt is under way, and nobody is told
    /// that nothing was done.
    pub(crate) fn left_open(&self, intent: Order, error: &RecordError) -> Order {
        let incident = self.ids.incident();
        let order = &intent.terms.number;
        tracing::error!(%incident, %order, %error, "an outcome is left to the resolver");
        intent
    }
}

/// Records an outcome; deciding again as often as the order changed meanwhile, within bounds.
pub(crate) async fn record_outcome(
    platform: &Platform,
    transaction: Transaction<'_>,
    outcome: &Outcome,
) -> Result<Order, RecordError> {
    // In turn, so that many outcomes and requests of one order do not starve one another. Who
    // waited in vain goes on all the same: the store alone decides.
    let _turn = platform.enter_order(transaction.number).await.ok();
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = platform.store.order(transaction.owner, transaction.number).await?;
        let found = found.ok_or(RecordError::NoOrder)?;
        let now = platform.clock.now();
        let command = command(platform, &found.value, transaction, outcome, now);
        let event = match decide(&found.value, &command, now)? {
            Decision::Nothing => return Ok(found.value),
            Decision::Happens(event) => *event,
        };
        let set = consequences(platform, found, event, transaction).await?;
        let after = set.order.as_ref().map(|write| write.order.clone());
        match (platform.store.commit(set).await?, after) {
            (CommitOutcome::Committed, Some(after)) => {
                platform.wake.wake();
                return Ok(after);
            }
            (CommitOutcome::Committed | CommitOutcome::Stale | CommitOutcome::Duplicate(_), _) => {}
        }
    }
    Err(RecordError::Contended)
}

fn command(
    platform: &Platform,
    order: &Order,
    transaction: Transaction<'_>,
    outcome: &Outcome,
    now: Timestamp,
) -> Command {
    match transaction.reversal {
        None => Command::RecordPayment {
            outcome: outcome.clone(),
            trade_day: platform.trade_day(&order.terms.acquirer, now),
        },
        Some(query_id) => Command::RecordReversal {
            query_id: query_id.clone(),
            outcome: outcome.clone(),
            later: transaction.later,
        },
    }
}

/// The write set of an event: the next order, the journal, the ledger, the notices, and the
/// resolver's task ended or brought forward.
async fn consequences(
    platform: &Platform,
    found: Versioned<Order>,
    event: Event,
    transaction: Transaction<'_>,
) -> Result<WriteSet, RecordError> {
    let now = platform.clock.now();
    let order = apply(found.value, &event)?;
    let postings = ledger::postings(&order, &event);
    let mut tasks = Vec::new();
    let query_id = transaction.reversal.unwrap_or(&order.terms.query_id).clone();
    let ended = event.final_result().is_some();
    let resolver = platform.store.task(transaction.owner, &TaskId::inquire(&query_id)).await?;
    if let Some(Versioned { value: mut task, version }) = resolver {
        // Accepted or lost: ask at once, then by the schedule; final: never again.
        task.due_at = (!ended).then_some(now);
        task.attempts = 0;
        tasks.push(TaskWrite::Replace { task, expected: version });
    }
    if let Some(result) = event.final_result() {
        tasks.extend(notices(platform, &order, result, now).await?);
    }
    Ok(WriteSet {
        order: Some(OrderWrite { order, expected: Some(found.version) }),
        events: vec![event],
        at: Some(now),
        postings,
        tasks,
        ..WriteSet::default()
    })
}

/// One notice for each receiver, behind the earlier ones of this order to the same receiver.
async fn notices(
    platform: &Platform,
    order: &Order,
    result: FinalResult<'_>,
    now: Timestamp,
) -> Result<Vec<TaskWrite>, StoreError> {
    let terms = &order.terms;
    let (transaction, scenario) = match result {
        FinalResult::Payment => (terms.query_id.clone(), order.scenario()),
        FinalResult::Reversal(id) => {
            let scenario = order.reversal(id).and_then(|r| r.terms.scenario);
            (id.clone(), scenario)
        }
    };
    let earlier = platform.store.tasks_of(&terms.merchant, &terms.number).await?;
    let copies = if scenario == Some(crate::scenario::DUPLICATE_NOTICES) { 2 } else { 1 };
    let made = [Receiver::Industry, Receiver::Channel].into_iter().map(|receiver| {
        let after = last_notice(&earlier, receiver);
        let id = platform.ids.notice_id();
        TaskWrite::Insert(Task {
            id: TaskId::notice(&id),
            owner: terms.merchant.clone(),
            order: terms.number.clone(),
            due_at: Some(now),
            after: after.as_ref().map(TaskId::notice),
            attempts: 0,
            body: TaskBody::Notice(Box::new(Notice {
                id,
                receiver,
                transaction: transaction.clone(),
                after,
                copies,
                created_at: now,
                state: NoticeState::Queued,
                attempts: Vec::new(),
            })),
        })
    });
    Ok(made.collect())
}

fn last_notice(tasks: &[Versioned<Task>], receiver: Receiver) -> Option<domain::ids::NoticeId> {
    let notices = tasks.iter().filter_map(|task| match &task.value.body {
        TaskBody::Notice(notice) if notice.receiver == receiver => Some(notice),
        TaskBody::Notice(_) | TaskBody::Close | TaskBody::Inquire { .. } => None,
    });
    notices.max_by_key(|notice| notice.created_at).map(|notice| notice.id.clone())
}
