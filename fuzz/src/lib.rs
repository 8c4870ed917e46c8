//! What strangers can send, as functions of bytes.
//!
//! Goal: one function a target, which holds a decoder, a signature path, the write-set codec or the
//! state table against a rule and panics where the rule is broken. libFuzzer runs each of them
//! (`cargo xtask fuzz`); an ordinary test replays the kept inputs and mutations of them in every
//! test run, without instruments.
//!
//! Invariants: a target is a pure function of its bytes. It reads no clock and no network, and what
//! it makes with the random generator of the cryptographic library decides nothing.
//!
//! Must not know: how it is run, and any secret but the test keys of `vectors/`.

mod input;
mod life;
pub mod limits;
pub mod replay;
mod targets;
mod vectors;
mod world;

pub use targets::{TARGETS, Target, target};
