//! PAYMENT_CANCELLATION, PAYMENT_REFUND and REFUND_RESULT_INQUIRY.

use std::sync::Arc;

use app::use_cases::{self, RequestReversal};
use app::{Caller, Refusal};
use axum::extract::State;
use axum::response::Response;
use dialect::ucsp;
use domain::ids::{AcquirerIin, MerchantId};
use domain::reversal::Reversal;
use wire::ucsp::{
    PaymentCancellation, PaymentCancellationAnswer, PaymentRefund, PaymentRefundAnswer,
    RefundResultInquiry, RefundResultInquiryAnswer,
};

use crate::gateway::{Answered, IndustryCaller, Received, Verified};
use crate::shared::Shared;

/// The service cancels a payment.
pub(super) async fn payment_cancellation(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, cancel).await
}

async fn cancel(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: PaymentCancellation,
) -> Result<Answered<PaymentCancellationAnswer>, Refusal> {
    let reversal = request(&shared, service.caller, ucsp::cancellation(&message)?).await?;
    let response = ucsp::reversal_response(&reversal);
    Ok(Answered::with(response, ucsp::cancellation_answer(&reversal)))
}

/// The service refunds a payment, in full or in part.
pub(super) async fn payment_refund(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, refund).await
}

async fn refund(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: PaymentRefund,
) -> Result<Answered<PaymentRefundAnswer>, Refusal> {
    let reversal = request(&shared, service.caller, ucsp::refund(&message)?).await?;
    let response = ucsp::reversal_response(&reversal);
    Ok(Answered::with(response, ucsp::refund_answer(&reversal)))
}

/// The attempt goes on when the caller hangs up: its intent is durable and its answer is wanted.
async fn request(
    shared: &Arc<Shared>,
    caller: Caller,
    input: RequestReversal,
) -> Result<Reversal, Refusal> {
    let platform = Arc::clone(&shared.platform);
    let work = async move { use_cases::request_reversal(&platform, &caller, input).await };
    let (order, query_id) = shared.finish(Box::pin(work)).await?;
    order.reversal(&query_id).cloned().ok_or(Refusal::UnknownTransaction)
}

/// The service asks how a refund or cancellation stands.
pub(super) async fn refund_result_inquiry(
    State(shared): State<Arc<Shared>>,
    received: Received<IndustryCaller>,
) -> Response {
    received.wrapped(shared, inquire).await
}

async fn inquire(
    shared: Arc<Shared>,
    service: Verified<IndustryCaller>,
    message: RefundResultInquiry,
) -> Result<Answered<RefundResultInquiryAnswer>, Refusal> {
    let by = ucsp::reversal_selector(&message).ok_or(Refusal::UnknownTransaction)?;
    let (merchant, acquirer) = (MerchantId::new(message.mer_id), AcquirerIin::new(message.acq_iin));
    let (platform, caller) = (&shared.platform, &service.caller);
    let (order, query_id) =
        use_cases::inquire_reversal(platform, caller, &merchant, &acquirer, &by).await?;
    let reversal = order.reversal(&query_id).ok_or(Refusal::UnknownTransaction)?;
    Ok(Answered::approved(ucsp::reversal_answer(&order, reversal)))
}
