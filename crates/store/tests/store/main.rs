//! What every store must do, run on each of them, and what SQLite and PostgreSQL must do beside
//! that.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails as the test does")]
#![expect(clippy::unnecessary_wraps, reason = "helpers make what a write set's fields hold")]

mod build;
mod conformance;
mod crash;
mod database;
mod faults;
mod lifecycle;
mod model;
mod nodes;
mod opening;
mod outages;
mod own;
mod schema;
mod sqlite_schema;
