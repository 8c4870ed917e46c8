//! All that the platform sends on its own account: notices, calls to channels and to downstream
//! payment systems, and the work that falls due.
//!
//! Goal: every call is signed, bounded in time and number, and its answer is believed only when
//! its signature holds; a partner that is dead, slow or lying delays no other and never turns an
//! unknown outcome into a known one. What is due is found in the store, claimed by lease, and
//! survives a restart.
//!
//! What it must not know: HTTP in, pages, SQL. It decides nothing about orders: outcomes go to the
//! use cases.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::as_conversions
    )
)]

mod batch;
mod bell;
pub mod callback;
pub mod channel;
mod confirmation;
mod crypto;
pub mod dispatcher;
pub mod downstream;
mod evidence;
pub mod limits;
mod metered;
pub mod notice;
mod oauth;
pub mod partner;
pub mod wallets;

pub use bell::Bell;
pub use callback::{CallbackForm, CallbackParts, CallbackSender};
pub use channel::HttpChannelGateway;
pub use dispatcher::Dispatcher;
pub use downstream::HttpDownstream;
pub use notice::{NoticeSender, Notices};
pub use partner::Partner;
pub use wallets::{NativeWallet, WalletTable};
