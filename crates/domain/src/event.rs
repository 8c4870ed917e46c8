//! What happened to an order. Events are kept for good in the journal; an order is the sum of its
//! events, which `ledger verify` proves by replaying them.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::abort::AbortReason;
use crate::ids::QueryId;
use crate::order::{Attempt, DownstreamResult, Terms};
use crate::reversal::ReversalTerms;

/// One fact in the life of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The order was placed.
    Submitted {
        /// Its terms.
        terms: Arc<Terms>,
    },
    /// The payer confirmed; the intent to pay is durable.
    PaymentStarted {
        /// The attempt.
        attempt: Attempt,
    },
    /// The downstream system took the payment on.
    PaymentAccepted {
        /// When.
        at: Timestamp,
        /// What the payer scans, if that was given out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        qr_code: Option<String>,
    },
    /// The payment succeeded.
    PaymentSucceeded {
        /// When it became known.
        at: Timestamp,
        /// The trade day in the acquirer's zone.
        trade_day: Date,
        /// What the downstream system said.
        result: DownstreamResult,
    },
    /// The payment was refused for certain.
    PaymentFailed {
        /// When it became known.
        at: Timestamp,
        /// What the downstream system said.
        result: DownstreamResult,
    },
    /// Nobody knows what became of the payment.
    PaymentUncertain {
        /// Since when.
        at: Timestamp,
    },
    /// The attempt is to end without a payment; the intent is durable.
    AbortRequested {
        /// Why.
        reason: AbortReason,
        /// When.
        at: Timestamp,
    },
    /// Nobody knows whether the attempt was ended.
    AbortUncertain {
        /// Since when.
        at: Timestamp,
    },
    /// The wallet refused to end the attempt.
    AbortRefused {
        /// When.
        at: Timestamp,
        /// What it said.
        result: DownstreamResult,
    },
    /// The attempt was ended without a payment.
    Aborted {
        /// When it became known.
        at: Timestamp,
        /// What the wallet said.
        result: DownstreamResult,
    },
    /// The order was closed unpaid.
    Closed {
        /// When.
        at: Timestamp,
    },
    /// A refund or cancellation was accepted from the merchant; the intent is durable.
    ReversalRequested {
        /// Its terms.
        terms: Box<ReversalTerms>,
    },
    /// The downstream system took the reversal on.
    ReversalAccepted {
        /// Which one.
        query_id: QueryId,
        /// When.
        at: Timestamp,
    },
    /// The money went back.
    ReversalSucceeded {
        /// Which one.
        query_id: QueryId,
        /// When it became known.
        at: Timestamp,
        /// What the downstream system said.
        result: DownstreamResult,
        /// Whether it became known later than by the answer to the request.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        later: bool,
    },
    /// The reversal was refused for certain.
    ReversalRefused {
        /// Which one.
        query_id: QueryId,
        /// When it became known.
        at: Timestamp,
        /// What the downstream system said.
        result: DownstreamResult,
        /// Whether it became known later than by the answer to the request.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        later: bool,
    },
    /// Nobody knows what became of the reversal.
    ReversalUncertain {
        /// Which one.
        query_id: QueryId,
        /// Since when.
        at: Timestamp,
    },
}

impl Event {
    /// The name in journal, table and timeline.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::PaymentStarted { .. } => "payment_started",
            Self::PaymentAccepted { .. } => "payment_accepted",
            Self::PaymentSucceeded { .. } => "payment_succeeded",
            Self::PaymentFailed { .. } => "payment_failed",
            Self::PaymentUncertain { .. } => "payment_uncertain",
            Self::AbortRequested { .. } => "abort_requested",
            Self::AbortUncertain { .. } => "abort_uncertain",
            Self::AbortRefused { .. } => "abort_refused",
            Self::Aborted { .. } => "aborted",
            Self::Closed { .. } => "closed",
            Self::ReversalRequested { .. } => "reversal_requested",
            Self::ReversalAccepted { .. } => "reversal_accepted",
            Self::ReversalSucceeded { .. } => "reversal_succeeded",
            Self::ReversalRefused { .. } => "reversal_refused",
            Self::ReversalUncertain { .. } => "reversal_uncertain",
        }
    }

    /// The transaction of which this is the final result, if it is one: the payment (`None`
    /// inside) or a reversal. Final results are told to their receivers by notice.
    #[must_use]
    pub const fn final_result(&self) -> Option<FinalResult<'_>> {
        match self {
            Self::PaymentSucceeded { .. } | Self::PaymentFailed { .. } | Self::Aborted { .. } => {
                Some(FinalResult::Payment)
            }
            Self::ReversalSucceeded { query_id, .. } | Self::ReversalRefused { query_id, .. } => {
                Some(FinalResult::Reversal(query_id))
            }
            Self::Submitted { .. }
            | Self::PaymentStarted { .. }
            | Self::PaymentAccepted { .. }
            | Self::PaymentUncertain { .. }
            | Self::AbortRequested { .. }
            | Self::AbortUncertain { .. }
            | Self::AbortRefused { .. }
            | Self::Closed { .. }
            | Self::ReversalRequested { .. }
            | Self::ReversalAccepted { .. }
            | Self::ReversalUncertain { .. } => None,
        }
    }
}

/// Which transaction came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalResult<'a> {
    /// The payment of the order.
    Payment,
    /// This reversal.
    Reversal(&'a QueryId),
}
