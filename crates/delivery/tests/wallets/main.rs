//! Wallets behind the terminals: the provider that shares calls, against the simulated wallets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod outcomes;
mod sharing;
mod world;
