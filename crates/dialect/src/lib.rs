//! Projection between the domain and the wire: which code, which state, which field.
//!
//! Goal: every translation stands here once, as total matches over our own enums, so that a new
//! state cannot be forgotten. [`ucsp`] speaks the published dialect of channels and services,
//! [`downstream`] the protocol of an acquirer's payment system, [`wallet`] that of wallets; further
//! dialects stand beside.
//!
//! Invariants: nothing here decides, sends, signs or reads a clock; instants and zones come in as
//! arguments. What a partner said is checked against the published rows before it is kept.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::as_conversions
    )
)]

pub mod downstream;
pub mod time;
pub mod ucsp;
pub mod upay;
pub mod wallet;
