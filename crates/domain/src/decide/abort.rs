//! Aborts: when an open attempt may be ended, and what the wallet's answer makes of it.

use jiff::Timestamp;

use super::{Decision, happens};
use crate::abort::{Abort, AbortReason, AbortStanding};
use crate::command::Outcome;
use crate::event::Event;
use crate::order::{Order, OrderState};
use crate::rejection::Rejection;

pub(super) fn request(
    order: &Order,
    reason: AbortReason,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let asked = || Ok(happens(Event::AbortRequested { reason, at: now }));
    match &order.state {
        OrderState::Paying { .. } if reason == AbortReason::Uncertain => {
            Err(Rejection::PaymentUnderWay)
        }
        OrderState::Paying { .. } | OrderState::Unknown { .. }
            if reason == AbortReason::Timeout && now < order.terms.expires_at =>
        {
            Err(Rejection::NotDueYet(order.terms.expires_at))
        }
        OrderState::Paying { .. } | OrderState::Unknown { .. } => asked(),
        OrderState::Aborting { abort, .. } => {
            let is_new = reason == AbortReason::Merchant
                && (abort.reason != AbortReason::Merchant || !abort.is_open());
            if is_new { asked() } else { Ok(Decision::Nothing) }
        }
        OrderState::Created => Err(Rejection::NoSuchAttempt),
        OrderState::Closed { .. } | OrderState::Aborted { .. } | OrderState::Failed { .. } => {
            Err(Rejection::Ended(order.state.name()))
        }
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Err(Rejection::AlreadyPaid),
    }
}

pub(super) fn record(
    order: &Order,
    outcome: &Outcome,
    at: Timestamp,
) -> Result<Decision, Rejection> {
    match &order.state {
        OrderState::Aborting { abort, .. } => Ok(answered(abort, outcome, at)),
        OrderState::Aborted { .. } => match outcome {
            Outcome::Refused(_) => Err(Rejection::Contradiction(order.state.name())),
            Outcome::Succeeded(_)
            | Outcome::Accepted
            | Outcome::Presented { .. }
            | Outcome::Lost => Ok(Decision::Nothing),
        },
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. } => Err(Rejection::NoSuchAttempt),
        OrderState::Failed { .. } => Ok(Decision::Nothing),
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => match outcome {
            Outcome::Succeeded(_) => Err(Rejection::Contradiction(order.state.name())),
            Outcome::Refused(_) | Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => {
                Ok(Decision::Nothing)
            }
        },
    }
}

fn answered(abort: &Abort, outcome: &Outcome, at: Timestamp) -> Decision {
    match (abort.standing, outcome) {
        (_, Outcome::Succeeded(result)) => happens(Event::Aborted { at, result: result.clone() }),
        (AbortStanding::Asked | AbortStanding::Uncertain { .. }, Outcome::Refused(result)) => {
            happens(Event::AbortRefused { at, result: result.clone() })
        }
        (AbortStanding::Asked, Outcome::Lost) => happens(Event::AbortUncertain { at }),
        (AbortStanding::Uncertain { .. }, Outcome::Lost)
        | (AbortStanding::Refused { .. }, Outcome::Lost | Outcome::Refused(_))
        | (_, Outcome::Accepted | Outcome::Presented { .. }) => Decision::Nothing,
    }
}
