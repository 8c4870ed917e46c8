//! The payer confirms at the cashier: intent, attempt, outcome.

use std::time::Duration;

use domain::ids::{CardId, MerchantId, OrderNumber};
use domain::order::{Attempt, Card, Order, Origin};
use domain::{Command, Decision, apply, decide};

use super::cashier::cashier_cards;
use super::record::{Transaction, What, record_outcome};
use crate::limits::{
    ATTEMPT_VALID, NOTICE_FIRST_WAIT_S_MAX, RESOLVER_GRACE, STALE_RETRIES_COUNT_MAX,
};
use crate::platform::Platform;
use crate::ports::channel::{CardPayloadQuestion, ChannelError};
use crate::ports::store::CommitOutcome;
use crate::refusal::Refusal;
use crate::scenario;
use crate::writeset::{OrderWrite, Task, TaskBody, TaskId, TaskWrite, Versioned, WriteSet};

/// What the payer confirmed.
#[derive(Debug, Clone, Default)]
pub struct PayOrder {
    /// The chosen card, one of the channel's list.
    pub card: Option<CardId>,
    /// Sandbox: the outcome to force, 0 to 99.
    pub scenario: Option<u8>,
}

/// Attempts the payment and answers with the order after the synchronous leg: PAYING, UNKNOWN or
/// final. Once the intent is durable the attempt goes on even if the payer's browser goes away.
///
/// # Errors
/// A [`Refusal`]; then no attempt was made.
pub async fn pay_order(
    platform: &Platform,
    number: &OrderNumber,
    input: PayOrder,
) -> Result<Order, Refusal> {
    let order = load(platform, number).await?.value;
    let (card, payload) = match &input.card {
        Some(id) => {
            let chosen = chosen_card(platform, &order, id).await?;
            (Some(chosen), Some(payload(platform, &order, id).await?))
        }
        None => (None, None),
    };
    let order = start(platform, number, card, input.scenario).await?;
    let outcome = platform.downstream.pay(&order, payload).await;
    let transaction =
        Transaction { owner: &order.terms.merchant, number, what: What::Payment, later: false };
    let recorded = record_outcome(platform, transaction, &outcome).await;
    let order = recorded.unwrap_or_else(|error| platform.left_open(order, &error));
    wait_for_notice_if_asked(platform, &order, order.scenario()).await;
    Ok(order)
}

async fn load(platform: &Platform, number: &OrderNumber) -> Result<Versioned<Order>, Refusal> {
    let found = platform.store.order_by_number(number).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    // The order of a terminal is paid at its wallet, and is not known here.
    let found = found.filter(|order| order.value.sale().is_none());
    found.ok_or(Refusal::UnknownTransaction)
}

async fn chosen_card(platform: &Platform, order: &Order, id: &CardId) -> Result<Card, Refusal> {
    let cards = cashier_cards(platform, order).await?;
    let chosen = cards.into_iter().map(|entry| entry.card).find(|card| &card.id == id);
    chosen.ok_or_else(|| Refusal::no_right("cardId", "no card of this user"))
}

/// The card for the downstream system: encrypted for it, never seen here, never kept.
async fn payload(platform: &Platform, order: &Order, id: &CardId) -> Result<String, Refusal> {
    let Origin::Industry { industry, channel, user, .. } = &order.terms.origin else {
        return Err(Refusal::UnknownTransaction);
    };
    let directory = platform.directory.get();
    let acquirer = directory.acquirer(&order.terms.acquirer);
    let asker = acquirer.map(|a| a.downstream_app.clone());
    let asker = asker.ok_or_else(|| platform.unexpected("the acquirer is not in the directory"))?;
    let question = CardPayloadQuestion {
        channel: channel.clone(),
        user: user.clone(),
        industry: industry.to_string(),
        card: id.clone(),
        purpose: Some("1".to_owned()),
        asker,
    };
    platform.channels.card_payload(&question).await.map_err(channel_failed)
}

pub(super) fn channel_failed(error: ChannelError) -> Refusal {
    match error {
        ChannelError::Refused { code, message } => Refusal::DownstreamRefused { code, message },
        ChannelError::Unavailable(reason) | ChannelError::NotSetUp(reason) => {
            Refusal::Unavailable { reason }
        }
    }
}

/// Makes the intent durable.
async fn start(
    platform: &Platform,
    number: &OrderNumber,
    card: Option<Card>,
    scenario: Option<u8>,
) -> Result<Order, Refusal> {
    let _flight = platform.enter_order(number).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = load(platform, number).await?;
        let now = platform.clock.now();
        let attempt = Attempt {
            card: card.clone(),
            started_at: now,
            valid_until: now.checked_add(ATTEMPT_VALID).unwrap_or(now),
            accepted_at: None,
            scenario,
            qr_code: None,
        };
        let decision = decide(&found.value, &Command::StartPayment { attempt }, now);
        let decision = decision.map_err(|rejection| Refusal::Rule { field: "tn", rejection })?;
        let Decision::Happens(event) = decision else { return Ok(found.value) };
        let order = apply(found.value, &event);
        let order = order.map_err(|error| platform.unexpected(&error.to_string()))?;
        let resolver = resolver_task(&order, order.terms.query_id.clone(), false, now);
        let set = WriteSet {
            order: Some(OrderWrite { order: order.clone(), expected: Some(found.version) }),
            events: vec![*event],
            at: Some(now),
            tasks: vec![TaskWrite::Insert(resolver)],
            ..WriteSet::default()
        };
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => return Ok(order),
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {}
            Err(error) => return Err(platform.failed(&error)),
        }
    }
    Err(Refusal::Overloaded)
}

/// The resolver's task, due only when the call itself must have ended: it finds what a crash
/// between intent and outcome left behind.
pub(super) fn resolver_task(
    order: &Order,
    query_id: domain::ids::QueryId,
    reversal: bool,
    now: jiff::Timestamp,
) -> Task {
    Task {
        id: TaskId::inquire(&query_id),
        owner: order.terms.merchant.clone(),
        order: order.terms.number.clone(),
        due_at: Some(now.checked_add(RESOLVER_GRACE).unwrap_or(now)),
        after: None,
        attempts: 0,
        body: TaskBody::Inquire { query_id, reversal },
    }
}

/// Sandbox outcome 09: the notices go out before the answer; waits for their first attempts.
pub(super) async fn wait_for_notice_if_asked(
    platform: &Platform,
    order: &Order,
    asked: Option<u8>,
) {
    if asked != Some(scenario::NOTICE_FIRST) {
        return;
    }
    let wait = Duration::from_secs(NOTICE_FIRST_WAIT_S_MAX);
    let attempted = all_attempted(platform, &order.terms.merchant, &order.terms.number);
    if tokio::time::timeout(wait, attempted).await.is_err() {
        tracing::warn!(order = %order.terms.number, "the notice did not go out before the answer");
    }
}

async fn all_attempted(platform: &Platform, owner: &MerchantId, number: &OrderNumber) {
    loop {
        let rung = platform.attempted.notified();
        let tasks = platform.store.tasks_of(owner, number).await.unwrap_or_default();
        let mut notices = tasks.iter().filter(|t| matches!(t.value.body, TaskBody::Notice(_)));
        if notices.all(|task| task.value.attempts > 0) {
            return;
        }
        rung.await;
    }
}
