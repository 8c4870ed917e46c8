//! Why a command was refused: a closed registry with stable numbers.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Amount;

/// Why a command was refused. The order did not change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The payment is under way.
    #[error("a payment of this order is under way")]
    PaymentUnderWay,
    /// The outcome of the payment is not known; nothing else can be attempted.
    #[error("the outcome of the payment is not known yet")]
    PaymentUnknown,
    /// The order was paid already.
    #[error("the order was paid already")]
    AlreadyPaid,
    /// The order came to its end without being paid: refused or closed.
    #[error("the order has ended ({0})")]
    Ended(&'static str),
    /// The time to pay is over.
    #[error("the order expired at {0}")]
    Expired(Timestamp),
    /// The order is still open and its time is not over.
    #[error("the order is open until {0}")]
    NotDueYet(Timestamp),
    /// There is nothing to give back: the order was never paid.
    #[error("the original transaction is not successful ({0})")]
    NotSuccessful(&'static str),
    /// The order was cancelled, or is being cancelled.
    #[error("the original transaction was cancelled, or a cancellation of it is under way")]
    AlreadyCancelled,
    /// A refund was made or is under way: no cancellation any more.
    #[error("a refund of the original transaction was made, or is under way")]
    AlreadyRefunded,
    /// More is asked for than is left.
    #[error("txnAmt exceeds what can still be refunded, {left}")]
    AboveRefundable {
        /// What is left.
        left: Amount,
    },
    /// A cancellation is for the whole amount.
    #[error("txnAmt of a cancellation equals the original, {original}")]
    NotFullAmount {
        /// The original amount.
        original: Amount,
    },
    /// The currency is not the original's.
    #[error("currencyCode of the original is {0}")]
    CurrencyDiffers(money::Currency),
    /// A cancellation is for the trade day of the payment.
    #[error("the trade day {trade_day} of the original is over; use a refund")]
    TradeDayOver {
        /// The payment's trade day.
        trade_day: Date,
    },
    /// A refund comes too late.
    #[error("the original transaction is older than {} days", crate::limits::REFUND_AGE_DAYS_MAX)]
    TooOld,
    /// There are too many reversals already.
    #[error("the original transaction has {} reversals", crate::limits::REVERSALS_COUNT_MAX)]
    TooManyReversals,
    /// A result came for an attempt that was never made.
    #[error("no attempt is known that this could be the result of")]
    NoSuchAttempt,
    /// A result came that contradicts a final one: an operator has to look.
    #[error("the result contradicts the final state {0}")]
    Contradiction(&'static str),
}

impl Rejection {
    /// The stable number, for logs and documents.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::PaymentUnderWay => 101,
            Self::PaymentUnknown => 102,
            Self::AlreadyPaid => 103,
            Self::Ended(_) => 104,
            Self::Expired(_) => 105,
            Self::NotDueYet(_) => 106,
            Self::NotSuccessful(_) => 201,
            Self::AlreadyCancelled => 202,
            Self::AlreadyRefunded => 203,
            Self::AboveRefundable { .. } => 204,
            Self::NotFullAmount { .. } => 205,
            Self::CurrencyDiffers(_) => 206,
            Self::TradeDayOver { .. } => 207,
            Self::TooOld => 208,
            Self::TooManyReversals => 209,
            Self::NoSuchAttempt => 301,
            Self::Contradiction(_) => 302,
        }
    }
}
