//! The SDK against a stand-in for the platform that signs and verifies on its own.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

extern crate causeway_sdk as sdk;

mod calls;
mod platform;
mod receiving;
