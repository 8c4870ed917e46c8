//! What is known when a call did not end as wanted.

use egress::EgressError;
use wire::ucsp::{MsgResponse, ResponseCode};

/// What a failed call says about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// The platform did nothing: it never got the request, or refused it.
    NothingDone,
    /// It may have been done. Send the same fields again, or inquire; never take it as failed.
    Unknown,
}

/// A call that did not end with the answer that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The message could not be made; nothing was sent.
    #[error("the message could not be made: {reason}")]
    Prepare {
        /// What is wrong with the fields or keys.
        reason: String,
    },
    /// Not one byte of the request left this machine.
    #[error("the platform could not be reached")]
    NotSent(#[source] EgressError),
    /// The request may have arrived; there is no answer.
    #[error("the answer of the platform was lost")]
    Lost(#[source] EgressError),
    /// There is an answer that cannot be trusted or understood, so it counts as none.
    #[error("the answer of the platform (HTTP {status}) is not valid: {reason}")]
    Unverified {
        /// HTTP status.
        status: u16,
        /// The first rule that failed.
        reason: String,
    },
    /// HTTP 401, code E0: the gateway did not accept the signature. Nothing was read.
    #[error("the platform did not accept the signature (E0){}", shown(diagnosis.as_deref()))]
    Unauthorized {
        /// Number under which the diagnoser tells the cause, in the sandbox.
        diagnosis: Option<String>,
    },
    /// HTTP 400, 413 or 415: the gateway did not accept the body as such. Nothing was read.
    #[error("the platform did not accept the request (HTTP {status})")]
    Gateway {
        /// HTTP status.
        status: u16,
    },
    /// A signed answer with a code other than the wanted one.
    #[error("{} {}{}", .response.response_code, .response.response_msg,
        detail(.response.error_detail.as_deref()))]
    Refused {
        /// The platform's `msgResponse`.
        response: MsgResponse,
    },
}

fn shown(diagnosis: Option<&str>) -> String {
    diagnosis.map(|id| format!(", diagnosis {id}")).unwrap_or_default()
}

fn detail(text: Option<&str>) -> String {
    text.map(|text| format!(": {text}")).unwrap_or_default()
}

impl CallError {
    /// What is known about the request. 05 and 99 leave it open, every other code is an end.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        match self {
            Self::Prepare { .. }
            | Self::NotSent(_)
            | Self::Unauthorized { .. }
            | Self::Gateway { .. } => Certainty::NothingDone,
            Self::Lost(_) | Self::Unverified { .. } => Certainty::Unknown,
            Self::Refused { response } => match response.code() {
                None | Some(ResponseCode::Accepted | ResponseCode::CommonError) => {
                    Certainty::Unknown
                }
                Some(
                    ResponseCode::Approved
                    | ResponseCode::TransactionFail
                    | ResponseCode::MessageFormatInvalid
                    | ResponseCode::SignatureVerificationFails
                    | ResponseCode::OrderNotFound
                    | ResponseCode::OrderInfoIncorrect,
                ) => Certainty::NothingDone,
            },
        }
    }

    /// The response code, if the platform gave one.
    #[must_use]
    pub fn code(&self) -> Option<ResponseCode> {
        match self {
            Self::Refused { response } => response.code(),
            Self::Prepare { .. }
            | Self::NotSent(_)
            | Self::Lost(_)
            | Self::Unverified { .. }
            | Self::Unauthorized { .. }
            | Self::Gateway { .. } => None,
        }
    }
}

impl From<EgressError> for CallError {
    fn from(error: EgressError) -> Self {
        if error.maybe_sent() { Self::Lost(error) } else { Self::NotSent(error) }
    }
}
