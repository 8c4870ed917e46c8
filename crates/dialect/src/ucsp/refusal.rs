//! Which code a refusal has (ucsp.md sections 2 and 8.4).

use app::Refusal;
use wire::ucsp::{MsgResponse, ResponseCode};

/// How a refusal is said to the partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// In `msgResponse` of a signed answer with HTTP 200.
    Response(MsgResponse),
    /// By the gateway: 401 with E0.
    Unauthorized,
}

/// How this refusal is said: the code, and `errorDetail` with the field and the rule. What only
/// operators may know stays out.
#[must_use]
pub fn said(refusal: &Refusal) -> Said {
    let detailed = |code, detail: &str| Said::Response(MsgResponse::detailed(code, detail));
    match refusal {
        Refusal::UnknownTransaction => {
            detailed(ResponseCode::OrderNotFound, "no such transaction of this merchant")
        }
        Refusal::NoRight { .. }
        | Refusal::Limit { .. }
        | Refusal::Rule { .. }
        | Refusal::Differs { .. } => {
            detailed(ResponseCode::OrderInfoIncorrect, &refusal.to_string())
        }
        Refusal::Invalid { .. } => {
            detailed(ResponseCode::MessageFormatInvalid, &refusal.to_string())
        }
        Refusal::InFlight => detailed(ResponseCode::Accepted, &refusal.to_string()),
        Refusal::Replayed => Said::Unauthorized,
        Refusal::DownstreamRefused { code, .. } => Said::Response(refused_downstream(code)),
        Refusal::Unavailable { .. } => detailed(
            ResponseCode::CommonError,
            "a system behind the platform did not answer; nothing was done, send the request again",
        ),
        Refusal::Overloaded => detailed(
            ResponseCode::CommonError,
            "the platform is busy; nothing was done, send the request again",
        ),
        Refusal::Internal { incident } => {
            let detail = format!("unexpected failure, incident {incident}");
            detailed(ResponseCode::CommonError, &detail)
        }
    }
}

/// The downstream system refused: 01, but its 99 is told as 99 (ucsp.md sections 8.1 and 8.4).
/// The code itself is told by the inquiry alone, as `origRespCode` (section 2).
pub(super) fn refused_downstream(code: &str) -> MsgResponse {
    let said = if code == ResponseCode::CommonError.code() {
        ResponseCode::CommonError
    } else {
        ResponseCode::TransactionFail
    };
    MsgResponse::detailed(said, "trxInfo: refused by the downstream system")
}
