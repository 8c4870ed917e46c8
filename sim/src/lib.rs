//! The whole platform in simulated time on one thread, from one seed.
//!
//! Goal: what no test by hand finds. Domain, use cases of both dialects and the dispatcher run as
//! they are, on several nodes over one model store; tills, services, wallets, downstream systems
//! and receivers are simulated, with a network between them that loses, doubles, delays and
//! garbles; nodes crash at any await and restart; clocks are off. Afterwards an auditor who knows
//! the partners' books checks the invariants of design.md by number.
//!
//! Invariants: the same seed is the same run to the last draw; everything that waits, waits in
//! virtual time; no draw depends on an address or on the order of a hash map.
//!
//! Must not know: HTTP, signatures, SQL. Those have tests of their own.

pub mod audit;
pub mod bank;
pub mod faults;
pub mod gateway;
pub mod ids;
pub mod limits;
pub mod network;
pub mod node;
pub mod notes;
pub mod parties;
pub mod receivers;
pub mod rng;
pub mod run;
pub mod service;
pub mod store;
pub mod tell;
pub mod till;
pub mod time;
pub mod world;

pub use faults::Canary;
pub use run::{Plan, Report, run};
