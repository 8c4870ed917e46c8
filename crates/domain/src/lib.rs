//! The rules: what may happen to an order, its payment, its reversals, its notices, and what the
//! ledger says of it.
//!
//! Everything here is pure. `decide` looks at a state and a command and answers with an event or a
//! rejection; `apply` makes the next state of it. Time and numbers come in as arguments. This
//! crate knows no HTTP, SQL, JSON, async, clock or randomness.
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

pub mod abort;
pub mod apply;
pub mod command;
pub mod decide;
pub mod event;
pub mod ids;
pub mod inquiry;
pub mod ledger;
pub mod limits;
pub mod notice;
pub mod order;
pub mod party;
pub mod payway;
pub mod rejection;
pub mod reversal;
mod samples;
pub mod table;
pub mod terminal;
pub mod trade_day;

pub use apply::{Impossible, apply, replay};
pub use command::{Command, Outcome};
pub use decide::{Decision, decide};
pub use event::Event;
pub use order::{Order, OrderState};
pub use rejection::Rejection;

#[cfg(test)]
mod tests;
