//! A terminal against a stand-in for the server, with a clock that jumps.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate causeway_sdk as sdk;

mod keys;
mod refunds;
mod sales;
mod server;
