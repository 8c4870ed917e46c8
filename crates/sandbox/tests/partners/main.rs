//! The simulated partners against a stand-in for the platform: what they send, what they accept,
//! and what their pages do.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate causeway_sandbox as sandbox;

mod bank;
mod browser;
mod downstream;
mod service;
mod wallet;
mod world;
