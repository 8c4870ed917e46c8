//! What an industry service calls.

use jose::inbody::{self, Form};
use wire::ucsp::{
    Card, CardPayload, CertificateSignature, GetCardList, GetCardPayload, PaymentCancellation,
    PaymentRefund, PaymentResultInquiry, PaymentResultInquiryAnswer, RefundResultInquiry,
    RefundResultInquiryAnswer, ResponseCode, SubmitPaymentOrder, Wrapped, WrappedAnswer,
    decode_answer, decode_plain, encode,
};
use wire::{Request, Shape};

use crate::error::CallError;
use crate::partner::{Partner, unverified};
use crate::receive::IN_BODY_PLACEHOLDER;

/// The calls of an industry service.
#[derive(Clone)]
pub struct IndustryClient {
    partner: Partner,
    scenario: Option<u8>,
}

/// An order that the platform took on. Placed, not paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedOrder {
    /// The number for the cashier and the channel's payment SDK, AN 21.
    pub tn: String,
    /// Where to send the browser.
    pub payment_url: String,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentStatus {
    /// Placed, not yet paid.
    Created,
    /// Under way, or its outcome is not known yet.
    Paying,
    /// Paid.
    Success,
    /// Refused for good.
    Fail,
    /// Not paid in time.
    Closed,
    /// Paid and cancelled.
    Cancelled,
    /// Paid, refunded in part.
    PartRefunded,
    /// Paid and refunded in full.
    Refunded,
}

impl PaymentStatus {
    /// Reads `txnStatus` of an inquiry.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "CREATED" => Self::Created,
            "PAYING" => Self::Paying,
            "SUCCESS" => Self::Success,
            "FAIL" => Self::Fail,
            "CLOSED" => Self::Closed,
            "CANCELLED" => Self::Cancelled,
            "PART_REFUNDED" => Self::PartRefunded,
            "REFUNDED" => Self::Refunded,
            _ => return None,
        })
    }
}

/// The answer of an inquiry about a payment.
#[derive(Debug, Clone)]
pub struct PaymentResult {
    /// Where it stands.
    pub status: PaymentStatus,
    /// All members of the answer.
    pub answer: PaymentResultInquiryAnswer,
}

/// A refund or cancellation that the platform took on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversalTaken {
    /// Its number, N 21.
    pub query_id: Option<String>,
    /// Whether it is done already (00); with 05 the result comes by notice or inquiry.
    pub done: bool,
}

/// Where a refund or cancellation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReversalStatus {
    /// Under way, or its outcome is not known yet.
    Processing,
    /// Done.
    Success,
    /// Refused for good.
    Fail,
}

impl ReversalStatus {
    /// Reads `txnStatus` of an inquiry or notice about a reversal.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "PROCESSING" => Self::Processing,
            "SUCCESS" => Self::Success,
            "FAIL" => Self::Fail,
            _ => return None,
        })
    }
}

/// The answer of an inquiry about a refund or cancellation.
#[derive(Debug, Clone)]
pub struct ReversalResult {
    /// Where it stands.
    pub status: ReversalStatus,
    /// All members of the answer.
    pub answer: RefundResultInquiryAnswer,
}

impl IndustryClient {
    /// A client for this partner.
    #[must_use]
    pub const fn new(partner: Partner) -> Self {
        Self { partner, scenario: None }
    }

    /// The same client, whose calls force an outcome of the sandbox (`ucsp.md` 7), 0 to 99.
    #[must_use]
    pub fn with_scenario(&self, scenario: Option<u8>) -> Self {
        Self { partner: self.partner.clone(), scenario }
    }

    /// The partner behind it, for the receiving side.
    #[must_use]
    pub const fn partner(&self) -> &Partner {
        &self.partner
    }

    /// SUBMIT_PAYMENT_ORDER. The same fields may be sent again: the first answer comes back.
    ///
    /// # Errors
    /// [`CallError`]; 36 when the key was used with other content.
    pub async fn submit_payment_order(
        &self,
        order: &SubmitPaymentOrder,
    ) -> Result<PlacedOrder, CallError> {
        let answer = approved(self.exchange(order).await?)?;
        match (answer.tn, answer.payment_url) {
            (Some(tn), Some(payment_url)) => Ok(PlacedOrder { tn, payment_url }),
            (None, _) | (_, None) => Err(unverified(200, "tn or paymentUrl is missing")),
        }
    }

    /// PAYMENT_RESULT_INQUIRY.
    ///
    /// # Errors
    /// [`CallError`]; 34 when there is no such order.
    pub async fn payment_result_inquiry(
        &self,
        inquiry: &PaymentResultInquiry,
    ) -> Result<PaymentResult, CallError> {
        let answer = approved(self.exchange(inquiry).await?)?;
        let status = answer.txn_status.as_deref().and_then(PaymentStatus::parse);
        let status = status.ok_or_else(|| unverified(200, "txnStatus is not understood"))?;
        Ok(PaymentResult { status, answer })
    }

    /// PAYMENT_CANCELLATION, of the whole amount on the payment's trade day.
    ///
    /// # Errors
    /// [`CallError`]; 34 unknown original, 36 a rule forbids it, 01 refused downstream.
    pub async fn payment_cancellation(
        &self,
        cancellation: &PaymentCancellation,
    ) -> Result<ReversalTaken, CallError> {
        let answer = self.exchange(cancellation).await?;
        taken(answer, |answer| answer.query_id)
    }

    /// PAYMENT_REFUND, in full or in part.
    ///
    /// # Errors
    /// [`CallError`]; 34 unknown original, 36 a rule forbids it, 01 refused downstream.
    pub async fn payment_refund(&self, refund: &PaymentRefund) -> Result<ReversalTaken, CallError> {
        let answer = self.exchange(refund).await?;
        taken(answer, |answer| answer.query_id)
    }

    /// REFUND_RESULT_INQUIRY, about a refund or a cancellation.
    ///
    /// # Errors
    /// [`CallError`]; 34 when there is none.
    pub async fn refund_result_inquiry(
        &self,
        inquiry: &RefundResultInquiry,
    ) -> Result<ReversalResult, CallError> {
        let answer = approved(self.exchange(inquiry).await?)?;
        let status = answer.txn_status.as_deref().and_then(ReversalStatus::parse);
        let status = status.ok_or_else(|| unverified(200, "txnStatus is not understood"))?;
        Ok(ReversalResult { status, answer })
    }

    /// GET_CARD_LIST: the user's eligible cards, masked, at most 20.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn get_card_list(&self, question: &GetCardList) -> Result<Vec<Card>, CallError> {
        let answer = approved(self.exchange(question).await?)?;
        Ok(answer.card_list.unwrap_or_default())
    }

    /// GET_CARD_PAYLOAD: number or token and expiry of one card, decrypted. Never log or keep
    /// it.
    ///
    /// # Errors
    /// [`CallError`]; [`CallError::Unverified`] when it was encrypted for somebody else.
    pub async fn get_card_payload(
        &self,
        question: &GetCardPayload,
    ) -> Result<CardPayload, CallError> {
        let answer = approved(self.exchange(question).await?)?;
        let sealed = answer.enc_data.ok_or_else(|| unverified(200, "encData is missing"))?;
        let plain =
            self.partner.open(&sealed).map_err(|error| unverified(200, error.to_string()))?;
        decode_plain(plain.expose(), "encData")
            .map_err(|faults| unverified(200, faults.to_string()))
    }

    async fn exchange<T: Request>(
        &self,
        trx_info: &T,
    ) -> Result<WrappedAnswer<T::Answer>, CallError> {
        let config = self.partner.config();
        let msg_id = self.partner.fresh_message_id(&config.code);
        let time = self.partner.message_time();
        let message = Wrapped::new(&msg_id, &time, &config.code, trx_info.clone());
        let path = T::MESSAGE.path(Shape::Wrapped).unwrap_or_default();
        let body = self.secured(message)?;
        let security = config.security;
        let response = self.partner.post(path, body, security.has_header(), self.scenario).await?;
        if security.has_header() {
            self.partner.check_header(&response)?;
        }
        if security.has_body() {
            self.partner
                .check_in_body(&response.body)
                .map_err(|reason| unverified(response.status, reason))?;
        }
        let answer = decode_answer::<T>(&response.body)
            .map_err(|faults| unverified(response.status, faults.to_string()))?;
        if answer.msg_info.msg_id == msg_id {
            Ok(answer)
        } else {
            Err(unverified(response.status, "it answers another message"))
        }
    }

    /// The body, signed inside where the application says so.
    fn secured<T: Request>(&self, mut message: Wrapped<T>) -> Result<Vec<u8>, CallError> {
        if !self.partner.config().security.has_body() {
            return Ok(encode(&message));
        }
        message.certificate_signature = Some(CertificateSignature {
            app_sign_cert_id: Some(self.partner.signing().id().to_string()),
            signature: IN_BODY_PLACEHOLDER.to_owned(),
            ..CertificateSignature::default()
        });
        let failed = |reason: String| CallError::Prepare { reason };
        let text =
            String::from_utf8(encode(&message)).map_err(|error| failed(error.to_string()))?;
        let signed = inbody::sign_in_body(&text, self.partner.signing(), Form::Bare);
        signed.map(String::into_bytes).map_err(|error| failed(error.to_string()))
    }
}

/// The fields of an answer with code 00.
fn approved<A: Default>(answer: WrappedAnswer<A>) -> Result<A, CallError> {
    match answer.msg_response.code() {
        Some(ResponseCode::Approved) => Ok(answer.trx_info.unwrap_or_default()),
        Some(_) | None => Err(CallError::Refused { response: answer.msg_response }),
    }
}

/// A reversal: 00 is done, 05 is taken on, anything else is a refusal.
fn taken<A: Default>(
    answer: WrappedAnswer<A>,
    query_id: impl Fn(A) -> Option<String>,
) -> Result<ReversalTaken, CallError> {
    let done = match answer.msg_response.code() {
        Some(ResponseCode::Approved) => true,
        Some(ResponseCode::Accepted) => false,
        Some(_) | None => return Err(CallError::Refused { response: answer.msg_response }),
    };
    Ok(ReversalTaken { query_id: query_id(answer.trx_info.unwrap_or_default()), done })
}
