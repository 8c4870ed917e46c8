//! SUBMIT_PAYMENT_ORDER and PAYMENT_RESULT_INQUIRY.

use std::sync::Arc;

use app::{Refusal, use_cases};
use axum::extract::State;
use axum::response::Response;
use dialect::ucsp;
use domain::ids::{AcquirerIin, MerchantId};
use wire::ucsp::{
    PaymentResultInquiry, PaymentResultInquiryAnswer, SubmitPaymentOrder, SubmitPaymentOrderAnswer,
};

use crate::gateway::{Answered, IndustryCaller, Received, Verified};
use crate::shared::Shared;

/// The service places an order.
pub(super) async fn submit_payment_order(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, submit).await
}

async fn submit(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: SubmitPaymentOrder,
) -> Result<Answered<SubmitPaymentOrderAnswer>, Refusal> {
    let platform = &shared.platform;
    let zone = platform.zone(&AcquirerIin::new(&message.acq_iin));
    let input = ucsp::submit_order(&message, &zone)?;
    let order = use_cases::submit_order(platform, &service.caller, input).await?;
    Ok(Answered::approved(ucsp::submit_answer(&order, &platform.settings.base_url)))
}

/// The service asks how a payment stands.
pub(super) async fn payment_result_inquiry(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, inquire).await
}

async fn inquire(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: PaymentResultInquiry,
) -> Result<Answered<PaymentResultInquiryAnswer>, Refusal> {
    let by = ucsp::payment_selector(&message).ok_or(Refusal::UnknownTransaction)?;
    let (merchant, acquirer) = (MerchantId::new(message.mer_id), AcquirerIin::new(message.acq_iin));
    let (platform, caller) = (&shared.platform, &service.caller);
    let order = use_cases::inquire_payment(platform, caller, &merchant, &acquirer, &by).await?;
    Ok(Answered::approved(ucsp::payment_answer(&order)))
}
