//! The decisions: what a command does to an order in its present state.
//!
//! Where a refund or a cancellation is decided: [`decide`] calls `reversal` below.

mod abort;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::abort::{Abort, AbortStanding};
use crate::command::{Command, Outcome};
use crate::event::Event;
use crate::ids::QueryId;
use crate::limits::{REFUND_AGE_DAYS_MAX, REVERSALS_COUNT_MAX};
use crate::order::{Attempt, DownstreamResult, Order, OrderState, Settlement};
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
        Command::RequestAbort { reason } => abort::request(order, *reason, now),
        Command::RecordAbort { outcome } => abort::record(order, outcome, now),
        Command::RequestReversal { terms, trade_day, paid_since, same_day } => {
            let days = Days { today: *trade_day, paid_since: *paid_since, same_day: *same_day };
            reversal(order, terms, days, now)
        }
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
        OrderState::Paying { .. } | OrderState::Aborting { .. } => Err(Rejection::PaymentUnderWay),
        OrderState::Unknown { .. } => Err(Rejection::PaymentUnknown),
        OrderState::Closed { .. } | OrderState::Failed { .. } | OrderState::Aborted { .. } => {
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
    let succeeded = |result: &DownstreamResult| {
        happens(Event::PaymentSucceeded { at, trade_day, result: result.clone() })
    };
    let failed =
        |result: &DownstreamResult| happens(Event::PaymentFailed { at, result: result.clone() });
    match &order.state {
        OrderState::Created | OrderState::Closed { .. } => Err(Rejection::NoSuchAttempt),
        OrderState::Paying { attempt } => Ok(match outcome {
            Outcome::Succeeded(result) => succeeded(result),
            Outcome::Refused(result) => failed(result),
            _ if attempt.accepted_at.is_some() => Decision::Nothing,
            Outcome::Accepted => happens(Event::PaymentAccepted { at, qr_code: None }),
            Outcome::Presented { qr_code } => {
                happens(Event::PaymentAccepted { at, qr_code: Some(qr_code.clone()) })
            }
            Outcome::Lost => happens(Event::PaymentUncertain { at }),
        }),
        OrderState::Unknown { .. }
        | OrderState::Aborting {
            abort: Abort { standing: AbortStanding::Refused { .. }, .. },
            ..
        } => Ok(match outcome {
            Outcome::Succeeded(result) => succeeded(result),
            Outcome::Refused(result) => failed(result),
            Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => Decision::Nothing,
        }),
        // From the intent to abort on only the answer to the abort tells; what was reported before
        // it may arrive after it.
        OrderState::Aborting { .. } | OrderState::Aborted { .. } => Ok(Decision::Nothing),
        OrderState::Failed { .. } => match outcome {
            Outcome::Succeeded(_) => Err(Rejection::Contradiction(order.state.name())),
            Outcome::Refused(_) | Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => {
                Ok(Decision::Nothing)
            }
        },
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => match outcome {
            Outcome::Refused(_) => Err(Rejection::Contradiction(order.state.name())),
            Outcome::Succeeded(_)
            | Outcome::Accepted
            | Outcome::Presented { .. }
            | Outcome::Lost => Ok(Decision::Nothing),
        },
    }
}

fn close(order: &Order, now: Timestamp) -> Result<Decision, Rejection> {
    match &order.state {
        OrderState::Created if now >= order.terms.expires_at => {
            Ok(happens(Event::Closed { at: now }))
        }
        OrderState::Created => Err(Rejection::NotDueYet(order.terms.expires_at)),
        OrderState::Closed { .. } => Ok(Decision::Nothing),
        OrderState::Paying { .. } | OrderState::Aborting { .. } => Err(Rejection::PaymentUnderWay),
        OrderState::Unknown { .. } => Err(Rejection::PaymentUnknown),
        OrderState::Failed { .. } | OrderState::Aborted { .. } => {
            Err(Rejection::Ended(order.state.name()))
        }
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Err(Rejection::AlreadyPaid),
    }
}

/// The days that bound reversals.
#[derive(Clone, Copy)]
struct Days {
    today: Date,
    paid_since: Option<Date>,
    same_day: bool,
}

/// Refunds and cancellations: the rules of ucsp.md sections 4 and 5 and of upay.md section 9, in
/// the order of precedence.
fn reversal(
    order: &Order,
    terms: &ReversalTerms,
    days: Days,
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
            cancellation(settlement, terms, days)?;
        }
        ReversalKind::Refund => refund(order, settlement, terms, (days, now))?,
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
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. }
        | OrderState::Failed { .. } => Err(Rejection::NotSuccessful(order.state.name())),
    }
}

fn cancellation(
    settlement: &Settlement,
    terms: &ReversalTerms,
    days: Days,
) -> Result<(), Rejection> {
    if days.same_day && settlement.trade_day != days.today {
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
    (days, now): (Days, Timestamp),
) -> Result<(), Rejection> {
    let age = now.duration_since(settlement.paid_at);
    let age_max = SignedDuration::from_hours(REFUND_AGE_DAYS_MAX.saturating_mul(24));
    let is_too_old = match days.paid_since {
        Some(since) => settlement.trade_day < since,
        None => age > age_max,
    };
    if is_too_old {
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
        (ReversalState::Processing, Outcome::Accepted | Outcome::Presented { .. })
            if reversal.pending_since.is_none() =>
        {
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
            Outcome::Accepted
            | Outcome::Presented { .. }
            | Outcome::Lost
            | Outcome::Succeeded(_)
            | Outcome::Refused(_),
        ) => Ok(Decision::Nothing),
    }
}

const fn contradiction(reversal: &Reversal) -> Rejection {
    Rejection::Contradiction(reversal.state.name())
}
