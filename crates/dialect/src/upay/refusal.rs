//! Which code a refusal has (upay.md sections 4 and 10).

use app::use_cases::terminals::{ActivationRefusal, CheckInRefusal};
use app::use_cases::till::TillRefusal;
use domain::ids::OrderNumber;
use domain::order::{Order, OrderState};
use domain::{Rejection, order};
use wire::upay::{Biz, BizError, BizResult, OrderStatus, Reply, Trouble};

use super::Asked;
use super::data::{data, data_of_refund};
use super::result::because;
use super::standing::{said, standing};

/// What a till is told when there is more to do than can be done: nothing more than this, and it
/// asks again.
const BUSY: &str = "系统繁忙，请稍后重试";

/// The reply to a refused call of `/upay/v2/`. The order's data is there whenever there is an
/// order.
#[must_use]
pub fn refused(refusal: &TillRefusal, asked: Asked) -> Reply {
    if let Some(reply) = top_level(refusal) {
        return reply;
    }
    let (code, message) = error(refusal, asked);
    let fail = Biz { result_code: BizResult::Fail.code().to_owned(), ..Biz::default() };
    let fail = because(fail, Some((code, message)));
    let data = match refusal {
        TillRefusal::Rule { order, .. } => Some(data(order, &standing(order))),
        TillRefusal::RefundDone { order, query_id } => {
            order.reversal(query_id).map(|refund| data_of_refund(order, refund))
        }
        TillRefusal::ClientSnConflict { .. }
        | TillRefusal::InvalidBarcode
        | TillRefusal::UnknownProvider
        | TillRefusal::NoOrder
        | TillRefusal::NoTerminal
        | TillRefusal::TerminalDisabled
        | TillRefusal::StoreClosed
        | TillRefusal::StoreOverDailyLimit
        | TillRefusal::MerchantOverDailyLimit
        | TillRefusal::Busy
        | TillRefusal::Internal { .. } => None,
    };
    Biz { data, ..fail }.into()
}

/// The reply where the request itself failed; `None` for a refusal by a rule. The incident stands
/// in the log alone.
#[must_use]
pub fn top_level(refusal: &TillRefusal) -> Option<Reply> {
    match refusal {
        TillRefusal::Busy => Some(Reply::refused_because(Trouble::UnknownSystemError, BUSY)),
        TillRefusal::Internal { .. } => Some(Reply::refused(Trouble::UnknownSystemError)),
        TillRefusal::ClientSnConflict { .. }
        | TillRefusal::InvalidBarcode
        | TillRefusal::UnknownProvider
        | TillRefusal::NoOrder
        | TillRefusal::Rule { .. }
        | TillRefusal::RefundDone { .. }
        | TillRefusal::NoTerminal
        | TillRefusal::TerminalDisabled
        | TillRefusal::StoreClosed
        | TillRefusal::StoreOverDailyLimit
        | TillRefusal::MerchantOverDailyLimit => None,
    }
}

/// `error_code` and `error_message` of a refused WAP link: transport and business share one list
/// there (7.3).
#[must_use]
pub fn wap_error(refusal: &TillRefusal) -> (String, String) {
    error(refusal, Asked::Sale)
}

/// The order that a refused WAP link met.
#[must_use]
pub fn wap_order(refusal: &TillRefusal) -> Option<&OrderNumber> {
    match refusal {
        TillRefusal::ClientSnConflict { sn } => Some(sn),
        TillRefusal::Rule { order, .. } | TillRefusal::RefundDone { order, .. } => {
            Some(&order.terms.number)
        }
        TillRefusal::InvalidBarcode
        | TillRefusal::UnknownProvider
        | TillRefusal::NoOrder
        | TillRefusal::NoTerminal
        | TillRefusal::TerminalDisabled
        | TillRefusal::StoreClosed
        | TillRefusal::StoreOverDailyLimit
        | TillRefusal::MerchantOverDailyLimit
        | TillRefusal::Busy
        | TillRefusal::Internal { .. } => None,
    }
}

fn error(refusal: &TillRefusal, asked: Asked) -> (String, String) {
    match refusal {
        TillRefusal::ClientSnConflict { .. } => said(BizError::ClientSnConflict),
        TillRefusal::InvalidBarcode => said(BizError::InvalidBarcode),
        TillRefusal::UnknownProvider => said(BizError::UnexpectedProviderError),
        TillRefusal::NoOrder => said(BizError::UpayOrderNotExists),
        TillRefusal::Rule { order, rejection } => rule(order, rejection, asked),
        TillRefusal::RefundDone { .. } => said(BizError::UpayRefundOrderNoop),
        TillRefusal::NoTerminal => said(BizError::UpayTerminalNotExists),
        TillRefusal::TerminalDisabled => abnormal("终端已禁用"),
        TillRefusal::StoreClosed => abnormal("门店已关闭"),
        TillRefusal::StoreOverDailyLimit => said(BizError::UpayStoreOverDailyLimit),
        TillRefusal::MerchantOverDailyLimit => said(BizError::SellerOverDailyLimit),
        TillRefusal::Busy => (Trouble::UnknownSystemError.code().to_owned(), BUSY.to_owned()),
        TillRefusal::Internal { .. } => {
            let trouble = Trouble::UnknownSystemError;
            (trouble.code().to_owned(), trouble.message().to_owned())
        }
    }
}

fn abnormal(message: &str) -> (String, String) {
    (BizError::UpayTerminalStatusAbnormal.code().to_owned(), message.to_owned())
}

/// A rule of the order, in the words of the call that it refused.
fn rule(order: &Order, rejection: &Rejection, asked: Asked) -> (String, String) {
    match asked {
        Asked::Refund => refund_rule(order, rejection),
        Asked::Cancel => cancel_rule(order),
        Asked::Sale | Asked::Query => said(BizError::TradeFailed),
    }
}

/// The state where nothing is refundable in it, the amount where only that is too large (D9).
fn refund_rule(order: &Order, rejection: &Rejection) -> (String, String) {
    let is_refunded = matches!(order.state, OrderState::Refunded { .. });
    match rejection {
        Rejection::AboveRefundable { .. } if is_refunded => (
            BizError::UpayRefundInvalidOrderState.code().to_owned(),
            "订单已全额退款,可退金额不足".to_owned(),
        ),
        Rejection::AboveRefundable { .. } => said(BizError::RefundableAmountNotEnough),
        Rejection::PaymentUnderWay
        | Rejection::PaymentUnknown
        | Rejection::AlreadyPaid
        | Rejection::Ended(_)
        | Rejection::Expired(_)
        | Rejection::NotDueYet(_)
        | Rejection::NotSuccessful(_)
        | Rejection::AlreadyCancelled
        | Rejection::AlreadyRefunded
        | Rejection::NotFullAmount { .. }
        | Rejection::CurrencyDiffers(_)
        | Rejection::TradeDayOver { .. }
        | Rejection::TooOld
        | Rejection::TooManyReversals
        | Rejection::NoSuchAttempt
        | Rejection::Contradiction(_) => said(BizError::UpayRefundInvalidOrderState),
    }
}

/// What has ended already is no operation; all else is the wrong state (9.1).
fn cancel_rule(order: &order::Order) -> (String, String) {
    let ended =
        matches!(standing(order).order_status, OrderStatus::Canceled | OrderStatus::PayCanceled);
    said(if ended { BizError::UpayCancelOrderNoop } else { BizError::UpayCancelInvalidOrderState })
}

/// The reply to a refused activation: top level, since callers look at nothing else there.
#[must_use]
pub fn activation_refused(refusal: &ActivationRefusal) -> Reply {
    let invalid = |message| Reply::refused_because(Trouble::InvalidParams, message);
    match refusal {
        ActivationRefusal::UnknownCode => invalid("激活码不存在"),
        ActivationRefusal::UsedUp => invalid("激活码已被使用"),
        ActivationRefusal::Expired => invalid("激活码已过期"),
        ActivationRefusal::DeviceTaken => invalid("设备号重复"),
        ActivationRefusal::ClientSnTaken => invalid("外部终端号重复"),
        ActivationRefusal::UnknownApp => invalid("app_id无效"),
        ActivationRefusal::Failed(refusal) => failed(refusal),
    }
}

/// The reply to a refused check-in.
#[must_use]
pub fn check_in_refused(refusal: &CheckInRefusal) -> Reply {
    let terminal = |message| Reply::refused_because(Trouble::InvalidTerminal, message);
    match refusal {
        CheckInRefusal::WrongDevice => terminal("设备号与激活时不一致"),
        CheckInRefusal::KeyReplaced => Reply::refused(Trouble::IllegalSign),
        CheckInRefusal::Disabled => terminal("终端已禁用"),
        CheckInRefusal::Failed(refusal) => failed(refusal),
    }
}

fn failed(refusal: &TillRefusal) -> Reply {
    top_level(refusal).unwrap_or_else(|| Reply::refused(Trouble::InvalidTerminal))
}
