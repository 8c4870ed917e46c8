//! The HTTP face over a platform in memory: the gate, the messages, the browser's ways.

mod cashier;
mod gate;
mod harness;
mod in_body;
mod login;
mod messages;
mod pages;
