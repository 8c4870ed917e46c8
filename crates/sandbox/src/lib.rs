//! Simulated partners: channel apps (Harbour Bank, Jade Wallet), industry services (ParkEasy,
//! TravelJoy), the downstream payment system of an acquirer, and the wallets behind terminals.
//!
//! Goal: whoever starts the sandbox can walk the whole journey against partners that behave as
//! real ones do. They are programs of their own: they get addresses, keys and a clock, speak the
//! public protocol through the SDK, and must not know the platform's store, domain or use cases.

pub mod bank;
mod cards;
pub mod clock;
pub mod config;
pub mod downstream;
mod journal;
pub mod limits;
mod partners;
mod reply;
pub mod service;
pub mod wallet;
mod web;

pub use clock::{Busy, PartnerClock};
pub use config::{
    BankBrand, BankConfig, ChannelLink, IconConfig, Listeners, OauthConfig, PartnersConfig,
    Relation, ServiceBrand, ServiceConfig, SimulatorConfig, UserConfig, WalletConfig,
};
pub use partners::{Partners, StartError};
