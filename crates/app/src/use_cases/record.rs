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

use super::till::takings;
use crate::caller::Caller;
use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, StoreError};
use crate::refusal::Refusal;
use crate::writeset::{
    NameClaim, OrderWrite, Target, TargetKind, Task, TaskBody, TaskId, TaskWrite, Versioned,
    WriteSet,
};

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
    /// Which attempt of it.
    pub(crate) what: What<'a>,
    /// Whether the outcome came later, by notice or inquiry.
    pub(crate) later: bool,
}

/// What was attempted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// The payment.
    Payment,
    /// The abort of the payment.
    Abort,
    /// A reversal.
    Reversal(&'a QueryId),
}

/// An order that was made durable a moment ago with its resolver's task and nothing else.
pub(crate) struct Fresh {
    pub(crate) order: Versioned<Order>,
    pub(crate) resolver: Versioned<Task>,
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
    let is_theirs = caller.party == Party::Downstream(order.terms.acquirer.clone());
    if !is_theirs || order.sale().is_some() {
        return Err(Refusal::UnknownTransaction);
    }
    take_notice(platform, &order, query_id, outcome).await
}

/// Takes a notice of the wallet of a terminal's order; the sender was authenticated as the wallet.
///
/// # Errors
/// A [`Refusal`]; the sender tries again.
pub async fn record_wallet(
    platform: &Platform,
    number: &OrderNumber,
    query_id: &QueryId,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let found = platform.store.order_by_number(number).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    let order = found.map(|o| o.value).filter(|order| order.sale().is_some());
    let order = order.ok_or(Refusal::UnknownTransaction)?;
    take_notice(platform, &order, query_id, outcome).await
}

async fn take_notice(
    platform: &Platform,
    order: &Order,
    query_id: &QueryId,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let number = &order.terms.number;
    let payment = &order.terms.query_id == query_id;
    if !payment && order.reversal(query_id).is_none() {
        return Err(Refusal::UnknownTransaction);
    }
    let transaction = Transaction {
        owner: &order.terms.merchant,
        number,
        what: if payment { What::Payment } else { What::Reversal(query_id) },
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
    record_from(platform, None, transaction, outcome).await
}

/// As [`record_outcome`], beginning with what is known of an order that was made a moment ago, so
/// that nothing has to be read.
pub(crate) async fn record_from(
    platform: &Platform,
    fresh: Option<Fresh>,
    transaction: Transaction<'_>,
    outcome: &Outcome,
) -> Result<Order, RecordError> {
    let mut fresh = fresh;
    // In turn, so that many outcomes and requests of one order do not starve one another. Who
    // waited in vain goes on all the same: the store alone decides.
    let _turn = platform.enter_order(transaction.number).await.ok();
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = if let Some(fresh) = fresh.take() {
            Present::Fresh(fresh)
        } else {
            let found = platform.store.order(transaction.owner, transaction.number).await?;
            Present::Stored(found.ok_or(RecordError::NoOrder)?)
        };
        let now = platform.clock.now();
        let command = command(platform, found.order(), transaction, outcome, now);
        let event = match decide(found.order(), &command, now)? {
            Decision::Nothing => {
                if let Outcome::Succeeded(result) = outcome
                    && found.order().was_paid_after_abort(result)
                {
                    let number = transaction.number;
                    tracing::error!(order = %number, "the wallet says: paid after its abort");
                }
                return Ok(found.into_order());
            }
            Decision::Happens(event) => *event,
        };
        let set = consequences(platform, found, event, transaction).await?;
        let after = set.order.as_ref().map(|write| write.order.clone());
        let is_work_left = set.tasks.iter().any(TaskWrite::is_due);
        match (platform.store.commit(set).await?, after) {
            (CommitOutcome::Committed, Some(after)) => {
                platform.watchers.changed(transaction.number);
                if is_work_left {
                    platform.wake.wake();
                }
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
    match transaction.what {
        What::Payment => Command::RecordPayment {
            outcome: outcome.clone(),
            trade_day: platform.settlement_day(order, now),
        },
        What::Abort => Command::RecordAbort { outcome: outcome.clone() },
        What::Reversal(query_id) => Command::RecordReversal {
            query_id: query_id.clone(),
            outcome: outcome.clone(),
            later: transaction.later,
        },
    }
}

/// The order before an event, read or known.
enum Present {
    Fresh(Fresh),
    Stored(Versioned<Order>),
}

impl Present {
    const fn order(&self) -> &Order {
        match self {
            Self::Fresh(fresh) => &fresh.order.value,
            Self::Stored(order) => &order.value,
        }
    }

    fn into_order(self) -> Order {
        match self {
            Self::Fresh(fresh) => fresh.order.value,
            Self::Stored(order) => order.value,
        }
    }
}

/// The write set of an event: the next order, the journal, the ledger, the notices, and the
/// resolver's task ended or brought forward.
async fn consequences(
    platform: &Platform,
    found: Present,
    event: Event,
    transaction: Transaction<'_>,
) -> Result<WriteSet, RecordError> {
    let now = platform.clock.now();
    let (found, resolver) = match found {
        Present::Fresh(fresh) => (fresh.order, Some(fresh.resolver)),
        Present::Stored(order) => {
            let query_id = match transaction.what {
                What::Payment | What::Abort => &order.value.terms.query_id,
                What::Reversal(query_id) => query_id,
            };
            let id = TaskId::inquire(query_id);
            let resolver = platform.store.task(transaction.owner, &id).await?;
            (order, resolver)
        }
    };
    let order = apply(found.value, &event)?;
    let postings = ledger::postings(&order, &event);
    let mut tasks = Vec::new();
    let ended = event.final_result().is_some();
    if let Some(Versioned { value: mut task, version }) = resolver {
        // Accepted or lost: ask at once, then by the schedule; final: never again.
        task.due_at = (!ended).then_some(now);
        task.attempts = 0;
        tasks.push(TaskWrite::Replace { task, expected: version });
    }
    if let Some(result) = event.final_result() {
        match order.sale() {
            None => tasks.extend(notices(platform, &order, result, now).await?),
            Some(_) => tasks.extend(callback(platform, &order, &event, now)),
        }
    }
    let records = takings::released(platform, &order, &event).await?;
    Ok(WriteSet {
        names: wallet_name(&order, &event),
        order: Some(OrderWrite { order, expected: Some(found.version) }),
        events: vec![event],
        at: Some(now),
        postings,
        tasks,
        records,
        ..WriteSet::default()
    })
}

/// The wallet's number of a payment, by which merchants may name it too.
fn wallet_name(order: &Order, event: &Event) -> Vec<NameClaim> {
    let Event::PaymentSucceeded { result, .. } = event else { return Vec::new() };
    let (Some(name), Some(_)) = (&result.reference, order.sale()) else { return Vec::new() };
    vec![NameClaim {
        owner: order.terms.merchant.clone(),
        name: name.clone(),
        target: Target {
            order: order.terms.number.clone(),
            query_id: order.terms.query_id.clone(),
            kind: TargetKind::Payment,
        },
    }]
}

/// The callback of a terminal's order: of its success alone, if it asked for one.
fn callback(
    platform: &Platform,
    order: &Order,
    event: &Event,
    now: Timestamp,
) -> Option<TaskWrite> {
    let Event::PaymentSucceeded { .. } = event else { return None };
    order.terms.details.back_url.as_ref()?;
    let body = (platform.settings.callback)(order);
    let mut notice = fresh_notice(platform, Receiver::Merchant, order.terms.query_id.clone(), now);
    notice.body = Some(body);
    Some(notice_task(order, notice, now))
}

fn fresh_notice(
    platform: &Platform,
    receiver: Receiver,
    transaction: QueryId,
    now: Timestamp,
) -> Notice {
    Notice {
        id: platform.ids.notice_id(),
        receiver,
        transaction,
        after: None,
        copies: 1,
        created_at: now,
        body: None,
        state: NoticeState::Queued,
        attempts: Vec::new(),
    }
}

fn notice_task(order: &Order, notice: Notice, now: Timestamp) -> TaskWrite {
    let due_at = now.checked_add(notice.receiver.first_gap()).unwrap_or(now);
    TaskWrite::Insert(Task {
        id: TaskId::notice(&notice.id),
        owner: order.terms.merchant.clone(),
        order: order.terms.number.clone(),
        due_at: Some(due_at),
        after: notice.after.as_ref().map(TaskId::notice),
        attempts: 0,
        body: TaskBody::Notice(Box::new(notice)),
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
        let mut notice = fresh_notice(platform, receiver, transaction.clone(), now);
        notice.after = last_notice(&earlier, receiver);
        notice.copies = copies;
        notice_task(order, notice, now)
    });
    Ok(made.collect())
}

/// `tasks` as the store made them: what nodes call now may differ by seconds.
fn last_notice(tasks: &[Versioned<Task>], receiver: Receiver) -> Option<domain::ids::NoticeId> {
    let mut notices = tasks.iter().filter_map(|task| match &task.value.body {
        TaskBody::Notice(notice) if notice.receiver == receiver => Some(notice),
        TaskBody::Notice(_) | TaskBody::Close | TaskBody::Inquire { .. } => None,
    });
    notices.next_back().map(|notice| notice.id.clone())
}
