//! The SDK against a stand-in for the platform that signs and verifies on its own.

extern crate causeway_sdk as sdk;

mod calls;
mod platform;
mod receiving;
