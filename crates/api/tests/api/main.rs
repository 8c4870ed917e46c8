//! The HTTP face over a platform in memory: the gate, the messages, the browser's ways.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod cashier;
mod gate;
mod harness;
mod in_body;
mod login;
mod messages;
mod pages;
mod terminal_calls;
mod terminal_gate;
mod terminal_wap;
mod till;
mod wallet_notice;
