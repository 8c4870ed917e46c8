//! What an event makes of an order.

use std::sync::Arc;

use money::Amount;

use crate::abort::{Abort, AbortStanding};
use crate::event::Event;
use crate::ids::QueryId;
use crate::order::{Order, OrderState, Settlement};
use crate::reversal::{Reversal, ReversalKind, ReversalState};

/// An event that cannot follow on the state: the journal or the program is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{event} cannot follow on {state} of order {order}")]
pub struct Impossible {
    /// The event's name.
    pub event: &'static str,
    /// The state's name.
    pub state: &'static str,
    /// The order's number.
    pub order: String,
}

/// The order after the event.
///
/// # Errors
/// [`Impossible`] when the event cannot follow, which a decided event never is.
pub fn apply(order: Order, event: &Event) -> Result<Order, Impossible> {
    let impossible = Impossible {
        event: event.name(),
        state: order.state.name(),
        order: order.terms.number.to_string(),
    };
    let Order { terms, state, reversals } = order;
    match reversal_event(event) {
        None => {
            let state = payment(&terms.amount, state, event).ok_or(impossible)?;
            Ok(Order { terms, state, reversals })
        }
        Some(kind) => {
            let changed = match kind {
                ReversalEvent::New(fresh) => requested(state, reversals, *fresh),
                ReversalEvent::Result(query_id, next) => {
                    moved(state, reversals, (query_id, *next), event)
                }
            };
            let (state, reversals) = changed.ok_or(impossible)?;
            Ok(Order { terms, state, reversals })
        }
    }
}

/// The order that its events tell, in their order.
///
/// # Errors
/// [`Impossible`] when they tell no order: the first is not a submission or one cannot follow.
pub fn replay<'a>(
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<Option<Order>, Impossible> {
    let mut order: Option<Order> = None;
    for event in events {
        order = Some(match (order, event) {
            (None, Event::Submitted { terms }) => Order::submitted(Arc::clone(terms)),
            (None, other) => {
                return Err(Impossible {
                    event: other.name(),
                    state: "none",
                    order: String::new(),
                });
            }
            (Some(order), event) => apply(order, event)?,
        });
    }
    Ok(order)
}

fn payment(amount: &Amount, state: OrderState, event: &Event) -> Option<OrderState> {
    match (state, event) {
        (OrderState::Created, Event::PaymentStarted { attempt }) => {
            Some(OrderState::Paying { attempt: attempt.clone() })
        }
        (OrderState::Created, Event::Closed { at }) => Some(OrderState::Closed { at: *at }),
        (OrderState::Paying { mut attempt }, Event::PaymentAccepted { at, qr_code }) => {
            attempt.accepted_at = Some(*at);
            attempt.qr_code.clone_from(qr_code);
            Some(OrderState::Paying { attempt })
        }
        (OrderState::Paying { attempt }, Event::PaymentUncertain { at }) => {
            Some(OrderState::Unknown { attempt, since: *at })
        }
        (
            OrderState::Paying { attempt }
            | OrderState::Unknown { attempt, .. }
            | OrderState::Aborting {
                attempt,
                abort: Abort { standing: AbortStanding::Refused { .. }, .. },
            },
            Event::PaymentFailed { at, result },
        ) => Some(OrderState::Failed { attempt, result: result.clone(), at: *at }),
        (
            OrderState::Paying { attempt }
            | OrderState::Unknown { attempt, .. }
            | OrderState::Aborting {
                attempt,
                abort: Abort { standing: AbortStanding::Refused { .. }, .. },
            },
            Event::PaymentSucceeded { at, trade_day, result },
        ) => Some(OrderState::Paid {
            settlement: Settlement {
                attempt,
                paid_at: *at,
                trade_day: *trade_day,
                paid: *amount,
                given_back: Amount::zero(amount.currency()),
                result: result.clone(),
            },
        }),
        (state, event) => aborting(state, event),
    }
}

/// The part of an abort.
fn aborting(state: OrderState, event: &Event) -> Option<OrderState> {
    match (state, event) {
        (
            OrderState::Paying { attempt }
            | OrderState::Unknown { attempt, .. }
            | OrderState::Aborting { attempt, .. },
            Event::AbortRequested { reason, at },
        ) => Some(OrderState::Aborting { attempt, abort: Abort::requested(*reason, *at) }),
        (OrderState::Aborting { attempt, mut abort }, Event::AbortUncertain { at }) => {
            abort.standing = AbortStanding::Uncertain { since: *at };
            Some(OrderState::Aborting { attempt, abort })
        }
        (OrderState::Aborting { attempt, mut abort }, Event::AbortRefused { at, .. }) => {
            abort.standing = AbortStanding::Refused { at: *at };
            Some(OrderState::Aborting { attempt, abort })
        }
        (OrderState::Aborting { attempt, abort }, Event::Aborted { at, .. }) => {
            Some(OrderState::Aborted { attempt, abort, at: *at })
        }
        (_, _) => None,
    }
}

enum ReversalEvent<'a> {
    New(Box<Reversal>),
    Result(&'a QueryId, Box<ReversalState>),
}

fn reversal_event(event: &Event) -> Option<ReversalEvent<'_>> {
    let next = |query_id, state| Some(ReversalEvent::Result(query_id, Box::new(state)));
    match event {
        Event::ReversalRequested { terms } => {
            Some(ReversalEvent::New(Box::new(Reversal::requested(terms.as_ref().clone()))))
        }
        Event::ReversalAccepted { query_id, .. } => next(query_id, ReversalState::Processing),
        Event::ReversalUncertain { query_id, at } => {
            next(query_id, ReversalState::Unknown { since: *at })
        }
        Event::ReversalSucceeded { query_id, at, result, .. } => {
            next(query_id, ReversalState::Succeeded { at: *at, result: result.clone() })
        }
        Event::ReversalRefused { query_id, at, result, .. } => {
            next(query_id, ReversalState::Refused { at: *at, result: result.clone() })
        }
        Event::Submitted { .. }
        | Event::PaymentStarted { .. }
        | Event::PaymentAccepted { .. }
        | Event::PaymentSucceeded { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentUncertain { .. }
        | Event::AbortRequested { .. }
        | Event::AbortUncertain { .. }
        | Event::AbortRefused { .. }
        | Event::Aborted { .. }
        | Event::Closed { .. } => None,
    }
}

fn requested(
    state: OrderState,
    mut reversals: Vec<Reversal>,
    fresh: Reversal,
) -> Option<(OrderState, Vec<Reversal>)> {
    let known = reversals.iter().any(|r| r.terms.query_id == fresh.terms.query_id);
    if known || !matches!(state, OrderState::Paid { .. } | OrderState::PartRefunded { .. }) {
        return None;
    }
    reversals.push(fresh);
    Some((state, reversals))
}

fn moved(
    state: OrderState,
    mut reversals: Vec<Reversal>,
    (query_id, next): (&QueryId, ReversalState),
    event: &Event,
) -> Option<(OrderState, Vec<Reversal>)> {
    let reversal = reversals.iter_mut().find(|r| &r.terms.query_id == query_id)?;
    if !reversal.is_open() {
        return None;
    }
    let state = match next {
        ReversalState::Succeeded { .. } => {
            given_back(state, reversal.terms.kind, reversal.terms.amount)?
        }
        ReversalState::Processing
        | ReversalState::Unknown { .. }
        | ReversalState::Refused { .. } => state,
    };
    if let Event::ReversalAccepted { at, .. }
    | Event::ReversalUncertain { at, .. }
    | Event::ReversalSucceeded { at, later: true, .. }
    | Event::ReversalRefused { at, later: true, .. } = event
    {
        reversal.pending_since = reversal.pending_since.or(Some(*at));
    }
    reversal.state = next;
    Some((state, reversals))
}

fn given_back(state: OrderState, kind: ReversalKind, amount: Amount) -> Option<OrderState> {
    let (OrderState::Paid { mut settlement } | OrderState::PartRefunded { mut settlement }) = state
    else {
        return None;
    };
    let given_back = settlement.given_back.checked_add(amount).ok()?;
    if !settlement.paid.covers(given_back).ok()? {
        return None;
    }
    settlement.given_back = given_back;
    Some(match kind {
        ReversalKind::Cancellation => OrderState::Cancelled { settlement },
        ReversalKind::Refund if settlement.given_back == settlement.paid => {
            OrderState::Refunded { settlement }
        }
        ReversalKind::Refund => OrderState::PartRefunded { settlement },
    })
}
