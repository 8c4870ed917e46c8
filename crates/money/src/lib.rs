//! Amounts in minor units and the currencies of ISO 4217.
//!
//! Goal: no sum of money without its currency, no overflow, no rounding. An [`Amount`] is never
//! negative; a direction (debit, credit) is the ledger's matter. This crate knows nothing of
//! orders, messages, stores or time.
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

mod amount;
mod currency;
mod split;

pub use amount::{Amount, AmountError, MINOR_UNITS_MAX};
pub use currency::{Currency, CurrencyError};
pub use split::split;
