//! The use cases over the store in memory: each law of design.md that a single use case can break.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

extern crate causeway_app as app;

mod harness;
mod logins;
mod numbers;
mod payments;
mod reversals;
mod terminals;
mod tills;
