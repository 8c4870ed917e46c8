//! PAYMENT_RESULT_NOTICE out of the order and the notice that is due.

use domain::notice::Notice;
use domain::order::{DownstreamResult, Order, Origin};
use domain::reversal::Reversal;
use wire::ucsp::PaymentResultNotice;

use super::status::{payment_result, reversal_result};
use crate::downstream::txn_type;

/// A notice is due for a transaction that has no final result: the record is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("transaction {transaction} of order {order} has no final result to tell")]
pub struct Untellable {
    /// The order's number.
    pub order: String,
    /// The transaction's number.
    pub transaction: String,
}

/// The message of the next attempt of a notice.
///
/// # Errors
/// [`Untellable`] when the transaction is not known to the order or not at its end.
pub fn payment_result_notice(
    order: &Order,
    notice: &Notice,
) -> Result<PaymentResultNotice, Untellable> {
    let told = if notice.transaction == order.terms.query_id {
        payment_result(&order.state).map(|(status, result)| of_payment(order, status, result))
    } else {
        order.reversal(&notice.transaction).and_then(|reversal| {
            let (status, result) = reversal_result(&reversal.state)?;
            Some(of_reversal(order, reversal, status, result))
        })
    };
    let mut message = told.ok_or_else(|| Untellable {
        order: order.terms.number.to_string(),
        transaction: notice.transaction.to_string(),
    })?;
    message.notify_id = notice.id.to_string();
    message.notify_count = notice.next_count().to_string();
    Ok(message)
}

fn of_payment(
    order: &Order,
    status: &'static str,
    result: &DownstreamResult,
) -> PaymentResultNotice {
    let terms = &order.terms;
    let card = order.attempt().and_then(|attempt| attempt.card.clone());
    PaymentResultNotice {
        txn_type: "01".to_owned(),
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        query_id: terms.query_id.to_string(),
        txn_amt: terms.amount.minor().to_string(),
        pay_amt: order.settlement().map(|settlement| settlement.paid.minor().to_string()),
        masked_pan: card.as_ref().map(|card| card.masked_pan.clone()),
        card_type: card.as_ref().and_then(|card| card.card_type.clone()),
        issuer_name: card.and_then(|card| card.issuer),
        tn: Some(terms.number.to_string()),
        req_reserved: terms.details.reserved.clone().unwrap_or_default(),
        ..common(order, status, result)
    }
}

fn of_reversal(
    order: &Order,
    reversal: &Reversal,
    status: &'static str,
    result: &DownstreamResult,
) -> PaymentResultNotice {
    let (terms, original) = (&reversal.terms, &order.terms);
    PaymentResultNotice {
        txn_type: txn_type(terms.kind).to_owned(),
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        query_id: terms.query_id.to_string(),
        orig_qry_id: Some(original.query_id.to_string()),
        orig_order_id: Some(original.reference.order_id.to_string()),
        orig_txn_time: Some(original.reference.txn_time.to_string()),
        txn_amt: terms.amount.minor().to_string(),
        req_reserved: terms.reserved.clone().unwrap_or_default(),
        ..common(order, status, result)
    }
}

/// What the notices of a payment and of its reversals have in common.
fn common(order: &Order, status: &'static str, result: &DownstreamResult) -> PaymentResultNotice {
    let terms = &order.terms;
    // A terminal's order has neither channel nor user, and its notices are callbacks.
    let (channel_code, user_id) = match &terms.origin {
        Origin::Industry { channel, user, .. } => (channel.to_string(), user.to_string()),
        Origin::Terminal(_) => Default::default(),
    };
    PaymentResultNotice {
        mer_id: terms.merchant.to_string(),
        acq_iin: terms.acquirer.to_string(),
        currency_code: terms.amount.currency().numeric().to_owned(),
        txn_status: status.to_owned(),
        orig_resp_code: result.code.clone(),
        orig_resp_msg: result.message.clone(),
        settle_amt: result.settle_amount.clone(),
        settle_currency_code: result.settle_currency.clone(),
        settle_date: result.settle_date.clone(),
        trace_no: result.trace_no.clone(),
        trace_time: result.trace_time.clone(),
        channel_code,
        user_id,
        ..PaymentResultNotice::default()
    }
}
