//! The load generator behind `causeway bench`.
//!
//! Goal: a platform, or a bare handler that stands for what the machine can do at most, is asked
//! the same questions by the same generator. It shares the machine with what it measures, so a
//! request is bytes made beforehand, with what must differ written into its place, and an answer
//! is scanned, not parsed. `benches/README.md` tells the method.
//!
//! Invariants: nothing costly happens in the measured window (signing with RSA is done before it,
//! verifying after it); every answer of the window is looked at; at a set rate a time counts from
//! the instant at which the request should have left, so that a stall shows.
//!
//! Must not know: the platform's inside. It speaks HTTP and the two published protocols.

pub mod client;
pub mod credentials;
pub mod judge;
pub mod limits;
pub mod pace;
mod prepare;
pub mod process;
pub mod run;
pub mod scenario;
pub mod script;
pub mod tally;
pub mod ucsp;
pub mod upay;
