//! A reversal gives money of a successful payment back: a cancellation or a refund.

use jiff::Timestamp;
use money::Amount;
use serde::{Deserialize, Serialize};

use crate::ids::{QueryId, Reference};
use crate::order::DownstreamResult;

/// Which kind of reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReversalKind {
    /// In full, on the trade day of the payment, before any refund; `txnType` 31.
    Cancellation,
    /// In full or in part, within a year; `txnType` 04.
    Refund,
}

impl ReversalKind {
    /// The name in tables and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cancellation => "cancellation",
            Self::Refund => "refund",
        }
    }
}

/// What was asked for; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReversalTerms {
    /// Cancellation or refund.
    pub kind: ReversalKind,
    /// `queryId` of the reversal.
    pub query_id: QueryId,
    /// `orderId` and `txnTime` of the reversal itself.
    pub reference: Reference,
    /// `txnAmt`; for a cancellation the whole payment.
    pub amount: Amount,
    /// When the intent was made durable.
    pub requested_at: Timestamp,
    /// The downstream system refuses the reversal after this instant.
    pub valid_until: Timestamp,
    /// `backUrl`, else the payment's, else the registered address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_url: Option<String>,
    /// `reqReserved`, echoed in the notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    /// `refundReason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `operator` of a terminal's refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// `client_tsn`: the caller's serial of a terminal's refund, echoed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_tsn: Option<String>,
    /// Sandbox applications only: the outcome asked for, 0 to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<u8>,
}

/// A reversal and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reversal {
    /// What was asked for.
    pub terms: ReversalTerms,
    /// When it became clear that the result comes later, if it did: what was answered first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_since: Option<Timestamp>,
    /// Where it stands.
    pub state: ReversalState,
}

/// What the request for a reversal was answered first; a replay gets it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstAnswer {
    /// The money went back at once.
    Done,
    /// Accepted, the result comes later.
    Pending,
    /// Refused at once by the downstream system.
    Refused,
}

/// The life of a reversal: every accepted one reaches a final state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum ReversalState {
    /// The intent is durable; the downstream system may have accepted it; the outcome is to come.
    Processing,
    /// The downstream system did not answer; the resolver asks on.
    Unknown {
        /// Since when.
        since: Timestamp,
    },
    /// The money went back.
    Succeeded {
        /// When it became known.
        at: Timestamp,
        /// What the downstream system said.
        result: DownstreamResult,
    },
    /// Refused for certain; the amount is free again.
    Refused {
        /// When it became known.
        at: Timestamp,
        /// What the downstream system said.
        result: DownstreamResult,
    },
}

impl Reversal {
    /// A fresh reversal.
    #[must_use]
    pub fn requested(terms: ReversalTerms) -> Self {
        Self { terms, pending_since: None, state: ReversalState::Processing }
    }

    /// Whether it was refused for certain, so that its amount is free again.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        matches!(self.state, ReversalState::Refused { .. })
    }

    /// Whether the system behind is known to have taken it on.
    #[must_use]
    pub const fn was_taken_on(&self) -> bool {
        matches!((&self.state, self.pending_since), (ReversalState::Processing, Some(_)))
    }

    /// What the request was answered first.
    #[must_use]
    pub const fn first_answer(&self) -> FirstAnswer {
        match (&self.state, self.pending_since) {
            (ReversalState::Succeeded { .. }, None) => FirstAnswer::Done,
            (ReversalState::Refused { .. }, None) => FirstAnswer::Refused,
            (ReversalState::Processing | ReversalState::Unknown { .. }, _) | (_, Some(_)) => {
                FirstAnswer::Pending
            }
        }
    }

    /// Whether its outcome is still open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ReversalState::Processing | ReversalState::Unknown { .. })
    }
}

impl ReversalState {
    /// The name in tables and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Unknown { .. } => "unknown",
            Self::Succeeded { .. } => "succeeded",
            Self::Refused { .. } => "refused",
        }
    }
}
