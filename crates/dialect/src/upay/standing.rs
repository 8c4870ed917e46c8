//! The projection of states: `order_status`, `status`, what is left, and why.

use domain::abort::{Abort, AbortReason, AbortStanding};
use domain::order::{DownstreamResult, Order, OrderState, Settlement};
use domain::reversal::{Reversal, ReversalKind, ReversalState};
use jiff::Timestamp;
use wire::upay::{BizError, OrderStatus, TransactionStatus};

/// How an order stands, in the words of the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// `order_status`.
    pub order_status: OrderStatus,
    /// `status` of the latest transaction.
    pub status: TransactionStatus,
    /// `net_amount`, minor units.
    pub net_minor: u64,
    /// When the last operation ended here and at the wallet; absent while it is open.
    pub finished: Option<(Timestamp, Option<Timestamp>)>,
    /// `error_code` and `error_message` of an order that will never be paid.
    pub error: Option<(String, String)>,
}

/// How the order stands.
#[must_use]
pub fn standing(order: &Order) -> Standing {
    let total = order.terms.amount.minor();
    let open = |order_status, status| Standing {
        order_status,
        status,
        net_minor: total,
        finished: None,
        error: None,
    };
    match &order.state {
        // Unknown is the moment between a lost answer and the abort that follows, or what a crash
        // left behind: the resolver asks, and ends it at its deadline.
        OrderState::Created | OrderState::Paying { .. } | OrderState::Unknown { .. } => {
            open(OrderStatus::Created, TransactionStatus::InProg)
        }
        OrderState::Aborting { abort, .. } => {
            let (order_status, status) = aborting(abort);
            open(order_status, status)
        }
        OrderState::Aborted { abort, at, .. } => aborted(abort.reason, *at, total),
        OrderState::Closed { at } => aborted(AbortReason::Timeout, *at, total),
        OrderState::Failed { result, at, .. } => Standing {
            order_status: OrderStatus::PayCanceled,
            status: TransactionStatus::FailCanceled,
            net_minor: total,
            finished: Some((*at, wallet_time(result))),
            error: Some(reason(result)),
        },
        OrderState::Paid { settlement } => settled(order, settlement, OrderStatus::Paid),
        OrderState::PartRefunded { settlement } => {
            settled(order, settlement, OrderStatus::PartialRefunded)
        }
        OrderState::Refunded { settlement } => settled(order, settlement, OrderStatus::Refunded),
        OrderState::Cancelled { settlement } => {
            Standing { net_minor: 0, ..settled(order, settlement, OrderStatus::Canceled) }
        }
    }
}

/// An abort under way: the deadline's is "still being paid for" until the wallet stays silent.
const fn aborting(abort: &Abort) -> (OrderStatus, TransactionStatus) {
    match (abort.reason, abort.standing) {
        (AbortReason::Timeout | AbortReason::Uncertain, AbortStanding::Asked) => {
            (OrderStatus::Created, TransactionStatus::InProg)
        }
        (AbortReason::Timeout | AbortReason::Uncertain, AbortStanding::Uncertain { .. }) => {
            (OrderStatus::PayError, TransactionStatus::FailIo2)
        }
        (AbortReason::Timeout | AbortReason::Uncertain, AbortStanding::Refused { .. }) => {
            (OrderStatus::PayError, TransactionStatus::FailError)
        }
        (AbortReason::Merchant, AbortStanding::Asked) => {
            (OrderStatus::CancelInprogress, TransactionStatus::InProg)
        }
        (
            AbortReason::Merchant,
            AbortStanding::Uncertain { .. } | AbortStanding::Refused { .. },
        ) => (OrderStatus::CancelError, TransactionStatus::CancelError),
    }
}

/// Ended without a payment: called off by the merchant (D22), or not paid in time.
fn aborted(reason: AbortReason, at: Timestamp, total: u64) -> Standing {
    let finished = Some((at, None));
    match reason {
        AbortReason::Merchant => Standing {
            order_status: OrderStatus::Canceled,
            status: TransactionStatus::Success,
            net_minor: 0,
            finished,
            error: None,
        },
        AbortReason::Timeout | AbortReason::Uncertain => Standing {
            order_status: OrderStatus::PayCanceled,
            status: TransactionStatus::FailCanceled,
            net_minor: total,
            finished,
            error: Some(said(BizError::TradeTimeout)),
        },
    }
}

/// A paid order: its reversals have the last word, those that were refused aside.
fn settled(order: &Order, settlement: &Settlement, order_status: OrderStatus) -> Standing {
    let net = settlement.paid.minor().saturating_sub(settlement.given_back.minor());
    let paid = (settlement.paid_at, wallet_time(&settlement.result));
    let latest = order.reversals.iter().rev().find(|reversal| !reversal.is_refused());
    let open = order.reversals.iter().rev().find(|reversal| reversal.is_open());
    let (status, finished) = match latest {
        None => (TransactionStatus::Success, Some(paid)),
        Some(reversal) => refund_standing(reversal),
    };
    let order_status = match open.map(|reversal| (reversal.terms.kind, &reversal.state)) {
        Some((ReversalKind::Cancellation, ReversalState::Unknown { .. })) => {
            OrderStatus::CancelError
        }
        Some((ReversalKind::Cancellation, _)) => OrderStatus::CancelInprogress,
        Some((ReversalKind::Refund, _)) if has_unknown(order) => OrderStatus::RefundError,
        Some((ReversalKind::Refund, _)) | None => order_status,
    };
    Standing { order_status, status, net_minor: net, finished, error: None }
}

fn has_unknown(order: &Order) -> bool {
    order.reversals.iter().any(|it| matches!(it.state, ReversalState::Unknown { .. }))
}

/// `status` of one refund or cancellation, and when it ended.
#[must_use]
pub fn refund_standing(
    reversal: &Reversal,
) -> (TransactionStatus, Option<(Timestamp, Option<Timestamp>)>) {
    match (&reversal.state, reversal.terms.kind) {
        (ReversalState::Processing, _) => (TransactionStatus::InProg, None),
        (ReversalState::Unknown { .. }, ReversalKind::Refund) => {
            (TransactionStatus::RefundError, None)
        }
        (ReversalState::Unknown { .. }, ReversalKind::Cancellation) => {
            (TransactionStatus::CancelError, None)
        }
        (ReversalState::Succeeded { at, result }, _) => {
            (TransactionStatus::Success, Some((*at, wallet_time(result))))
        }
        (ReversalState::Refused { at, result }, _) => {
            (TransactionStatus::FailCanceled, Some((*at, wallet_time(result))))
        }
    }
}

fn wallet_time(result: &DownstreamResult) -> Option<Timestamp> {
    result.wallet.as_ref().and_then(|wallet| wallet.finished_at)
}

/// A refusal of a wallet: its code with the published text where there is one. Anything that is
/// no code of this form is a plain failure.
pub(super) fn reason(result: &DownstreamResult) -> (String, String) {
    if let Some(known) = BizError::from_code(&result.code) {
        return said(known);
    }
    let is_code = !result.code.is_empty()
        && result.code.len() <= 64
        && result.code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if is_code {
        (result.code.clone(), result.message.clone())
    } else {
        said(BizError::TradeFailed)
    }
}

pub(super) fn said(error: BizError) -> (String, String) {
    (error.code().to_owned(), error.message().to_owned())
}
