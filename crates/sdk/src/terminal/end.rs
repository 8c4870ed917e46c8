//! How sales, refunds and cancellations end, as a till must tell them apart.

use serde::{Deserialize, Serialize};

use super::{Reply, Trade};

/// The end of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayEnd {
    /// The payer paid: hand over the goods.
    Paid(Box<Trade>),
    /// For certain no money moved, or it went back by itself.
    Failed {
        /// Such as `INSUFFICIENT_FUND`; empty when none was told.
        code: String,
        /// For people.
        message: String,
        /// The order, if there is one.
        trade: Option<Box<Trade>>,
    },
    /// It stayed unclear and was cancelled: nothing is owed.
    Reversed(Option<Box<Trade>>),
    /// Nobody can know. Keep the goods, keep the number, call support.
    Alarm {
        /// What was said last.
        reason: String,
        /// The order as it was seen last.
        trade: Option<Box<Trade>>,
    },
}

impl PayEnd {
    /// A failure in the words of a reply.
    pub(crate) fn failed(reply: Reply) -> Self {
        let Reply { result_code, error_code, error_message, data } = reply;
        Self::Failed {
            code: error_code.unwrap_or(result_code),
            message: error_message.unwrap_or_default(),
            trade: data,
        }
    }

    /// An alarm in the words of a reply.
    pub(crate) fn alarm(reply: Reply) -> Self {
        let words = [Some(reply.result_code), reply.error_code, reply.error_message];
        let words: Vec<String> = words.into_iter().flatten().collect();
        Self::Alarm { reason: words.join(" "), trade: reply.data }
    }
}

/// What came of making an order that the payer scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presenting {
    /// Show it and watch it ([`super::Terminal::watch`]).
    Shown(Shown),
    /// It ended before anything could be shown.
    Ended(PayEnd),
}

/// What the payer scans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text of the QR code.
    pub qr_code: String,
    /// The order.
    pub trade: Box<Trade>,
}

/// The end of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundEnd {
    /// The money went back, now or by an earlier call with the same number.
    Done(Option<Box<Trade>>),
    /// For certain nothing went back.
    Failed {
        /// Such as `REFUNDABLE_AMOUNT_NOT_ENOUGH`.
        code: String,
        /// For people.
        message: String,
    },
    /// Not known yet: resume it with the same number.
    Open {
        /// What was said last.
        reason: String,
    },
    /// Nobody can know: call support.
    Alarm {
        /// What was said last.
        reason: String,
    },
}

/// The end of a cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelEnd {
    /// Nothing is owed: it was cancelled now or before, or there is no such order.
    Done(Option<Box<Trade>>),
    /// For certain nothing changed.
    Refused {
        /// Such as `UPAY_CANCEL_INVALID_ORDER_STATE`.
        code: String,
        /// For people.
        message: String,
        /// The order.
        trade: Option<Box<Trade>>,
    },
    /// Nobody can know: call support.
    Alarm {
        /// What was said last.
        reason: String,
        /// The order as it was seen last.
        trade: Option<Box<Trade>>,
    },
}
