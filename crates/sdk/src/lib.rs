//! Rust client of the public protocol, for channels (bank and wallet apps) and for industry
//! services, and the pieces that a partner's own server needs.
//!
//! Goal: a partner writes business, not signatures. What is sent is numbered, timed and signed;
//! what comes back is verified before it is read; an error says what is known about the
//! request. An answer that was lost is *unknown*, never *failed* ([`Certainty`]): send the same
//! fields again, the key (`merId`, `orderId`, `txnTime`) makes that safe, or inquire.
//!
//! ```no_run
//! # use causeway_sdk as sdk;
//! use sdk::{IndustryClient, Partner, PartnerConfig};
//! use wire::ucsp::SubmitPaymentOrder;
//!
//! # async fn shop(config: PartnerConfig) -> Result<(), sdk::CallError> {
//! let partner = Partner::new(config);
//! let service = IndustryClient::new(partner.clone());
//! let order = SubmitPaymentOrder {
//!     order_id: "PK20260105000017".into(),
//!     txn_time: partner.message_time(),
//!     mer_id: "100000010000017".into(),
//!     acq_iin: "00010344".into(),
//!     txn_amt: "2500".into(),
//!     currency_code: "344".into(),
//!     channel_code: "20000001".into(),
//!     user_id: "u-77".into(),
//!     ..SubmitPaymentOrder::default()
//! };
//! let placed = service.submit_payment_order(&order).await?;
//! println!("send the browser to {}", placed.payment_url);
//! # Ok(())
//! # }
//! ```
//!
//! On the receiving side, [`Partner::receive`] takes a call of the platform apart and
//! [`Partner::answer`] makes the signed answer; [`Partner::open_industry_login_info`] reads the
//! login that comes through the browser; [`NoticeKeys`] tells a repeated notice from a new one.
//!
//! A till of the terminal dialect is in [`terminal`].
//!
//! It must not know: the platform's domain, its store, or any HTTP server library.

mod channel;
pub mod config;
mod error;
mod industry;
pub mod limits;
mod login;
mod notice;
mod once;
mod partner;
mod receive;
pub mod terminal;

pub use channel::{ChannelClient, ChannelLogin};
pub use config::{PartnerConfig, Relation, Security, TimeSource};
pub use error::{CallError, Certainty};
pub use industry::{
    IndustryClient, PaymentResult, PaymentStatus, PlacedOrder, ReversalResult, ReversalStatus,
    ReversalTaken,
};
pub use login::{LoginError, LoginInfo};
pub use notice::NoticeKeys;
pub use partner::{JWS_HEADER, Partner, SealError};
pub use receive::{Incoming, Reply};
