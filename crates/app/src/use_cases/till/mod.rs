//! What a till does: pay, precreate, query, refund, cancel (upay.md sections 5 to 9).
//!
//! An order of a terminal is born with its attempt: the intent to take money is durable before the
//! wallet is called, be it that the till scans the payer's barcode or that the payer scans the
//! till's. It ends paid, refused, or by an abort.

mod change;
mod end;
mod find;
mod give_back;
mod hold;
mod sale;
pub(super) mod takings;

use std::sync::Arc;

use domain::Rejection;
use domain::ids::{OrderNumber, QueryId, StoreSn};
use domain::order::{Goods, Order};
use domain::party::Merchant;
use domain::payway::{Payway, SubPayway};
use domain::terminal::{Store, Terminal, TerminalStatus};

pub(super) use end::{deadline, expire, is_over};
pub use find::{Found, look, query};
pub use give_back::{Cancelling, cancel, refund};
pub use sale::{pay, precreate};

use crate::directory::Directory;
use crate::platform::Platform;
use crate::ports::store::StoreError;
use crate::refusal::Refusal;

/// What a terminal sells; the shapes of its members were checked where they came in.
#[derive(Debug, Clone)]
pub struct NewSale {
    /// `client_sn`.
    pub client_sn: String,
    /// `total_amount`, minor units, above zero.
    pub total: u64,
    /// `payway`, if one was asked for.
    pub payway: Option<Payway>,
    /// `sub_payway`.
    pub sub_payway: SubPayway,
    /// `subject`.
    pub subject: String,
    /// `operator`.
    pub operator: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `notify_url`, with its scheme.
    pub notify_url: Option<String>,
    /// `reflect`.
    pub reflect: Option<String>,
    /// `extended`, compact JSON text.
    pub extended: Option<String>,
    /// `goods_details`.
    pub goods: Vec<Goods>,
    /// `payer_uid`.
    pub payer_uid: Option<String>,
    /// `return_url` of a WAP payment.
    pub return_url: Option<String>,
}

/// How a till names an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderBy {
    /// `sn`, or the wallet's `trade_no` in its place.
    Sn(String),
    /// `client_sn`.
    ClientSn(String),
    /// `refund_request_no` alone.
    RefundRequestNo(String),
}

/// What a till wants given back.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// The order.
    pub by: OrderBy,
    /// `refund_request_no`.
    pub refund_request_no: String,
    /// `refund_amount`, minor units, above zero.
    pub amount: u64,
    /// `operator`.
    pub operator: Option<String>,
    /// `client_tsn`.
    pub client_tsn: Option<String>,
}

/// Why a till's call did not do what was asked; `dialect` maps each to its codes.
#[derive(Debug, thiserror::Error)]
pub enum TillRefusal {
    /// `client_sn` was used before.
    #[error("client_sn was used before")]
    ClientSnConflict {
        /// The order that has it.
        sn: OrderNumber,
    },
    /// No wallet has such barcodes.
    #[error("no wallet has such barcodes")]
    InvalidBarcode,
    /// The wallet that was asked for is unknown, not configured, or does not offer this form.
    #[error("the payway is not offered")]
    UnknownProvider,
    /// There is no such order, or it is another merchant's.
    #[error("no such order")]
    NoOrder,
    /// The state of the order does not allow it.
    #[error("{rejection}")]
    Rule {
        /// The order as it is.
        order: Box<Order>,
        /// The rule.
        rejection: Rejection,
    },
    /// This refund was made before; no money moved again.
    #[error("refund_request_no was used before")]
    RefundDone {
        /// The order as it is.
        order: Box<Order>,
        /// The refund.
        query_id: QueryId,
    },
    /// The terminal's merchant or store is not known any more.
    #[error("the terminal has no merchant or store")]
    NoTerminal,
    /// An operator disabled the terminal.
    #[error("the terminal is disabled")]
    TerminalDisabled,
    /// The store is closed.
    #[error("the store is closed")]
    StoreClosed,
    /// The store took its most of this day.
    #[error("the store is over its daily limit")]
    StoreOverDailyLimit,
    /// The merchant took its most of this day.
    #[error("the merchant is over its daily limit")]
    MerchantOverDailyLimit,
    /// Too much at once; the request may be sent again.
    #[error("the platform is busy")]
    Busy,
    /// An unexpected failure; it was logged once under this id.
    #[error("unexpected failure {incident}")]
    Internal {
        /// The id in the log.
        incident: String,
    },
}

impl From<Refusal> for TillRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::UnknownTransaction => Self::NoOrder,
            Refusal::InFlight | Refusal::Overloaded => Self::Busy,
            Refusal::Internal { incident } => Self::Internal { incident },
            other @ (Refusal::NoRight { .. }
            | Refusal::Limit { .. }
            | Refusal::Rule { .. }
            | Refusal::Differs { .. }
            | Refusal::Invalid { .. }
            | Refusal::Replayed
            | Refusal::DownstreamRefused { .. }
            | Refusal::Unavailable { .. }) => {
                // None of these comes from what a till calls.
                tracing::error!(refusal = %other, "a refusal of the other dialect reached a till");
                Self::Internal { incident: String::new() }
            }
        }
    }
}

impl Platform {
    pub(super) fn till_failed(&self, error: &StoreError) -> TillRefusal {
        self.failed(error).into()
    }
}

/// Where a terminal stands: its merchant and store, both being served.
pub(super) struct Place {
    pub(super) merchant: Merchant,
    pub(super) store: Store,
}

/// The terminal may do business for its merchant, whatever its store does.
pub(super) fn served(
    platform: &Platform,
    terminal: &Terminal,
) -> Result<Arc<Directory>, TillRefusal> {
    if terminal.status == TerminalStatus::Disabled {
        return Err(TillRefusal::TerminalDisabled);
    }
    let directory = platform.directory.get();
    let merchant = directory.merchant(&terminal.merchant).filter(|merchant| merchant.active);
    if merchant.is_none() || directory.store(&terminal.store).is_none() {
        return Err(TillRefusal::NoTerminal);
    }
    Ok(directory)
}

/// As [`served`], with what a sale needs to know.
pub(super) fn place(platform: &Platform, terminal: &Terminal) -> Result<Place, TillRefusal> {
    let directory = served(platform, terminal)?;
    let merchant = directory.merchant(&terminal.merchant).cloned();
    let store = directory.store(&terminal.store).cloned();
    let both = merchant.zip(store).ok_or(TillRefusal::NoTerminal)?;
    Ok(Place { merchant: both.0, store: both.1 })
}

/// The store takes payments.
pub(super) fn is_open(store: &Store) -> Result<&StoreSn, TillRefusal> {
    if store.open { Ok(&store.sn) } else { Err(TillRefusal::StoreClosed) }
}
