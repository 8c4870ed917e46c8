//! What the service asks of the platform: to pay, to give back, to say how it stands.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jose::jws::fresh_uuid;
use sdk::{
    CallError, Certainty, LoginInfo, PaymentResult, PaymentStatus, ReversalStatus, ReversalTaken,
};
use serde::Deserialize;
use wire::ucsp::{
    Goods, PaymentCancellation, PaymentRefund, PaymentResultInquiry, RefundResultInquiry,
    SubmitPaymentOrder,
};

use super::bill::{Attempt, AttemptState, Bill, Reversal, ReversalKind, ReversalState, Told};
use super::shop::offer_of;
use super::{Service, Shared};
use crate::config::{ServiceBrand, ServiceConfig};
use crate::reply::{Answered, Refused};
use crate::web::{Lang, Session, read_figures, see_other};

#[derive(Deserialize)]
pub(super) struct Bare {
    #[serde(default)]
    csrf: String,
}

#[derive(Deserialize)]
pub(super) struct RefundForm {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    amount: String,
}

pub(super) async fn pay(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, user) = service.submitted(&headers, &form.csrf)?;
    service.own_bill(&session, &user, &id)?;
    let (order_id, txn_time) = (service.fresh_order_id(), service.partner.message_time());
    let begun = service.books.change(&id, |bill| {
        let attempt = bill.begin(&order_id, &txn_time)?;
        Some((bill.clone(), attempt))
    });
    let Some((bill, attempt)) = begun.flatten() else {
        return Ok(see_other(&service.url(&format!("/bills/{id}"))));
    };
    if let Some(url) = attempt.payment_url {
        return Ok(see_other(&url));
    }
    let order = service.order_of(&session, &user, &bill, &attempt);
    match service.industry.submit_payment_order(&order).await {
        Ok(placed) => {
            service.books.change(&id, |bill| {
                let attempt = bill.attempt_mut(&attempt.order_id)?;
                attempt.payment_url = Some(placed.payment_url.clone());
                if attempt.state == AttemptState::Submitting {
                    attempt.state = AttemptState::Placed;
                }
                Some(())
            });
            Ok(see_other(&placed.payment_url))
        }
        Err(error) => Ok(service.not_placed(&session, &id, &attempt, &error)),
    }
}

pub(super) async fn refund(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<RefundForm>,
) -> Answered {
    let (session, user) = service.submitted(&headers, &form.csrf)?;
    let bill = service.own_bill(&session, &user, &id)?;
    let amount_minor = read_figures(&form.amount, &bill.currency_code).unwrap_or(0);
    service.give_back(&session, &bill, ReversalKind::Refund, amount_minor).await
}

pub(super) async fn cancel(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, user) = service.submitted(&headers, &form.csrf)?;
    let bill = service.own_bill(&session, &user, &id)?;
    service.give_back(&session, &bill, ReversalKind::Cancellation, bill.amount_minor).await
}

/// Asks the platform how the payment and every reversal under way stand.
pub(super) async fn inquire(
    State(service): Shared,
    headers: HeaderMap,
    Path(id): Path<String>,
    Form(form): Form<Bare>,
) -> Answered {
    let (session, user) = service.submitted(&headers, &form.csrf)?;
    let bill = service.own_bill(&session, &user, &id)?;
    let asked = service.ask(&bill).await;
    match asked {
        Ok(()) => Ok(see_other(&service.url(&format!("/bills/{id}?asked=1")))),
        Err(error) => {
            let l = session.lang;
            let title = l.t("The payment platform gave no answer", "支付平台没有应答");
            Err(service.trouble(&session, &error, title).into())
        }
    }
}

impl Service {
    fn fresh_order_id(&self) -> String {
        let letters = match self.brand {
            ServiceBrand::ParkEasy => "PK",
            ServiceBrand::TravelJoy => "TJ",
        };
        let random: String = fresh_uuid().chars().take(8).collect();
        format!("{letters}{}{}", self.partner.message_time(), random.to_uppercase())
    }

    /// The same attempt always gives the same order, so that it may be sent again.
    fn order_of(
        &self,
        session: &Session<LoginInfo>,
        user: &LoginInfo,
        bill: &Bill,
        attempt: &Attempt,
    ) -> SubmitPaymentOrder {
        let offer = offer_of(self.brand, &bill.offer);
        let (name, price_minor) = offer.map_or(("", 0), |one| (one.name, one.price_minor));
        let goods = Goods {
            goods_name: format!("{}: {name}", self.brand.name()),
            quantity: Some(bill.quantity.to_string()),
            unit_price: Some(price_minor.to_string()),
            amount: Some(bill.amount_minor.to_string()),
        };
        SubmitPaymentOrder {
            order_id: attempt.order_id.clone(),
            txn_time: attempt.txn_time.clone(),
            mer_id: self.mer_id.clone(),
            acq_iin: self.acq_iin.clone(),
            txn_amt: bill.amount_minor.to_string(),
            currency_code: bill.currency_code.clone(),
            channel_code: bill.channel_code.clone(),
            user_id: bill.user_id.clone(),
            order_desc: Some(self.description(bill, session.lang)),
            goods_list: Some(vec![goods]),
            front_url: Some(format!("{}/bills/{}/return", self.base_url, bill.id)),
            back_url: Some(ServiceConfig::back_url(&self.base_url)),
            client_type: user.client_type.clone(),
            language: Some(session.lang.tag().to_owned()),
            ..SubmitPaymentOrder::default()
        }
    }

    fn description(&self, bill: &Bill, l: Lang) -> String {
        let offer = offer_of(self.brand, &bill.offer);
        let name = offer.map_or("", |offer| l.t(offer.name, offer.name_zh));
        let unit = match self.brand {
            ServiceBrand::ParkEasy => l.t("h", "小时"),
            ServiceBrand::TravelJoy => l.t("tickets", "张"),
        };
        format!("{name}, {} {unit}", bill.quantity)
    }

    /// An order that was not placed: for certain, or perhaps.
    fn not_placed(
        &self,
        session: &Session<LoginInfo>,
        id: &str,
        attempt: &Attempt,
        error: &CallError,
    ) -> Response {
        if matches!(error, CallError::Refused { .. }) && error.certainty() == Certainty::NothingDone
        {
            let now = self.clock.now();
            self.books.change(id, |bill| {
                let message = Some(error.to_string());
                let told = Told { success: false, message, ..Told::default() };
                bill.attempt_mut(&attempt.order_id)?.told(told, now);
                Some(())
            });
        }
        let l = session.lang;
        let title = l.t("The order could not be placed", "下单未成功");
        self.trouble(session, error, title)
    }

    fn trouble(&self, session: &Session<LoginInfo>, error: &CallError, title: &str) -> Response {
        tracing::info!(%error, "call to the platform");
        let l = session.lang;
        let advice = match error.certainty() {
            Certainty::NothingDone => l.t(
                "Nothing was charged. You can go back and try again.",
                "未产生任何扣款，您可以返回重试。",
            ),
            Certainty::Unknown => l.t(
                "We do not know yet whether it went through. Trying again is safe: it is the same \
                 order.",
                "暂时无法确认结果。可以放心重试：系统会按同一订单处理。",
            ),
        };
        let text = format!("{advice} ({error})");
        self.message(Some(session), l, StatusCode::BAD_GATEWAY, title, &text)
    }

    /// A refund or cancellation: kept first, then sent.
    async fn give_back(
        &self,
        session: &Session<LoginInfo>,
        bill: &Bill,
        kind: ReversalKind,
        amount_minor: u64,
    ) -> Answered {
        let l = session.lang;
        let reversal = Reversal {
            order_id: self.fresh_order_id(),
            txn_time: self.partner.message_time(),
            kind,
            amount_minor,
            state: ReversalState::Processing,
            query_id: None,
            message: None,
            asked_at: self.clock.now(),
        };
        let kept = self.books.change(&bill.id, |bill| bill.ask_back(reversal)).flatten();
        let (Some(reversal), Some(original)) = (kept, bill.attempt()) else {
            let title = l.t("This cannot be given back", "无法退款");
            let text = l.t(
                "The amount must be above zero and at most what is left of the payment.",
                "金额须大于零且不超过剩余可退金额。",
            );
            let status = StatusCode::BAD_REQUEST;
            let page: Refused = self.message(Some(session), l, status, title, text).into();
            return Err(page);
        };
        let result = self.send_back(bill, original, &reversal).await;
        self.books.change(&bill.id, |bill| {
            let known = bill.reversal_mut(&reversal.order_id)?;
            match &result {
                Ok(taken) if taken.done => {
                    let query_id = taken.query_id.clone();
                    known.told(Told { success: true, query_id, ..Told::default() });
                }
                Ok(taken) => known.query_id = taken.query_id.clone().or(known.query_id.take()),
                Err(error) if error.certainty() == Certainty::NothingDone => {
                    let message = Some(error.to_string());
                    known.told(Told { success: false, message, ..Told::default() });
                }
                Err(error) => known.message = Some(error.to_string()),
            }
            Some(())
        });
        Ok(see_other(&self.url(&format!("/bills/{}", bill.id))))
    }

    async fn send_back(
        &self,
        bill: &Bill,
        original: &Attempt,
        reversal: &Reversal,
    ) -> Result<ReversalTaken, CallError> {
        match reversal.kind {
            ReversalKind::Cancellation => {
                let message = PaymentCancellation {
                    order_id: reversal.order_id.clone(),
                    txn_time: reversal.txn_time.clone(),
                    orig_order_id: Some(original.order_id.clone()),
                    orig_txn_time: Some(original.txn_time.clone()),
                    mer_id: self.mer_id.clone(),
                    acq_iin: self.acq_iin.clone(),
                    txn_amt: reversal.amount_minor.to_string(),
                    currency_code: bill.currency_code.clone(),
                    ..PaymentCancellation::default()
                };
                self.industry.payment_cancellation(&message).await
            }
            ReversalKind::Refund => {
                let message = PaymentRefund {
                    order_id: reversal.order_id.clone(),
                    txn_time: reversal.txn_time.clone(),
                    orig_order_id: Some(original.order_id.clone()),
                    orig_txn_time: Some(original.txn_time.clone()),
                    mer_id: self.mer_id.clone(),
                    acq_iin: self.acq_iin.clone(),
                    txn_amt: reversal.amount_minor.to_string(),
                    currency_code: bill.currency_code.clone(),
                    refund_reason: Some("Requested by the customer".to_owned()),
                    ..PaymentRefund::default()
                };
                self.industry.payment_refund(&message).await
            }
        }
    }

    /// PAYMENT_RESULT_INQUIRY and REFUND_RESULT_INQUIRY for all that is open.
    async fn ask(&self, bill: &Bill) -> Result<(), CallError> {
        let Some(attempt) = bill.attempt() else {
            return Ok(());
        };
        let inquiry = PaymentResultInquiry {
            order_id: Some(attempt.order_id.clone()),
            txn_time: Some(attempt.txn_time.clone()),
            mer_id: self.mer_id.clone(),
            acq_iin: self.acq_iin.clone(),
            ..PaymentResultInquiry::default()
        };
        let result = self.industry.payment_result_inquiry(&inquiry).await?;
        let now = self.clock.now();
        self.books.change(&bill.id, |bill| {
            book(bill.attempt_mut(&attempt.order_id)?, &result, now);
            Some(())
        });
        for reversal in &bill.reversals {
            if reversal.state == ReversalState::Processing {
                self.ask_reversal(bill, reversal).await?;
            }
        }
        Ok(())
    }

    async fn ask_reversal(&self, bill: &Bill, reversal: &Reversal) -> Result<(), CallError> {
        let inquiry = RefundResultInquiry {
            order_id: Some(reversal.order_id.clone()),
            txn_time: Some(reversal.txn_time.clone()),
            mer_id: self.mer_id.clone(),
            acq_iin: self.acq_iin.clone(),
            ..RefundResultInquiry::default()
        };
        let result = self.industry.refund_result_inquiry(&inquiry).await?;
        let success = match result.status {
            ReversalStatus::Processing => return Ok(()),
            ReversalStatus::Success => true,
            ReversalStatus::Fail => false,
        };
        let told = Told {
            success,
            query_id: result.answer.query_id,
            message: result.answer.orig_resp_msg,
            masked_pan: None,
        };
        self.books.change(&bill.id, |bill| {
            bill.reversal_mut(&reversal.order_id)?.told(told);
            Some(())
        });
        Ok(())
    }
}

/// What an inquiry says about an attempt.
fn book(attempt: &mut Attempt, result: &PaymentResult, now: jiff::Timestamp) {
    let told = |success| Told {
        success,
        query_id: result.answer.query_id.clone(),
        masked_pan: result.answer.masked_pan.clone(),
        message: result.answer.orig_resp_msg.clone(),
    };
    match result.status {
        PaymentStatus::Created | PaymentStatus::Paying => {}
        PaymentStatus::Success
        | PaymentStatus::Cancelled
        | PaymentStatus::PartRefunded
        | PaymentStatus::Refunded => attempt.told(told(true), now),
        PaymentStatus::Fail => attempt.told(told(false), now),
        PaymentStatus::Closed => match attempt.state {
            AttemptState::Submitting | AttemptState::Placed => {
                attempt.state = AttemptState::Closed;
                attempt.ended_at = Some(now);
            }
            AttemptState::Paid | AttemptState::Failed | AttemptState::Closed => {}
        },
    }
}
