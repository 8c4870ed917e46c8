//! PAYMENT_CANCELLATION and PAYMENT_REFUND: to the command, and the order to the answer.

use app::Refusal;
use app::use_cases::RequestReversal;
use domain::ids::{AcquirerIin, MerchantId};
use domain::reversal::{FirstAnswer, Reversal, ReversalKind};
use wire::ucsp::{
    MsgResponse, PaymentCancellation, PaymentCancellationAnswer, PaymentRefund,
    PaymentRefundAnswer, ResponseCode,
};

use super::inquiry::selector;
use super::refusal::refused_downstream;
use super::same::{canonical, carry};
use super::status::reversal_shown;
use super::submit::{amount, invalid, reference};

/// The members that both messages share, so that the translation stands once.
const SHARED: [&str; 11] = [
    "orderId",
    "txnTime",
    "origQryId",
    "origOrderId",
    "origTxnTime",
    "merId",
    "acqIIN",
    "txnAmt",
    "currencyCode",
    "backUrl",
    "reqReserved",
];

/// The command that a cancellation asks for.
///
/// # Errors
/// [`Refusal::Invalid`] as in [`super::submit_order`].
pub fn cancellation(message: &PaymentCancellation) -> Result<RequestReversal, Refusal> {
    let shared: PaymentRefund = carry(message, &SHARED);
    command(ReversalKind::Cancellation, shared, canonical(message))
}

/// The command that a refund asks for.
///
/// # Errors
/// [`Refusal::Invalid`] as in [`super::submit_order`].
pub fn refund(message: &PaymentRefund) -> Result<RequestReversal, Refusal> {
    command(ReversalKind::Refund, message.clone(), canonical(message))
}

fn command(
    kind: ReversalKind,
    message: PaymentRefund,
    canonical: String,
) -> Result<RequestReversal, Refusal> {
    let original = selector(
        message.orig_qry_id.as_ref(),
        message.orig_order_id.as_ref(),
        message.orig_txn_time.as_ref(),
    );
    Ok(RequestReversal {
        kind,
        reference: reference(&message.order_id, &message.txn_time),
        original: original.ok_or_else(|| invalid("origQryId", "is missing"))?,
        merchant: MerchantId::new(&message.mer_id),
        acquirer: AcquirerIin::new(&message.acq_iin),
        amount: amount(&message.txn_amt, &message.currency_code)?,
        back_url: message.back_url,
        reserved: message.req_reserved,
        reason: message.refund_reason,
        canonical,
    })
}

/// Fields of the answer to a cancellation.
#[must_use]
pub fn cancellation_answer(reversal: &Reversal) -> PaymentCancellationAnswer {
    let terms = &reversal.terms;
    PaymentCancellationAnswer {
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        query_id: Some(terms.query_id.to_string()),
    }
}

/// Fields of the answer to a refund.
#[must_use]
pub fn refund_answer(reversal: &Reversal) -> PaymentRefundAnswer {
    let terms = &reversal.terms;
    PaymentRefundAnswer {
        order_id: terms.reference.order_id.to_string(),
        txn_time: terms.reference.txn_time.to_string(),
        query_id: Some(terms.query_id.to_string()),
    }
}

/// The code of the answer: normally 05, 00 when it was done at once, 01 or 99 when the downstream
/// system refused at once. A repeated request gets the code of the first answer, whatever is known
/// by now.
#[must_use]
pub fn reversal_response(reversal: &Reversal) -> MsgResponse {
    match reversal.first_answer() {
        FirstAnswer::Pending => MsgResponse::of(ResponseCode::Accepted),
        FirstAnswer::Done => MsgResponse::of(ResponseCode::Approved),
        FirstAnswer::Refused => {
            let (code, _) = reversal_shown(&reversal.state).code.unwrap_or_default();
            refused_downstream(&code)
        }
    }
}
