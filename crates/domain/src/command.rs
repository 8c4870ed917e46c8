//! What somebody wants of an order.

use jiff::civil::Date;

use crate::abort::AbortReason;
use crate::ids::QueryId;
use crate::order::{Attempt, DownstreamResult};
use crate::reversal::ReversalTerms;

/// A command to an order. Numbers and instants inside were made by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The payer confirmed: make the intent to pay durable.
    StartPayment {
        /// The attempt to start.
        attempt: Attempt,
    },
    /// The downstream system said something of the attempt, or failed to.
    RecordPayment {
        /// What it said.
        outcome: Outcome,
        /// The trade day of now, in the acquirer's zone: the payment's if it succeeds.
        trade_day: Date,
    },
    /// The order's time to be paid is over.
    Close,
    /// An open attempt is to end without a payment.
    RequestAbort {
        /// Why.
        reason: AbortReason,
    },
    /// The wallet said something of an abort, or failed to.
    RecordAbort {
        /// What it said.
        outcome: Outcome,
    },
    /// The merchant wants money given back.
    RequestReversal {
        /// What is asked for.
        terms: ReversalTerms,
        /// The trade day of now, in the acquirer's zone.
        trade_day: Date,
        /// The first trade day whose payments may still be refunded; `None`: the bound is
        /// [`crate::limits::REFUND_AGE_DAYS_MAX`].
        paid_since: Option<Date>,
        /// Whether a cancellation is bound to the trade day of the payment.
        same_day: bool,
    },
    /// The downstream system said something of a reversal, or failed to.
    RecordReversal {
        /// Which one.
        query_id: QueryId,
        /// What it said.
        outcome: Outcome,
        /// Whether it said so later, by notice or inquiry, and not in its answer to the request:
        /// then the merchant is answered that the result is to come.
        later: bool,
    },
}

/// What is known of a transaction that was handed to the downstream system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It took the transaction on; the result comes later.
    Accepted,
    /// It took the transaction on and gave out what the payer scans.
    Presented {
        /// `qr_code`.
        qr_code: String,
    },
    /// It is done.
    Succeeded(DownstreamResult),
    /// It was refused for certain; no money moved.
    Refused(DownstreamResult),
    /// No answer, or one that says nothing: anything may have happened.
    Lost,
}

impl Command {
    /// The name in the state table.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StartPayment { .. } => "start_payment",
            Self::RecordPayment { .. } => "record_payment",
            Self::Close => "close",
            Self::RequestAbort { .. } => "request_abort",
            Self::RecordAbort { .. } => "record_abort",
            Self::RequestReversal { .. } => "request_reversal",
            Self::RecordReversal { .. } => "record_reversal",
        }
    }
}

impl Outcome {
    /// The name in the state table.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Presented { .. } => "presented",
            Self::Succeeded(_) => "succeeded",
            Self::Refused(_) => "refused",
            Self::Lost => "lost",
        }
    }
}
