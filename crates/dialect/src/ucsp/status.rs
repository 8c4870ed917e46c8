//! The projection of states: what `txnStatus` and `origRespCode` say of an order or a reversal.

use domain::order::{DownstreamResult, OrderState};
use domain::reversal::ReversalState;
use wire::ucsp::ResponseCode;

/// What an inquiry shows of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// `txnStatus`.
    pub status: &'static str,
    /// `origRespCode` and `origRespMsg`, where there is something to say.
    pub code: Option<(String, String)>,
}

impl Shown {
    const fn plain(status: &'static str) -> Self {
        Self { status, code: None }
    }

    /// Taken on without a result that anyone knows (ucsp.md section 8.2).
    fn unknown(status: &'static str) -> Self {
        let accepted = ResponseCode::Accepted;
        Self { status, code: Some((accepted.code().to_owned(), accepted.message().to_owned())) }
    }

    fn final_result(status: &'static str, result: &DownstreamResult) -> Self {
        Self { status, code: Some((result.code.clone(), result.message.clone())) }
    }
}

/// What PAYMENT_RESULT_INQUIRY shows of a payment. An unknown outcome is PAYING with 05, never
/// FAIL.
#[must_use]
pub fn payment_shown(state: &OrderState) -> Shown {
    match state {
        OrderState::Created => Shown::plain("CREATED"),
        // Only attempts of terminals are aborted; the names are the nearest.
        OrderState::Closed { .. } | OrderState::Aborted { .. } => Shown::plain("CLOSED"),
        OrderState::Paying { .. } => Shown::plain("PAYING"),
        OrderState::Unknown { .. } | OrderState::Aborting { .. } => Shown::unknown("PAYING"),
        OrderState::Failed { result, .. } => Shown::final_result("FAIL", result),
        OrderState::Paid { settlement } => Shown::final_result("SUCCESS", &settlement.result),
        OrderState::PartRefunded { settlement } => {
            Shown::final_result("PART_REFUNDED", &settlement.result)
        }
        OrderState::Refunded { settlement } => Shown::final_result("REFUNDED", &settlement.result),
        OrderState::Cancelled { settlement } => {
            Shown::final_result("CANCELLED", &settlement.result)
        }
    }
}

/// What REFUND_RESULT_INQUIRY shows of a refund or cancellation.
#[must_use]
pub fn reversal_shown(state: &ReversalState) -> Shown {
    match state {
        ReversalState::Processing => Shown::plain("PROCESSING"),
        ReversalState::Unknown { .. } => Shown::unknown("PROCESSING"),
        ReversalState::Succeeded { result, .. } => Shown::final_result("SUCCESS", result),
        ReversalState::Refused { result, .. } => Shown::final_result("FAIL", result),
    }
}

/// The result of a payment that is known for good; `None` while it is not.
pub(super) fn payment_result(state: &OrderState) -> Option<(&'static str, &DownstreamResult)> {
    match state {
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. } => None,
        OrderState::Failed { result, .. } => Some(("FAIL", result)),
        OrderState::Paid { settlement }
        | OrderState::PartRefunded { settlement }
        | OrderState::Refunded { settlement }
        | OrderState::Cancelled { settlement } => Some(("SUCCESS", &settlement.result)),
    }
}

/// The result of a reversal that is known for good; `None` while it is not.
pub(super) fn reversal_result(state: &ReversalState) -> Option<(&'static str, &DownstreamResult)> {
    match state {
        ReversalState::Processing | ReversalState::Unknown { .. } => None,
        ReversalState::Succeeded { result, .. } => Some(("SUCCESS", result)),
        ReversalState::Refused { result, .. } => Some(("FAIL", result)),
    }
}
