//! The use cases of the platform, one a file, and the ports they need.
//!
//! A use case loads what a command touches, asks `domain::decide`, and hands the store one write
//! set with all consequences. It never sees a wire type, a socket or a row. Nothing is sent before
//! a commit, and nothing after a commit is needed for correctness.
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

pub mod caller;
pub mod clock;
pub mod directory;
pub mod flights;
pub mod journal;
pub mod limits;
pub mod messages;
pub mod numbers;
pub mod platform;
pub mod ports;
pub mod records;
pub mod refusal;
pub mod scenario;
pub mod terminals;
#[cfg(feature = "testing")]
pub mod testing;
pub mod timeline;
pub mod use_cases;
pub mod verify;
pub mod watchers;
pub mod writeset;

pub use caller::Caller;
pub use platform::{Platform, Settings};
pub use refusal::Refusal;
