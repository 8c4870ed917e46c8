//! SUBMIT_PAYMENT_ORDER: a merchant places an order; `tn` comes back.

use std::sync::Arc;

use domain::Event;
use domain::ids::{AcquirerIin, ChannelCode, MerchantId, Reference, UserId};
use domain::order::{Details, Order, Origin, Terms};
use jiff::Timestamp;
use money::Amount;

use super::rights::{acting_for, opened, takes};
use crate::caller::Caller;
use crate::flights::Flight;
use crate::limits::{NUMBER_TRIES_COUNT_MAX, PAY_TIMEOUT_DEFAULT, PAY_TIMEOUT_MAX};
use crate::platform::Platform;
use crate::ports::downstream::PlaceError;
use crate::ports::store::{CommitOutcome, Duplicate};
use crate::refusal::Refusal;
use crate::writeset::{
    KeyClaim, OrderWrite, Target, TargetKind, Task, TaskBody, TaskId, TaskWrite, WriteSet,
};

/// What is submitted.
#[derive(Debug, Clone)]
pub struct SubmitOrder {
    /// `orderId` and `txnTime`.
    pub reference: Reference,
    /// `merId`.
    pub merchant: MerchantId,
    /// `acqIIN`.
    pub acquirer: AcquirerIin,
    /// `txnAmt` and `currencyCode`; above zero.
    pub amount: Amount,
    /// `channelCode`.
    pub channel: ChannelCode,
    /// `userId`.
    pub user: UserId,
    /// What is shown and echoed.
    pub details: Details,
    /// `payTimeout`, business time.
    pub pay_timeout: Option<Timestamp>,
    /// The canonical form of the input.
    pub canonical: String,
}

/// Places an order, or answers a replay as the first time.
///
/// # Errors
/// A [`Refusal`]; then no order was made.
pub async fn submit_order(
    platform: &Platform,
    caller: &Caller,
    input: SubmitOrder,
) -> Result<Order, Refusal> {
    let acting = acting_for(platform, caller, &input.merchant, &input.acquirer)?;
    opened(&acting.directory, &input.channel, caller.industry()?, "channelCode")?;
    let key = (&input.merchant, &input.reference);
    let _flight = enter_key(platform, caller, key, &input.canonical).await?;
    if let Some(first) = first_answer(platform, caller, &input).await? {
        return Ok(first);
    }
    takes(&acting.merchant, input.amount.currency())?;
    for _ in 0..NUMBER_TRIES_COUNT_MAX {
        let order = fresh_order(platform, caller, &input).await?;
        platform.downstream.place(&order).await.map_err(not_placed)?;
        match platform.store.commit(write_set(caller, &order, &input)).await {
            Ok(CommitOutcome::Committed) => return Ok(order),
            Ok(CommitOutcome::Duplicate(Duplicate::Message)) => return Err(Refusal::Replayed),
            Ok(CommitOutcome::Duplicate(Duplicate::Reference(claim))) => {
                return stored(platform, caller, &claim, &input).await;
            }
            Ok(CommitOutcome::Duplicate(Duplicate::Taken(_)) | CommitOutcome::Stale) => {}
            Err(error) => return Err(platform.failed(&error)),
        }
    }
    Err(platform.unexpected("no free order number was found"))
}

/// Enters (merId, orderId, txnTime): the same content waits for the first, other content is refused
/// at once, and its message is used up by that.
pub(super) async fn enter_key(
    platform: &Platform,
    caller: &Caller,
    (merchant, reference): (&MerchantId, &Reference),
    canonical: &str,
) -> Result<Flight, Refusal> {
    let key = format!("key:{merchant}/{}/{}", reference.order_id, reference.txn_time);
    let entered = platform.enter_key(key, canonical).await;
    if matches!(entered, Err(Refusal::Differs { .. })) {
        remember(platform, caller).await?;
    }
    entered
}

async fn first_answer(
    platform: &Platform,
    caller: &Caller,
    input: &SubmitOrder,
) -> Result<Option<Order>, Refusal> {
    let claim = platform.store.by_reference(&input.merchant, &input.reference).await;
    match claim.map_err(|error| platform.failed(&error))? {
        Some(claim) => stored(platform, caller, &claim, input).await.map(Some),
        None => Ok(None),
    }
}

/// The order of a key that was used before, if the content is the same.
async fn stored(
    platform: &Platform,
    caller: &Caller,
    claim: &KeyClaim,
    input: &SubmitOrder,
) -> Result<Order, Refusal> {
    remember(platform, caller).await?;
    same_input(platform, claim, TargetKind::Payment, &input.canonical)?;
    let order = platform.store.order(&claim.owner, &claim.target.order).await;
    let order = order.map_err(|error| platform.failed(&error))?;
    order.map(|o| o.value).ok_or_else(|| platform.unexpected("a key names no order"))
}

/// Remembers a message that is answered without changing anything else, so that its bytes cannot be
/// sent again after a restart either.
pub(super) async fn remember(platform: &Platform, caller: &Caller) -> Result<(), Refusal> {
    let Some(seen) = caller.seen.clone() else { return Ok(()) };
    let set = WriteSet { seen: Some(seen), ..WriteSet::default() };
    match platform.store.commit(set).await {
        Ok(CommitOutcome::Committed | CommitOutcome::Stale) => Ok(()),
        Ok(CommitOutcome::Duplicate(_)) => Err(Refusal::Replayed),
        Err(error) => Err(platform.failed(&error)),
    }
}

/// The key was used for the same kind of transaction with the same content.
pub(super) fn same_input(
    platform: &Platform,
    claim: &KeyClaim,
    kind: TargetKind,
    canonical: &str,
) -> Result<(), Refusal> {
    let differs = (platform.settings.compare)(&claim.input, canonical);
    match differs {
        Some(field) => Err(Refusal::Differs { field }),
        None if claim.target.kind != kind => Err(Refusal::Differs { field: "orderId".into() }),
        None => Ok(()),
    }
}

async fn fresh_order(
    platform: &Platform,
    caller: &Caller,
    input: &SubmitOrder,
) -> Result<Order, Refusal> {
    // Nobody has given out a coupon yet, so that none is known; without this the payer would be
    // charged the full amount where a discount was promised.
    if input.details.coupon.is_some() {
        return Err(Refusal::limit("couponId", "no such coupon"));
    }
    let now = platform.clock.now();
    let expires_at = expiry(now, input.pay_timeout)?;
    let query_id = platform.query_id(now).await.map_err(|error| platform.failed(&error))?;
    Ok(Order::submitted(Terms {
        number: platform.ids.order_number(now),
        query_id,
        merchant: input.merchant.clone(),
        acquirer: input.acquirer.clone(),
        reference: input.reference.clone(),
        amount: input.amount,
        created_at: now,
        expires_at,
        origin: Origin::Industry {
            app: caller.app.clone(),
            industry: caller.industry()?.clone(),
            channel: input.channel.clone(),
            user: input.user.clone(),
        },
        details: input.details.clone(),
        scenario: scenario(caller, input.amount),
    }))
}

/// The sandbox outcome: the header's, else the amount's last two digits (ucsp.md section 7).
pub(super) fn scenario(caller: &Caller, amount: Amount) -> Option<u8> {
    if !caller.sandbox {
        return None;
    }
    caller.scenario.or_else(|| u8::try_from(amount.minor().checked_rem(100)?).ok())
}

fn expiry(now: Timestamp, asked: Option<Timestamp>) -> Result<Timestamp, Refusal> {
    let default = now.checked_add(PAY_TIMEOUT_DEFAULT).unwrap_or(now);
    let latest = now.checked_add(PAY_TIMEOUT_MAX).unwrap_or(now);
    match asked {
        None => Ok(default),
        Some(at) if at <= now => Err(Refusal::limit("payTimeout", "is over already")),
        Some(at) if at > latest => Err(Refusal::limit("payTimeout", "is more than 24 h ahead")),
        Some(at) => Ok(at),
    }
}

fn not_placed(error: PlaceError) -> Refusal {
    match error {
        PlaceError::Refused { code, message } => Refusal::DownstreamRefused { code, message },
        PlaceError::Unavailable(reason) => Refusal::Unavailable { reason },
    }
}

fn write_set(caller: &Caller, order: &Order, input: &SubmitOrder) -> WriteSet {
    let terms = &order.terms;
    WriteSet {
        order: Some(OrderWrite { order: order.clone(), expected: None }),
        events: vec![Event::Submitted { terms: Arc::clone(terms) }],
        at: Some(terms.created_at),
        keys: vec![KeyClaim {
            owner: terms.merchant.clone(),
            reference: terms.reference.clone(),
            target: Target {
                order: terms.number.clone(),
                query_id: terms.query_id.clone(),
                kind: TargetKind::Payment,
            },
            input: input.canonical.clone(),
        }],
        tasks: vec![TaskWrite::Insert(Task {
            id: TaskId::close(&terms.number),
            owner: terms.merchant.clone(),
            order: terms.number.clone(),
            due_at: Some(terms.expires_at),
            after: None,
            attempts: 0,
            body: TaskBody::Close,
        })],
        seen: caller.seen.clone(),
        ..WriteSet::default()
    }
}
