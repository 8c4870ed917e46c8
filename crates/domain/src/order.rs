//! An order: its terms, fixed at submission, its state, and its reversals.
//!
//! The order is the unit of consistency: all laws of its money are decided over this one value,
//! and a store replaces it as a whole under its version.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use money::Amount;
use serde::{Deserialize, Serialize};

use crate::abort::{Abort, AbortStanding};
use crate::ids::{
    AcquirerIin, AppId, CardId, ChannelCode, IndustryCode, MerchantId, OrderNumber, QueryId,
    Reference, StoreSn, TerminalSn, UserId,
};
use crate::payway::{Payway, SubPayway};
use crate::reversal::Reversal;

/// What was agreed when the order was submitted; never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// `tn`.
    pub number: OrderNumber,
    /// `queryId` of the payment.
    pub query_id: QueryId,
    /// `merId`, the owner.
    pub merchant: MerchantId,
    /// `acqIIN`.
    pub acquirer: AcquirerIin,
    /// `orderId` and `txnTime`.
    pub reference: Reference,
    /// `txnAmt` and `currencyCode`; above zero.
    pub amount: Amount,
    /// Business time of the submission.
    pub created_at: Timestamp,
    /// `payTimeout`: from this instant on no payment can be started.
    pub expires_at: Timestamp,
    /// Who submitted it and who is to pay it.
    pub origin: Origin,
    /// What the payer is shown and what is echoed.
    pub details: Details,
    /// Sandbox applications only: the outcome asked for (ucsp.md sections 7 and 8.1), 0 to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<u8>,
}

/// Who submitted an order and who is to pay it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Origin {
    /// An industry service for a user of a channel (UCSP).
    Industry {
        /// The application that signed the submission.
        app: AppId,
        /// `industryCode`.
        industry: IndustryCode,
        /// `channelCode`.
        channel: ChannelCode,
        /// `userId`.
        user: UserId,
    },
    /// A terminal, for whoever shows the barcode or scans the code (Upay).
    Terminal(Box<Sale>),
}

/// What a terminal sells (upay.md sections 5.1 and 5.2); `client_sn` is the order's reference,
/// `notify_url`, `return_url`, `description` and `goods_details` stand in its details.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// `terminal_sn` that asked.
    pub terminal: TerminalSn,
    /// The store it stands in.
    pub store: StoreSn,
    /// `payway`, as asked for or found by the barcode.
    pub payway: Payway,
    /// `sub_payway`.
    pub sub_payway: SubPayway,
    /// Whether the payer comes to the code (precreate, WAP) and not the till to the payer's.
    pub presented: bool,
    /// `subject`.
    pub subject: String,
    /// `operator`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// `reflect`, echoed unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reflect: Option<String>,
    /// `payer_uid` that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_uid: Option<String>,
    /// `extended`, compact JSON text, handed to the wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<String>,
}

/// What the payer is shown and what is echoed; no rule reads it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// `orderDesc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `goodsList`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub goods: Vec<Goods>,
    /// `frontUrl`: where the browser returns to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front_url: Option<String>,
    /// `backUrl`: where notices go, else the registered address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub back_url: Option<String>,
    /// `language` of the cashier page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// `reqReserved`, echoed in notice and inquiry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    /// `couponId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<String>,
}

/// One line of `goodsList` or `goods_details`, as sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Goods {
    /// `goodsName`.
    pub name: String,
    /// `quantity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// `unitPrice`, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<String>,
    /// `amount`, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// `goods_id` of a terminal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// `promotion_type` of a terminal: 0 none, 1 the wallet's discount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion: Option<u8>,
}

/// An order with everything that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Fixed at submission; shared, since an order is copied often and its terms never change.
    pub terms: Arc<Terms>,
    /// Where the payment stands.
    pub state: OrderState,
    /// Refunds and cancellations in the order of their requests.
    pub reversals: Vec<Reversal>,
}

/// The life of the payment (ucsp.md section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum OrderState {
    /// Placed; nobody tried to pay yet.
    Created,
    /// Nobody paid in time.
    Closed {
        /// When it was closed.
        at: Timestamp,
    },
    /// The intent to pay is durable; the downstream system may or may not have answered yet.
    Paying {
        /// The attempt under way.
        attempt: Attempt,
    },
    /// The downstream system did not say what became of the attempt; the resolver asks on.
    Unknown {
        /// The attempt whose outcome is open.
        attempt: Attempt,
        /// Since when.
        since: Timestamp,
    },
    /// Somebody wants the attempt ended without a payment; the intent is durable.
    Aborting {
        /// The attempt.
        attempt: Attempt,
        /// Who wants it and how far it is.
        abort: Abort,
    },
    /// The attempt was ended; no money moved, or all of it went back at once.
    Aborted {
        /// The attempt.
        attempt: Attempt,
        /// Who wanted it.
        abort: Abort,
        /// When it became known.
        at: Timestamp,
    },
    /// The attempt was refused for certain.
    Failed {
        /// The attempt.
        attempt: Attempt,
        /// What the downstream system said.
        result: DownstreamResult,
        /// When it became known.
        at: Timestamp,
    },
    /// Paid; nothing was given back.
    Paid {
        /// The payment.
        settlement: Settlement,
    },
    /// Paid; a part was given back.
    PartRefunded {
        /// The payment.
        settlement: Settlement,
    },
    /// Paid and given back by refunds in full.
    Refunded {
        /// The payment.
        settlement: Settlement,
    },
    /// Paid and cancelled on the same trade day.
    Cancelled {
        /// The payment.
        settlement: Settlement,
    },
}

/// One try to pay an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The card that the payer chose, if it was chosen here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<Card>,
    /// When the intent was made durable.
    pub started_at: Timestamp,
    /// The downstream system refuses the attempt after this instant: only then does "not found"
    /// prove that no money moved.
    pub valid_until: Timestamp,
    /// When the downstream system said that it accepted the attempt, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// Sandbox applications only: the outcome asked for of this attempt, 0 to 99.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<u8>,
    /// What the payer scans, once the wallet gave it out (`qr_code`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<String>,
}

/// A card as far as it may be kept: never a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The channel's opaque identifier.
    pub id: CardId,
    /// `6233********0060`.
    pub masked_pan: String,
    /// `1` debit, `2` credit, `3` prepaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_type: Option<String>,
    /// The issuer's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What the downstream system said of a transaction, with the settlement particulars.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DownstreamResult {
    /// `origRespCode`, two characters.
    pub code: String,
    /// `origRespMsg`.
    pub message: String,
    /// The downstream system's own number of the transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// `settleAmt`, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_amount: Option<String>,
    /// `settleCurrencyCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_currency: Option<String>,
    /// `settleDate`, MMDD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle_date: Option<String>,
    /// `traceNo`, six digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_no: Option<String>,
    /// `traceTime`, MMDDhhmmss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_time: Option<String>,
    /// What a wallet says beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wallet: Option<Box<WalletResult>>,
}

/// What a wallet says of a payment or refund (upay.md section 6).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WalletResult {
    /// `payer_uid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_uid: Option<String>,
    /// `payer_login`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payer_login: Option<String>,
    /// `channel_finish_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// `payment_list`; its amounts add up to the total.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentPart>,
}

/// One element of `payment_list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentPart {
    /// `type` (upay.md section 10.7).
    pub kind: String,
    /// `amount_total`, minor units.
    pub minor: u64,
}

/// A successful payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The attempt that succeeded.
    pub attempt: Attempt,
    /// When the success became known: the day of this instant is the trade day.
    pub paid_at: Timestamp,
    /// The trade day in the acquirer's zone (ucsp.md section 8.11).
    pub trade_day: Date,
    /// What was paid.
    pub paid: Amount,
    /// What was given back so far, by successful reversals.
    pub given_back: Amount,
    /// What the downstream system said.
    pub result: DownstreamResult,
}

impl Order {
    /// A fresh order.
    #[must_use]
    pub fn submitted(terms: impl Into<Arc<Terms>>) -> Self {
        Self { terms: terms.into(), state: OrderState::Created, reversals: Vec::new() }
    }

    /// The payment, if one succeeded.
    #[must_use]
    pub fn settlement(&self) -> Option<&Settlement> {
        match &self.state {
            OrderState::Paid { settlement }
            | OrderState::PartRefunded { settlement }
            | OrderState::Refunded { settlement }
            | OrderState::Cancelled { settlement } => Some(settlement),
            OrderState::Created
            | OrderState::Closed { .. }
            | OrderState::Paying { .. }
            | OrderState::Unknown { .. }
            | OrderState::Aborting { .. }
            | OrderState::Aborted { .. }
            | OrderState::Failed { .. } => None,
        }
    }

    /// The attempt, if one was made.
    #[must_use]
    pub fn attempt(&self) -> Option<&Attempt> {
        match &self.state {
            OrderState::Paying { attempt }
            | OrderState::Unknown { attempt, .. }
            | OrderState::Aborting { attempt, .. }
            | OrderState::Aborted { attempt, .. }
            | OrderState::Failed { attempt, .. } => Some(attempt),
            OrderState::Created | OrderState::Closed { .. } => None,
            OrderState::Paid { settlement }
            | OrderState::PartRefunded { settlement }
            | OrderState::Refunded { settlement }
            | OrderState::Cancelled { settlement } => Some(&settlement.attempt),
        }
    }

    /// The instant after which "not found" proves that the payment (`None`) or the reversal moved
    /// no money, since the system behind takes it on no more. `None`: nothing proves that, since
    /// there is no such attempt or it was taken on once, so that whoever does not find it any more
    /// is wrong.
    #[must_use]
    pub fn absent_after(&self, reversal: Option<&QueryId>) -> Option<Timestamp> {
        match reversal {
            None => {
                let attempt = self.attempt().filter(|attempt| attempt.accepted_at.is_none());
                attempt.map(|attempt| attempt.valid_until)
            }
            Some(query_id) => {
                let reversal = self.reversal(query_id).filter(|it| !it.was_taken_on());
                reversal.map(|reversal| reversal.terms.valid_until)
            }
        }
    }

    /// Whether the wallet took the payment after it said that the trade was ended: it contradicts
    /// itself. What it reports of the time before proves nothing and is no news.
    #[must_use]
    pub fn was_paid_after_abort(&self, success: &DownstreamResult) -> bool {
        let OrderState::Aborted { at, .. } = &self.state else { return false };
        let finished_at = success.wallet.as_ref().and_then(|wallet| wallet.finished_at);
        finished_at.is_some_and(|finished_at| finished_at > *at)
    }

    /// What a terminal sells, if a terminal asked.
    #[must_use]
    pub fn sale(&self) -> Option<&Sale> {
        match &self.terms.origin {
            Origin::Terminal(sale) => Some(sale),
            Origin::Industry { .. } => None,
        }
    }

    /// Whether the outcome of the payment, or of its abort, is still open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match &self.state {
            OrderState::Paying { .. }
            | OrderState::Unknown { .. }
            | OrderState::Aborting { .. } => true,
            OrderState::Created
            | OrderState::Closed { .. }
            | OrderState::Aborted { .. }
            | OrderState::Failed { .. }
            | OrderState::Paid { .. }
            | OrderState::PartRefunded { .. }
            | OrderState::Refunded { .. }
            | OrderState::Cancelled { .. } => false,
        }
    }

    /// Since when nobody knows whether money moved: the payment, or the abort of one, got no answer
    /// that says, or the abort was refused and the payment has another end.
    #[must_use]
    pub const fn unknown_since(&self) -> Option<Timestamp> {
        match &self.state {
            OrderState::Unknown { since, .. } => Some(*since),
            OrderState::Aborting { abort, .. } => match abort.standing {
                AbortStanding::Uncertain { since } => Some(since),
                AbortStanding::Refused { at } => Some(at),
                AbortStanding::Asked => None,
            },
            OrderState::Created
            | OrderState::Closed { .. }
            | OrderState::Paying { .. }
            | OrderState::Aborted { .. }
            | OrderState::Failed { .. }
            | OrderState::Paid { .. }
            | OrderState::PartRefunded { .. }
            | OrderState::Refunded { .. }
            | OrderState::Cancelled { .. } => None,
        }
    }

    /// The sandbox outcome in force for the payment: the attempt's, else the order's.
    #[must_use]
    pub fn scenario(&self) -> Option<u8> {
        self.attempt().and_then(|attempt| attempt.scenario).or(self.terms.scenario)
    }

    /// The reversal with this number.
    #[must_use]
    pub fn reversal(&self, query_id: &QueryId) -> Option<&Reversal> {
        self.reversals.iter().find(|reversal| &reversal.terms.query_id == query_id)
    }

    /// What may still be given back: paid less all reversals that were not refused, also those
    /// whose outcome is open. Zero when nothing was paid.
    #[must_use]
    pub fn refundable(&self) -> Amount {
        let Some(settlement) = self.settlement() else {
            return Amount::zero(self.terms.amount.currency());
        };
        let reserved = self.reversals.iter().filter(|reversal| !reversal.is_refused());
        reserved.fold(settlement.paid, |left, reversal| {
            left.checked_sub(reversal.terms.amount).unwrap_or(Amount::zero(left.currency()))
        })
    }
}

impl OrderState {
    /// The name in tables and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Closed { .. } => "closed",
            Self::Paying { .. } => "paying",
            Self::Unknown { .. } => "unknown",
            Self::Aborting { .. } => "aborting",
            Self::Aborted { .. } => "aborted",
            Self::Failed { .. } => "failed",
            Self::Paid { .. } => "paid",
            Self::PartRefunded { .. } => "part_refunded",
            Self::Refunded { .. } => "refunded",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}
