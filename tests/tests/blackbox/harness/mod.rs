//! What the tests stand on: the running binary, a partner's program, a partner's server.

pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod http;
pub(crate) mod messages;
pub(crate) mod partner;
pub(crate) mod receiver;
pub(crate) mod sandbox;
pub(crate) mod shop;
pub(crate) mod till;
pub(crate) mod typing;
pub(crate) mod wait;

pub(crate) use browser::{Browser, Visitor};
pub(crate) use messages::{Placed, Service};
pub(crate) use partner::Partner;
pub(crate) use receiver::{Conduct, Receiver};
pub(crate) use sandbox::Sandbox;
pub(crate) use shop::Shop;
pub(crate) use till::{Envelope, Till, Vendor};

/// Gathers the rows of a table that failed, so that one run tells them all.
#[derive(Default)]
pub(crate) struct Report(Vec<String>);

impl Report {
    /// Notes a row that failed.
    pub(crate) fn fail(&mut self, row: impl Into<String>) {
        self.0.push(row.into());
    }

    /// Notes a row unless it holds.
    pub(crate) fn check(&mut self, holds: bool, row: impl FnOnce() -> String) {
        if !holds {
            self.0.push(row());
        }
    }

    /// Fails if any row failed.
    #[track_caller]
    pub(crate) fn done(self) {
        assert!(self.0.is_empty(), "{} rows failed:\n{}", self.0.len(), self.0.join("\n"));
    }
}
