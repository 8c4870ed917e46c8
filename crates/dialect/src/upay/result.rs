//! Which `result_code` a call tells of the order it left behind (upay.md section 9.1).

use app::ports::Presented;
use app::use_cases::till::{Cancelling, Found};
use domain::abort::{AbortReason, AbortStanding};
use domain::ids::QueryId;
use domain::order::{Order, OrderState};
use domain::reversal::{Reversal, ReversalKind, ReversalState};
use wire::upay::{Biz, BizError, BizResult};

use super::data::{data, data_of_refund, data_with_payer};
use super::standing::{reason, said, standing};

/// The reply to pay.
#[must_use]
pub fn pay_reply(order: &Order) -> Biz {
    let standing = standing(order);
    let (result, error) = match outcome(order) {
        Outcome::Open => (BizResult::PayInProgress, None),
        Outcome::Ending => (BizResult::PayFailInProgress, None),
        Outcome::Unclear => (BizResult::PayFailError, None),
        Outcome::Ended => (BizResult::PayFail, Some(ended(order))),
        Outcome::Paid => (BizResult::PaySuccess, None),
    };
    because(Biz::of(result, data_with_payer(order, &standing)), error)
}

/// The reply to precreate; `image_url` is the address of the QR code's picture.
#[must_use]
pub fn precreate_reply(order: &Order, presented: Option<&Presented>, image_url: &str) -> Biz {
    let mut data = data(order, &standing(order));
    let (result, error) = match (outcome(order), presented) {
        (Outcome::Open | Outcome::Paid, Some(presented)) => {
            data.qr_code.clone_from(&presented.qr_code);
            image_url.clone_into(&mut data.qr_code_image_url);
            data.wap_pay_request = presented.wap_pay_request.clone().unwrap_or_default();
            (BizResult::PrecreateSuccess, None)
        }
        (Outcome::Ended, _) => (BizResult::PrecreateFail, Some(ended(order))),
        (Outcome::Ending, _) => (BizResult::PrecreateFailInProgress, None),
        (Outcome::Unclear, _) | (Outcome::Open | Outcome::Paid, None) => {
            (BizResult::PrecreateFailError, None)
        }
    };
    because(Biz::of(result, data), error)
}

/// The reply to query. An order that will never be paid says why beside SUCCESS (9.1, expiry).
#[must_use]
pub fn query_reply(found: &Found) -> Biz {
    let order = &found.order;
    let refund = found.refund.as_ref().and_then(|refund| order.reversal(refund));
    if let Some(refund) = refund {
        return Biz::of(BizResult::Success, data_of_refund(order, refund));
    }
    let standing = standing(order);
    let data = data_with_payer(order, &standing);
    because(Biz::of(BizResult::Success, data), standing.error)
}

/// The reply to refund.
#[must_use]
pub fn refund_reply(order: &Order, refund: &QueryId) -> Biz {
    let Some(refund) = order.reversal(refund) else {
        return Biz::of(BizResult::RefundError, data(order, &standing(order)));
    };
    let data = data_of_refund(order, refund);
    match &refund.state {
        ReversalState::Succeeded { .. } => Biz::of(BizResult::RefundSuccess, data),
        ReversalState::Processing => Biz::of(BizResult::RefundInProgress, data),
        ReversalState::Unknown { .. } => Biz::of(BizResult::RefundError, data),
        ReversalState::Refused { result, .. } => {
            because(Biz::of(BizResult::RefundFail, data), Some(reason(result)))
        }
    }
}

/// The reply to cancel and revoke.
#[must_use]
pub fn cancel_reply(order: &Order, kind: Cancelling) -> Biz {
    let data = data(order, &standing(order));
    match kind {
        Cancelling::Abort => {
            let result = match outcome(order) {
                Outcome::Ended => BizResult::CancelAbortSuccess,
                Outcome::Ending => BizResult::CancelAbortInProgress,
                Outcome::Open | Outcome::Unclear | Outcome::Paid => BizResult::CancelAbortError,
            };
            Biz::of(result, data)
        }
        Cancelling::Cancellation => match outcome(order) {
            Outcome::Ended => Biz::of(BizResult::CancelSuccess, data),
            Outcome::Ending => Biz::of(BizResult::CancelInProgress, data),
            Outcome::Open | Outcome::Unclear => Biz::of(BizResult::CancelError, data),
            Outcome::Paid => {
                let (result, error) = cancelled(last_cancellation(order));
                because(Biz::of(result, data), error)
            }
        },
    }
}

/// What became of a cancellation: a refusal leaves the order untouched (D23), save that of an
/// order of a campaign.
fn cancelled(cancellation: Option<&Reversal>) -> (BizResult, Option<(String, String)>) {
    match cancellation.map(|cancellation| &cancellation.state) {
        Some(ReversalState::Succeeded { .. }) => (BizResult::CancelSuccess, None),
        Some(ReversalState::Processing) => (BizResult::CancelInProgress, None),
        Some(ReversalState::Refused { result, .. }) => {
            let error = reason(result);
            let campaign = error.0 == BizError::UpayTcpOrderNotRefundable.code();
            let result = if campaign { BizResult::CancelError } else { BizResult::Fail };
            (result, Some(error))
        }
        Some(ReversalState::Unknown { .. }) | None => (BizResult::CancelError, None),
    }
}

fn last_cancellation(order: &Order) -> Option<&Reversal> {
    order.reversals.iter().rev().find(|it| it.terms.kind == ReversalKind::Cancellation)
}

/// What a payment came to, as far as calls tell it apart.
#[derive(Clone, Copy)]
enum Outcome {
    Open,
    Ending,
    Unclear,
    Ended,
    Paid,
}

fn outcome(order: &Order) -> Outcome {
    match &order.state {
        OrderState::Created | OrderState::Paying { .. } | OrderState::Unknown { .. } => {
            Outcome::Open
        }
        OrderState::Aborting { abort, .. } => match abort.standing {
            AbortStanding::Asked => Outcome::Ending,
            AbortStanding::Uncertain { .. } | AbortStanding::Refused { .. } => Outcome::Unclear,
        },
        OrderState::Aborted { .. } | OrderState::Closed { .. } | OrderState::Failed { .. } => {
            Outcome::Ended
        }
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Outcome::Paid,
    }
}

/// Why an order ended unpaid; one that its merchant called off while it was paid for has no code
/// of its own.
fn ended(order: &Order) -> (String, String) {
    let by_merchant = match &order.state {
        OrderState::Aborted { abort, .. } => abort.reason == AbortReason::Merchant,
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Failed { .. }
        | OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => false,
    };
    if by_merchant {
        return (BizError::TradeFailed.code().to_owned(), "交易已被撤单".to_owned());
    }
    standing(order).error.unwrap_or_else(|| said(BizError::TradeFailed))
}

pub(super) fn because(biz: Biz, error: Option<(String, String)>) -> Biz {
    match error {
        Some((code, message)) => biz.said(&code, &message),
        None => biz,
    }
}
