//! Rust client of the public protocol for channels and services.
pub mod config;
pub mod limits;
pub use config::{PartnerConfig, Relation, TimeSource};
