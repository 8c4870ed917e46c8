//! The decisions: what a command does to an order in its present state.
//!
//! Where a refund or a cancellation is decided: [`decide`] calls `reversal` below.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::command::{Command, Outcome};
use crate::event::Event;
use crate::ids::QueryId;
use crate::limits::{REFUND_AGE_DAYS_MAX, REVERSALS_COUNT_MAX};
use crate::order::{Attempt, Order, OrderState, Settlement};
use crate::rejection::Rejection;
use crate::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};

/// What a command does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// This happens now.
    Happens(Box<Event>),
    /// The order is already where the command would bring it; nothing happens.
    Nothing,
}

/// Decides over one command at one instant.
///
/// # Errors
/// The [`Rejection`] that comes first; the order does not change.
pub fn decide(order: &Order, command: &Command, now: Timestamp) -> Result<Decision, Rejection> {
    match command {
        Command::StartPayment { attempt } => start_payment(order, attempt, now),
        Command::RecordPayment { outcome, trade_day } => {
            record_payment(order, outcome, *trade_day, now)
        }
        Command::Close => close(order, now),
        Command::RequestReversal { terms, trade_day } => reversal(order, terms, *trade_day, now),
        Command::RecordReversal { query_id, outcome, later } => {
            record_reversal(order, query_id, outcome, *later, now)
        }
    }
}

fn happens(event: Event) -> Decision {
    Decision::Happens(Box::new(event))
}

fn start_payment(order: &Order, attempt: &Attempt, now: Timestamp) -> Result<Decision, Rejection> {
    match &order.state {
        OrderState::Created if now >= order.terms.expires_at => {
            Err(Rejection::Expired(order.terms.expires_at))
        }
        OrderState::Created => Ok(happens(Event::PaymentStarted { attempt: attempt.clone() })),
        OrderState::Paying { .. } => Err(Rejection::PaymentUnderWay),
        OrderState::Unknown { .. } => Err(Rejection::PaymentUnknown),
        OrderState::Closed { .. } | OrderState::Failed { .. } => {
            Err(Rejection::Ended(order.state.name()))
        }
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Err(Rejection::AlreadyPaid),
    }
}

fn record_payment(
    order: &Order,
    outcome: &Outcome,
    trade_day: Date,
    at: Timestamp,
) -> Result<Decision, Rejection> {
    let result = match (&order.state, outcome) {
        (OrderState::Created | OrderState::Closed { .. }, _) => Err(Rejection::NoSuchAttempt),
        (OrderState::Paying { .. } | OrderState::Unknown { .. }, Outcome::Succeeded(result)) => {
            Ok(Some(Event::PaymentSucceeded { at, trade_day, result: result.clone() }))
        }
        (OrderState::Paying { .. } | OrderState::Unknown { .. }, Outcome::Refused(result)) => {
            Ok(Some(Event::PaymentFailed { at, result: result.clone() }))
        }
        (OrderState::Paying { attempt }, Outcome::Accepted) if attempt.accepted_at.is_none() => {
            Ok(Some(Event::PaymentAccepted { at }))
        }
        (OrderState::Paying { attempt }, Outcome::Lost) if attempt.accepted_at.is_none() => {
            Ok(Some(Event::PaymentUncertain { at }))
        }
        (OrderState::Failed { .. }, Outcome::Succeeded(_)) => {
            Err(Rejection::Contradiction(order.state.name()))
        }
        (
            OrderState::Paid { .. }
            | OrderState::PartRefunded { .. }
            | OrderState::Refunded { .. }
            | OrderState::Cancelled { .. },
            Outcome::Refused(_),
        ) => Err(Rejection::Contradiction(order.state.name())),
        (
            OrderState::Paying { .. } | OrderState::Unknown { .. },
            Outcome::Accepted | Outcome::Lost,
        )
        | (OrderState::Failed { .. }, Outcome::Accepted | Outcome::Refused(_) | Outcome::Lost)
        | (
            OrderState::Paid { .. }
            | OrderState::PartRefunded { .. }
            | OrderState::Refunded { .. }
            | OrderState::Cancelled { .. },
            Outcome::Accepted | Outcome::Succeeded(_) | Outcome::Lost,
        ) => Ok(None),
    };
    Ok(result?.map_or(Decision::Nothing, happens))
}

fn close(order: &Order, now: Timestamp) -> Result<Decision, Rejection> {
    match &order.state {
        OrderState::Created if now >= order.terms.expires_at => {
            Ok(happens(Event::Closed { at: now }))
        }
        OrderState::Created => Err(Rejection::NotDueYet(order.terms.expires_at)),
        OrderState::Closed { .. } => Ok(Decision::Nothing),
        OrderState::Paying { .. } => Err(Rejection::PaymentUnderWay),
        OrderState::Unknown { .. } => Err(Rejection::PaymentUnknown),
        OrderState::Failed { .. } => Err(Rejection::Ended(order.state.name())),
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Err(Rejection::AlreadyPaid),
    }
}

/// Refunds and cancellations: the rules of ucsp.md sections 4 and 5, in the order of precedence.
fn reversal(
    order: &Order,
    terms: &ReversalTerms,
    trade_day: Date,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let settlement = successful(order)?;
    if order.reversals.len() >= REVERSALS_COUNT_MAX {
        return Err(Rejection::TooManyReversals);
    }
    let standing = || order.reversals.iter().filter(|reversal| !reversal.is_refused());
    if standing().any(|reversal| reversal.terms.kind == ReversalKind::Cancellation) {
        return Err(Rejection::AlreadyCancelled);
    }
    let currency = settlement.paid.currency();
    if terms.amount.currency() != currency {
        return Err(Rejection::CurrencyDiffers(currency));
    }
    match terms.kind {
        ReversalKind::Cancellation => {
            if standing().next().is_some() {
                return Err(Rejection::AlreadyRefunded);
            }
            cancellation(settlement, terms, trade_day)?;
        }
        ReversalKind::Refund => refund(order, settlement, terms, now)?,
    }
    Ok(happens(Event::ReversalRequested { terms: Box::new(terms.clone()) }))
}

fn successful(order: &Order) -> Result<&Settlement, Rejection> {
    match &order.state {
        OrderState::Paid { settlement }
        | OrderState::PartRefunded { settlement }
        | OrderState::Refunded { settlement } => Ok(settlement),
        OrderState::Cancelled { .. } => Err(Rejection::AlreadyCancelled),
        OrderState::Unknown { .. } => Err(Rejection::PaymentUnknown),
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Failed { .. } => Err(Rejection::NotSuccessful(order.state.name())),
    }
}

fn cancellation(
    settlement: &Settlement,
    terms: &ReversalTerms,
    trade_day: Date,
) -> Result<(), Rejection> {
    if settlement.trade_day != trade_day {
        return Err(Rejection::TradeDayOver { trade_day: settlement.trade_day });
    }
    if terms.amount != settlement.paid {
        return Err(Rejection::NotFullAmount { original: settlement.paid });
    }
    Ok(())
}

fn refund(
    order: &Order,
    settlement: &Settlement,
    terms: &ReversalTerms,
    now: Timestamp,
) -> Result<(), Rejection> {
    let age = now.duration_since(settlement.paid_at);
    let age_max = SignedDuration::from_hours(REFUND_AGE_DAYS_MAX.saturating_mul(24));
    if age > age_max {
        return Err(Rejection::TooOld);
    }
    let left = order.refundable();
    let covered = left.covers(terms.amount).unwrap_or(false);
    if covered && !terms.amount.is_zero() {
        Ok(())
    } else {
        Err(Rejection::AboveRefundable { left })
    }
}

fn record_reversal(
    order: &Order,
    query_id: &QueryId,
    outcome: &Outcome,
    later: bool,
    at: Timestamp,
) -> Result<Decision, Rejection> {
    let Some(reversal) = order.reversal(query_id) else {
        return Err(Rejection::NoSuchAttempt);
    };
    let query_id = query_id.clone();
    match (&reversal.state, outcome) {
        (ReversalState::Processing, Outcome::Accepted) if reversal.pending_since.is_none() => {
            Ok(happens(Event::ReversalAccepted { query_id, at }))
        }
        (ReversalState::Processing, Outcome::Lost) if reversal.pending_since.is_none() => {
            Ok(happens(Event::ReversalUncertain { query_id, at }))
        }
        (ReversalState::Processing | ReversalState::Unknown { .. }, Outcome::Succeeded(result)) => {
            Ok(happens(Event::ReversalSucceeded { query_id, at, result: result.clone(), later }))
        }
        (ReversalState::Processing | ReversalState::Unknown { .. }, Outcome::Refused(result)) => {
            Ok(happens(Event::ReversalRefused { query_id, at, result: result.clone(), later }))
        }
        (ReversalState::Succeeded { .. }, Outcome::Refused(_))
        | (ReversalState::Refused { .. }, Outcome::Succeeded(_)) => Err(contradiction(reversal)),
        (
            ReversalState::Processing
            | ReversalState::Unknown { .. }
            | ReversalState::Succeeded { .. }
            | ReversalState::Refused { .. },
            Outcome::Accepted | Outcome::Lost | Outcome::Succeeded(_) | Outcome::Refused(_),
        ) => Ok(Decision::Nothing),
    }
}

const fn contradiction(reversal: &Reversal) -> Rejection {
    Rejection::Contradiction(reversal.state.name())
}
