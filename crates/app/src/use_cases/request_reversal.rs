//! PAYMENT_CANCELLATION and PAYMENT_REFUND: intent, attempt, outcome. What is allowed is decided
//! in `domain::decide`.

use domain::ids::{AcquirerIin, MerchantId, OrderNumber, QueryId, Reference};
use domain::order::Order;
use domain::reversal::{ReversalKind, ReversalTerms};
use domain::{Command, Decision, Rejection, apply, decide};
use money::Amount;

use super::inquire::{Selector, find};
use super::pay_order::{resolver_task, wait_for_notice_if_asked};
use super::record::{Transaction, What, record_outcome};
use super::rights::{acting_for, takes};
use super::submit_order::{enter_key, remember, same_input, scenario};
use crate::caller::Caller;
use crate::limits::{ATTEMPT_VALID, STALE_RETRIES_COUNT_MAX};
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Duplicate};
use crate::refusal::Refusal;
use crate::writeset::{KeyClaim, OrderWrite, Target, TargetKind, TaskWrite, Versioned, WriteSet};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct RequestReversal {
    /// Cancellation or refund.
    pub kind: ReversalKind,
    /// `orderId` and `txnTime` of the reversal itself.
    pub reference: Reference,
    /// The original: `origQryId`, or `origOrderId` and `origTxnTime`, or all three.
    pub original: Selector,
    /// `merId`.
    pub merchant: MerchantId,
    /// `acqIIN`.
    pub acquirer: AcquirerIin,
    /// `txnAmt` and `currencyCode`.
    pub amount: Amount,
    /// `backUrl`.
    pub back_url: Option<String>,
    /// `reqReserved`.
    pub reserved: Option<String>,
    /// `refundReason`.
    pub reason: Option<String>,
    /// The canonical form of the input.
    pub canonical: String,
}

/// What the durable intent step found.
enum Intent {
    /// The intent is durable; now act.
    Made(Order, QueryId),
    /// The request was answered before.
    Known(Order, QueryId),
}

/// Requests a reversal, or answers a replay as the first time (see `Reversal::first_answer`).
///
/// # Errors
/// A [`Refusal`]; then no money moves.
pub async fn request_reversal(
    platform: &Platform,
    caller: &Caller,
    input: RequestReversal,
) -> Result<(Order, QueryId), Refusal> {
    let acting = acting_for(platform, caller, &input.merchant, &input.acquirer)?;
    let key = (&input.merchant, &input.reference);
    let _flight = enter_key(platform, caller, key, &input.canonical).await?;
    let claim = platform.store.by_reference(&input.merchant, &input.reference).await;
    if let Some(claim) = claim.map_err(|error| platform.failed(&error))? {
        return known(platform, caller, &claim, &input).await;
    }
    takes(&acting.merchant, input.amount.currency())?;
    let target = find(platform, &input.merchant, (&input.original, "origOrderId")).await?;
    if target.kind != TargetKind::Payment {
        return Err(Refusal::UnknownTransaction);
    }
    match intend(platform, caller, &input, &target.order).await? {
        Intent::Known(order, query_id) => Ok((order, query_id)),
        Intent::Made(order, query_id) => Ok(act(platform, order, query_id).await),
    }
}

async fn act(platform: &Platform, order: Order, query_id: QueryId) -> (Order, QueryId) {
    let outcome = platform.downstream.reverse(&order, &query_id).await;
    let transaction = Transaction {
        owner: &order.terms.merchant,
        number: &order.terms.number,
        what: What::Reversal(&query_id),
        later: false,
    };
    let recorded = record_outcome(platform, transaction, &outcome).await;
    let order = recorded.unwrap_or_else(|error| platform.left_open(order, &error));
    let asked = order.reversal(&query_id).and_then(|reversal| reversal.terms.scenario);
    wait_for_notice_if_asked(platform, &order, asked).await;
    (order, query_id)
}

/// The first answer again, if the content is the same.
async fn known(
    platform: &Platform,
    caller: &Caller,
    claim: &KeyClaim,
    input: &RequestReversal,
) -> Result<(Order, QueryId), Refusal> {
    remember(platform, caller).await?;
    same_input(platform, claim, target_kind(input.kind), &input.canonical)?;
    let order = load(platform, &claim.owner, &claim.target.order).await?;
    Ok((order.value, claim.target.query_id.clone()))
}

async fn load(
    platform: &Platform,
    owner: &MerchantId,
    number: &OrderNumber,
) -> Result<Versioned<Order>, Refusal> {
    let found = platform.store.order(owner, number).await;
    let found = found.map_err(|error| platform.failed(&error))?;
    let found = found.filter(|order| order.value.sale().is_none());
    found.ok_or(Refusal::UnknownTransaction)
}

const fn target_kind(kind: ReversalKind) -> TargetKind {
    match kind {
        ReversalKind::Cancellation => TargetKind::Cancellation,
        ReversalKind::Refund => TargetKind::Refund,
    }
}

/// Makes the intent durable: the order reserves the amount, so that no other reversal can take it.
async fn intend(
    platform: &Platform,
    caller: &Caller,
    input: &RequestReversal,
    number: &OrderNumber,
) -> Result<Intent, Refusal> {
    let _flight = platform.enter_order(number).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = load(platform, &input.merchant, number).await?;
        let now = platform.clock.now();
        let query_id = platform.query_id(now).await.map_err(|error| platform.failed(&error))?;
        let terms = terms(caller, input, query_id.clone(), now);
        let trade_day = platform.trade_day(&input.acquirer, now);
        let command =
            Command::RequestReversal { terms, trade_day, paid_since: None, same_day: true };
        let decision = decide(&found.value, &command, now);
        let decision = match decision {
            Ok(decision) => decision,
            // Another node may have taken the same request meanwhile: its own intent stands in
            // its way.
            Err(rejection) => return taken(platform, caller, input, rejection).await,
        };
        let Decision::Happens(event) = decision else {
            return Err(platform.unexpected("a reversal was decided to be nothing"));
        };
        let order = apply(found.value, &event);
        let order = order.map_err(|error| platform.unexpected(&error.to_string()))?;
        let resolver = resolver_task(&order, query_id.clone(), true, now);
        let set = WriteSet {
            order: Some(OrderWrite { order: order.clone(), expected: Some(found.version) }),
            events: vec![*event],
            at: Some(now),
            keys: vec![claim(input, number, &query_id)],
            tasks: vec![TaskWrite::Insert(resolver)],
            seen: caller.seen.clone(),
            ..WriteSet::default()
        };
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => return Ok(Intent::Made(order, query_id)),
            Ok(CommitOutcome::Duplicate(Duplicate::Message)) => return Err(Refusal::Replayed),
            Ok(CommitOutcome::Duplicate(Duplicate::Reference(claim))) => {
                let (order, query_id) = known(platform, caller, &claim, input).await?;
                return Ok(Intent::Known(order, query_id));
            }
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(Duplicate::Taken(_))) => {}
            Err(error) => return Err(platform.failed(&error)),
        }
    }
    Err(Refusal::Overloaded)
}

/// The first answer to a request that was taken already, else the refusal.
async fn taken(
    platform: &Platform,
    caller: &Caller,
    input: &RequestReversal,
    rejection: Rejection,
) -> Result<Intent, Refusal> {
    let claim = platform.store.by_reference(&input.merchant, &input.reference).await;
    let claim = claim.map_err(|error| platform.failed(&error))?;
    let claim = claim.ok_or_else(|| refused(rejection, &input.original))?;
    let (order, query_id) = known(platform, caller, &claim, input).await?;
    Ok(Intent::Known(order, query_id))
}

fn terms(
    caller: &Caller,
    input: &RequestReversal,
    query_id: QueryId,
    now: jiff::Timestamp,
) -> ReversalTerms {
    ReversalTerms {
        kind: input.kind,
        query_id,
        reference: input.reference.clone(),
        amount: input.amount,
        requested_at: now,
        valid_until: now.checked_add(ATTEMPT_VALID).unwrap_or(now),
        back_url: input.back_url.clone(),
        reserved: input.reserved.clone(),
        reason: input.reason.clone(),
        operator: None,
        client_tsn: None,
        scenario: scenario(caller, input.amount),
    }
}

fn claim(input: &RequestReversal, number: &OrderNumber, query_id: &QueryId) -> KeyClaim {
    KeyClaim {
        owner: input.merchant.clone(),
        reference: input.reference.clone(),
        target: Target {
            order: number.clone(),
            query_id: query_id.clone(),
            kind: target_kind(input.kind),
        },
        input: input.canonical.clone(),
    }
}

/// The field that a rule is about: where it is about the original, the one that names it.
fn refused(rejection: Rejection, original: &Selector) -> Refusal {
    let field = match &rejection {
        Rejection::AboveRefundable { .. } | Rejection::NotFullAmount { .. } => "txnAmt",
        Rejection::CurrencyDiffers(_) => "currencyCode",
        Rejection::PaymentUnderWay
        | Rejection::PaymentUnknown
        | Rejection::AlreadyPaid
        | Rejection::Ended(_)
        | Rejection::Expired(_)
        | Rejection::NotDueYet(_)
        | Rejection::NotSuccessful(_)
        | Rejection::AlreadyCancelled
        | Rejection::AlreadyRefunded
        | Rejection::TradeDayOver { .. }
        | Rejection::TooOld
        | Rejection::TooManyReversals
        | Rejection::NoSuchAttempt
        | Rejection::Contradiction(_) => match original {
            Selector::Reference(_) => "origOrderId",
            Selector::QueryId(_) | Selector::Both(..) => "origQryId",
        },
    };
    Refusal::Rule { field, rejection }
}
