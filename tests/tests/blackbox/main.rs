//! The real binary over real HTTP, as partners, users and operators meet it.

mod browser;
mod cli;
mod codes;
mod concurrency;
mod crash;
mod gate;
mod harness;
mod logins;
mod partners;
mod payments;
mod reversals;
mod shapes;
mod stranger;
