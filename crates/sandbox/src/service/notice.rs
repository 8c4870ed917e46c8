//! The platform's notices: the one proof of payment.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use sdk::Incoming;
use wire::ucsp::{MsgResponse, NoMembers, PaymentResultNotice, ResponseCode};

use super::bill::{Bill, Told};
use super::{Service, Shared};
use crate::reply::{Answered, sent};

pub(super) async fn receive(
    State(service): Shared,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    let call = Incoming { headers: &headers, path: uri.path(), body: &body };
    let notice = service.partner.receive::<PaymentResultNotice>(&call)?;
    let response = service.take(&notice.trx_info);
    if response.code() != Some(ResponseCode::Approved) {
        tracing::warn!(order = notice.trx_info.order_id, ?response, "notice refused");
    }
    Ok(sent(service.partner.answer(&notice, NoMembers, response)))
}

impl Service {
    /// Books a notice once, and confirms every repeat of it.
    fn take(&self, notice: &PaymentResultNotice) -> MsgResponse {
        let first = self.notice_keys.first(notice);
        let now = self.clock.now();
        let booked =
            self.books.change_by_order(&notice.order_id, |bill| book(bill, notice, first, now));
        let refused = |code, detail| {
            // The next repeat shall be looked at again.
            self.notice_keys.forget(notice);
            MsgResponse::detailed(code, detail)
        };
        match booked {
            Some(true) => MsgResponse::of(ResponseCode::Approved),
            Some(false) => refused(ResponseCode::OrderInfoIncorrect, "txnAmt is not the bill's"),
            // Another program of this merchant placed the order with the keys of sandbox.json and
            // no backUrl: the registered address is right, and the result is taken note of.
            None if notice.mer_id == self.mer_id => MsgResponse::of(ResponseCode::Approved),
            None => refused(ResponseCode::OrderNotFound, "merId is not this service's"),
        }
    }
}

/// Whether the notice fits the bill; it is booked if it is the first of its key.
fn book(bill: &mut Bill, notice: &PaymentResultNotice, first: bool, now: jiff::Timestamp) -> bool {
    let amount_minor = notice.txn_amt.parse::<u64>().ok();
    let currency_fits = bill.currency_code == notice.currency_code;
    let told = Told {
        success: notice.txn_status == "SUCCESS",
        query_id: Some(notice.query_id.clone()),
        masked_pan: notice.masked_pan.clone(),
        message: Some(notice.orig_resp_msg.clone()),
    };
    let whole = bill.amount_minor;
    if let Some(attempt) = bill.attempt_mut(&notice.order_id) {
        if amount_minor != Some(whole) || !currency_fits || notice.txn_type != "01" {
            return false;
        }
        attempt.notices += 1;
        if first {
            attempt.told(told, now);
        }
        return true;
    }
    let Some(reversal) = bill.reversal_mut(&notice.order_id) else {
        return false;
    };
    let fits = amount_minor == Some(reversal.amount_minor) && currency_fits;
    if fits && first {
        reversal.told(told);
    }
    fits
}
