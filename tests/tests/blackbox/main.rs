//! The real binary over real HTTP, as partners, users and operators meet it.
#![expect(clippy::unwrap_used, reason = "a helper of a test that cannot go on may panic")]

mod browser;
mod cli;
mod codes;
mod concurrency;
mod crash;
mod doors;
mod endings;
mod exhaustion;
mod gate;
mod guides;
mod harness;
mod logins;
mod nodes;
mod partners;
mod payments;
mod production;
mod reversals;
mod shapes;
mod stranger;
mod terminals;
