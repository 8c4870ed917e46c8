//! The two inquiries: which transaction is meant, and how it stands.

use app::use_cases::Selector;
use domain::ids::QueryId;
use domain::order::{DownstreamResult, Order, OrderState};
use domain::reversal::Reversal;
use wire::ucsp::{
    PaymentResultInquiry, PaymentResultInquiryAnswer, RefundResultInquiry,
    RefundResultInquiryAnswer,
};

use super::status::{Shown, payment_result, payment_shown, reversal_result, reversal_shown};
use super::submit::reference;
use crate::downstream::txn_type;

/// Which payment PAYMENT_RESULT_INQUIRY means: `queryId`, the key, or both. `None` only for a
/// message that does not have the declared shape.
#[must_use]
pub fn payment_selector(message: &PaymentResultInquiry) -> Option<Selector> {
    selector(message.query_id.as_ref(), message.order_id.as_ref(), message.txn_time.as_ref())
}

/// Which reversal REFUND_RESULT_INQUIRY means; as [`payment_selector`].
#[must_use]
pub fn reversal_selector(message: &RefundResultInquiry) -> Option<Selector> {
    selector(message.query_id.as_ref(), message.order_id.as_ref(), message.txn_time.as_ref())
}

/// A number, the key, or both.
pub(super) fn selector(
    query_id: Option<&String>,
    order_id: Option<&String>,
    txn_time: Option<&String>,
) -> Option<Selector> {
    let key = order_id.zip(txn_time).map(|(order_id, txn_time)| reference(order_id, txn_time));
    match (query_id.map(QueryId::new), key) {
        (Some(query_id), Some(key)) => Some(Selector::Both(query_id, key)),
        (Some(query_id), None) => Some(Selector::QueryId(query_id)),
        (None, Some(key)) => Some(Selector::Reference(key)),
        (None, None) => None,
    }
}

/// How the payment stands. The amount that was given back counts successful refunds only.
#[must_use]
pub fn payment_answer(order: &Order) -> PaymentResultInquiryAnswer {
    let terms = &order.terms;
    let Shown { status, code } = payment_shown(&order.state);
    let (orig_resp_code, orig_resp_msg) = code.unzip();
    let settlement = order.settlement();
    let particulars = payment_result(&order.state).map(|(_, result)| result);
    let card = order.attempt().and_then(|attempt| attempt.card.as_ref());
    let keep = |pick: fn(&DownstreamResult) -> &Option<String>| {
        particulars.and_then(|result| pick(result).clone())
    };
    PaymentResultInquiryAnswer {
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        mer_id: terms.merchant.to_string(),
        txn_status: Some(status.to_owned()),
        query_id: Some(terms.query_id.to_string()),
        orig_resp_code,
        orig_resp_msg,
        txn_amt: Some(terms.amount.minor().to_string()),
        currency_code: Some(terms.amount.currency().numeric().to_owned()),
        pay_amt: settlement.map(|settlement| settlement.paid.minor().to_string()),
        masked_pan: card.map(|card| card.masked_pan.clone()),
        refunded_amt: refunded(&order.state),
        settle_amt: keep(|result| &result.settle_amount),
        settle_currency_code: keep(|result| &result.settle_currency),
        settle_date: keep(|result| &result.settle_date),
        exchange_rate: None,
        exchange_date: None,
        trace_no: keep(|result| &result.trace_no),
        trace_time: keep(|result| &result.trace_time),
        req_reserved: terms.details.reserved.clone(),
    }
}

/// `refundedAmt`: nothing before a payment; a cancellation is no refund.
fn refunded(state: &OrderState) -> Option<String> {
    match state {
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. }
        | OrderState::Failed { .. } => None,
        OrderState::Cancelled { .. } => Some("0".to_owned()),
        OrderState::Paid { settlement }
        | OrderState::PartRefunded { settlement }
        | OrderState::Refunded { settlement } => Some(settlement.given_back.minor().to_string()),
    }
}

/// How the refund or cancellation of the order stands.
#[must_use]
pub fn reversal_answer(order: &Order, reversal: &Reversal) -> RefundResultInquiryAnswer {
    let terms = &reversal.terms;
    let Shown { status, code } = reversal_shown(&reversal.state);
    let (orig_resp_code, orig_resp_msg) = code.unzip();
    let particulars = reversal_result(&reversal.state).map(|(_, result)| result);
    let keep = |pick: fn(&DownstreamResult) -> &Option<String>| {
        particulars.and_then(|result| pick(result).clone())
    };
    RefundResultInquiryAnswer {
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        mer_id: order.terms.merchant.to_string(),
        txn_type: Some(txn_type(terms.kind).to_owned()),
        orig_qry_id: Some(order.terms.query_id.to_string()),
        txn_amt: Some(terms.amount.minor().to_string()),
        currency_code: Some(terms.amount.currency().numeric().to_owned()),
        txn_status: Some(status.to_owned()),
        query_id: Some(terms.query_id.to_string()),
        orig_resp_code,
        orig_resp_msg,
        settle_amt: keep(|result| &result.settle_amount),
        settle_currency_code: keep(|result| &result.settle_currency),
        settle_date: keep(|result| &result.settle_date),
        exchange_rate: None,
        exchange_date: None,
        trace_no: keep(|result| &result.trace_no),
        trace_time: keep(|result| &result.trace_time),
        req_reserved: terms.reserved.clone(),
    }
}
