//! refund, cancel and revoke: money goes back, or an open attempt ends. What is allowed is decided
//! in `domain::decide`.

use domain::Command;
use domain::abort::AbortReason;
use domain::ids::{QueryId, Reference};
use domain::order::{Order, OrderState};
use domain::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};
use domain::terminal::Terminal;
use jiff::Timestamp;
use money::Amount;

use super::super::pay_order::resolver_task;
use super::super::record::{Transaction, What, record_outcome};
use super::change::{Changed, Plan, change};
use super::end::end;
use super::find::find;
use super::{NewRefund, OrderBy, TillRefusal, served};
use crate::limits::ATTEMPT_VALID;
use crate::platform::Platform;
use crate::writeset::{KeyClaim, Target, TargetKind, TaskWrite};

/// What a cancellation turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelling {
    /// The payment was under way and was ended.
    Abort,
    /// The order was paid, or nobody knew whether it was: all of it goes back.
    Cancellation,
}

/// Gives a part or all back, once for each `refund_request_no`; one whose outcome is open is
/// resumed.
///
/// # Errors
/// A [`TillRefusal`]; then no money moves by this call.
pub async fn refund(
    platform: &Platform,
    terminal: &Terminal,
    input: NewRefund,
) -> Result<(Order, QueryId), TillRefusal> {
    served(platform, terminal)?;
    let order = find(platform, terminal, &input.by).await?.order;
    let wanted = Wanted {
        kind: ReversalKind::Refund,
        reference: Reference {
            order_id: input.refund_request_no.as_str().into(),
            txn_time: order.terms.number.as_str().into(),
        },
        minor: Some(input.amount),
        operator: input.operator,
        client_tsn: input.client_tsn,
    };
    reverse(platform, &order, &wanted).await
}

/// Undoes an order: ends an open attempt, or gives a payment of the same day back in full.
///
/// # Errors
/// A [`TillRefusal`]; then nothing moves by this call.
pub async fn cancel(
    platform: &Platform,
    terminal: &Terminal,
    by: &OrderBy,
) -> Result<(Order, Cancelling), TillRefusal> {
    served(platform, terminal)?;
    let order = find(platform, terminal, by).await?.order;
    if order.is_open() {
        let tried_before =
            matches!(&order.state, OrderState::Unknown { .. } | OrderState::Aborting { .. });
        let kind = if tried_before { Cancelling::Cancellation } else { Cancelling::Abort };
        match end(platform, &order, AbortReason::Merchant).await {
            Err(TillRefusal::Rule { order, .. }) if order.settlement().is_some() => {
                // It was paid meanwhile.
                return cancel_paid(platform, &order).await;
            }
            ended => return ended.map(|order| (order, kind)),
        }
    }
    cancel_paid(platform, &order).await
}

async fn cancel_paid(
    platform: &Platform,
    order: &Order,
) -> Result<(Order, Cancelling), TillRefusal> {
    let number = order.terms.number.as_str();
    let wanted = Wanted {
        kind: ReversalKind::Cancellation,
        reference: Reference { order_id: number.into(), txn_time: number.into() },
        minor: None,
        operator: None,
        client_tsn: None,
    };
    let (order, _) = reverse(platform, order, &wanted).await?;
    Ok((order, Cancelling::Cancellation))
}

/// A reversal that is wanted.
struct Wanted {
    kind: ReversalKind,
    reference: Reference,
    /// Minor units; `None`: all.
    minor: Option<u64>,
    operator: Option<String>,
    client_tsn: Option<String>,
}

impl Wanted {
    /// The reversal that was made or begun under the same reference, refused ones aside.
    fn made<'o>(&self, order: &'o Order) -> Option<&'o Reversal> {
        let same = |reversal: &&Reversal| {
            reversal.terms.kind == self.kind
                && reversal.terms.reference == self.reference
                && !reversal.is_refused()
        };
        order.reversals.iter().find(same)
    }
}

async fn reverse(
    platform: &Platform,
    order: &Order,
    wanted: &Wanted,
) -> Result<(Order, QueryId), TillRefusal> {
    let place = (&order.terms.merchant, &order.terms.number);
    let fresh = platform.query_id(platform.clock.now()).await;
    let fresh = fresh.map_err(|error| platform.till_failed(&error))?;
    let plan = |order: &Order, now: Timestamp| plan(platform, order, wanted, &fresh, now);
    let order = match change(platform, place, plan).await? {
        Changed::Yes(order) | Changed::No(order) => order,
    };
    // A reversal that was begun before goes on under its own number.
    let query_id = if order.reversal(&fresh).is_some() {
        fresh
    } else {
        let open = wanted.made(&order).map(|reversal| reversal.terms.query_id.clone());
        open.ok_or_else(|| platform.unexpected("a resumed reversal is gone"))?
    };
    let outcome = platform.wallets.reverse(&order, &query_id).await;
    let transaction = Transaction {
        owner: &order.terms.merchant,
        number: &order.terms.number,
        what: What::Reversal(&query_id),
        later: false,
    };
    let recorded = record_outcome(platform, transaction, &outcome).await;
    let order = recorded.unwrap_or_else(|error| platform.left_open(order, &error));
    Ok((order, query_id))
}

/// The number is looked at before the state: a retry after a full refund is still a retry
/// (upay.md section 9.2).
fn plan(
    platform: &Platform,
    order: &Order,
    wanted: &Wanted,
    fresh: &QueryId,
    now: Timestamp,
) -> Result<Plan, TillRefusal> {
    if let Some(made) = wanted.made(order) {
        return resumed(order, made, wanted);
    }
    let terms = terms(platform, order, wanted, fresh, now)?;
    let settings = &platform.settings.terminals;
    let owner = order.terms.merchant.clone();
    let target = Target {
        order: order.terms.number.clone(),
        query_id: fresh.clone(),
        kind: TargetKind::Refund,
    };
    // The key names the first refund of this number; after a refusal another one is tried under it.
    let is_first = order.reversals.iter().all(|it| it.terms.reference != wanted.reference);
    let claim =
        KeyClaim { owner, reference: wanted.reference.clone(), target, input: String::new() };
    let is_refund = wanted.kind == ReversalKind::Refund;
    Ok(Plan {
        command: Command::RequestReversal {
            terms,
            trade_day: settings.day(now),
            paid_since: Some(settings.paid_since(now)),
            same_day: settings.same_day_cancel,
        },
        keys: if is_refund && is_first { vec![claim] } else { Vec::new() },
        tasks: vec![TaskWrite::Insert(resolver_task(order, fresh.clone(), true, now))],
    })
}

/// What a repeat does: one that is done moves nothing, nor does one over another amount
/// (upay.md section 9.2); the same one, while it is open, goes on.
fn resumed(order: &Order, made: &Reversal, wanted: &Wanted) -> Result<Plan, TillRefusal> {
    let query_id = made.terms.query_id.clone();
    if wanted.minor.is_some_and(|minor| minor != made.terms.amount.minor()) {
        return Err(TillRefusal::RefundDone { order: Box::new(order.clone()), query_id });
    }
    match (&made.state, made.terms.kind) {
        (ReversalState::Succeeded { .. }, ReversalKind::Refund) => {
            Err(TillRefusal::RefundDone { order: Box::new(order.clone()), query_id })
        }
        (ReversalState::Succeeded { .. } | ReversalState::Refused { .. }, _) => {
            let rejection = domain::Rejection::AlreadyCancelled;
            Err(TillRefusal::Rule { order: Box::new(order.clone()), rejection })
        }
        (ReversalState::Processing | ReversalState::Unknown { .. }, _) => Ok(Plan {
            // Nothing is known anew: the order stays as it is and the wallet is asked again.
            command: Command::RecordReversal {
                query_id,
                outcome: domain::Outcome::Lost,
                later: false,
            },
            keys: Vec::new(),
            tasks: Vec::new(),
        }),
    }
}

fn terms(
    platform: &Platform,
    order: &Order,
    wanted: &Wanted,
    fresh: &QueryId,
    now: Timestamp,
) -> Result<ReversalTerms, TillRefusal> {
    let amount = match wanted.minor {
        None => order.terms.amount,
        Some(minor) => Amount::new(minor, order.terms.amount.currency())
            .map_err(|error| platform.unexpected(&error.to_string()))?,
    };
    Ok(ReversalTerms {
        kind: wanted.kind,
        query_id: fresh.clone(),
        reference: wanted.reference.clone(),
        amount,
        requested_at: now,
        valid_until: now.checked_add(ATTEMPT_VALID).unwrap_or(now),
        back_url: None,
        reserved: None,
        reason: None,
        operator: wanted.operator.clone(),
        client_tsn: wanted.client_tsn.clone(),
        scenario: None,
    })
}
